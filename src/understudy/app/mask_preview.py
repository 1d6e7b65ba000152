"""A picture of what is replaced: the target, tinted where a new face will lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import slices
from understudy.core.types import Region
from understudy.media.frame import BgrPixels
from understudy.render.steps import FaceChanges
from understudy.vision.overlay import mixed
from understudy.vision.roles import Uncovering

__all__ = ["replaced_area", "tinted", "with_legend"]

_TINT: Final = (60, 60, 235)
_OUTLINE: Final = (255, 255, 255)
_STRENGTH: Final = 0.55
_LEAST_WIDTH: Final = 480
"""Pixels, so that the legend is not cut off."""


def replaced_area(width: int, height: int, changed: Sequence[FaceChanges]) -> NDArray[np.uint8]:
    """(height, width) 0 to 255: how much of each pixel is replaced by any of the changes."""
    area = np.zeros((height, width), np.uint8)
    for _, changes in changed:
        for patch in changes:
            part = area[slices(patch.region, Region(0, 0, width, height))]
            shown = patch.replaced if isinstance(patch, Uncovering) else patch.mask
            np.maximum(part, shown, out=part)
    return area


def tinted(pixels: BgrPixels, area: NDArray[np.uint8]) -> BgrPixels:
    """The picture, red where it is replaced, with an outline where half of it is.

    Args:
        pixels: (height, width, 3) uint8 BGR.
        area: From :func:`replaced_area`.
    """
    scale = max(1, -(-_LEAST_WIDTH // pixels.shape[1]))
    if scale > 1:
        size = pixels.shape[1] * scale, pixels.shape[0] * scale
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        area = np.asarray(cv2.resize(area, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    red = np.empty_like(pixels)
    red[:] = _TINT
    drawn = mixed(pixels, red, cv2.convertScaleAbs(area, alpha=_STRENGTH).astype(np.uint8))
    outlines, _ = cv2.findContours((area > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    thickness = max(round(pixels.shape[1] / 700), 1)
    cv2.drawContours(drawn, outlines, -1, _OUTLINE, thickness, cv2.LINE_AA)
    return drawn


def with_legend(pixels: BgrPixels) -> BgrPixels:
    """The picture above a line that says what its colours mean."""
    width = pixels.shape[1]
    scale = max(width / 1100, 0.5)
    line, font, weight = round(36 * scale), cv2.FONT_HERSHEY_SIMPLEX, max(round(scale), 1)
    strip = np.full((line, width, 3), 32, np.uint8)
    x = line // 2
    for text, colour, thickness in (
        ("replaced", _TINT, cv2.FILLED),
        ("half replaced", _OUTLINE, weight),
        ("the rest is the target's own", None, 0),
    ):
        if colour is not None:
            cv2.rectangle(strip, (x, line // 4), (x + line // 2, line - line // 4), colour, thickness)
            x += round(0.75 * line)
        cv2.putText(strip, text, (x, round(0.68 * line)), font, 0.6 * scale, _OUTLINE, weight, cv2.LINE_AA)
        x += cv2.getTextSize(text, font, 0.6 * scale, weight)[0][0] + line // 2
    return np.vstack([pixels, strip])
