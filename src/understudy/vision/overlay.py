"""A picture with changes laid over it, so that one step sees what another has made before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import common, slices
from understudy.core.types import Region
from understudy.vision.roles import BgrImage, Patch, Picture

__all__ = ["Overlay", "mixed"]


class Overlay:
    """A :class:`~understudy.vision.roles.Picture` that shows patches over another, which stays as it is.

    Args:
        picture: What lies below.
        patches: What lies above, the last on top.
    """

    def __init__(self, picture: Picture, patches: Sequence[Patch]) -> None:
        self._picture = picture
        self._patches = tuple(patches)

    @property
    def width(self) -> int:
        """As of the picture below."""
        return self._picture.width

    @property
    def height(self) -> int:
        """As of the picture below."""
        return self._picture.height

    def bgr(self, region: Region | None = None, size: tuple[int, int] | None = None) -> BgrImage:
        """As :meth:`Picture.bgr`."""
        within = region or Region(0, 0, self.width, self.height)
        meeting = [(patch, part) for patch in self._patches if (part := common(patch.region, within))]
        if not meeting:
            return self._picture.bgr(region, size)
        pixels = self._picture.bgr(within)
        for patch, part in meeting:
            here, there = slices(part, within), slices(part, patch.region)
            pixels[here] = mixed(pixels[here], patch.bgr[there], patch.mask[there])
        if size is None:
            return pixels
        shrinks = size[0] <= within.width and size[1] <= within.height
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)


def mixed(below: BgrImage, above: BgrImage, mask: NDArray[np.uint8]) -> BgrImage:
    """``above`` over ``below`` by the mask's weight; exact where it is 0 and where it is 255.

    Args:
        below, above: (h, w, 3) uint8.
        mask: (h, w) uint8.
    """
    weight = mask.astype(np.float32)
    return np.asarray(cv2.blendLinear(above, below, weight, 255 - weight), np.uint8)
