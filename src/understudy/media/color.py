"""Pixel layouts and the matrices between their values and 8-bit BGR.

Source of the formulas: ITU-T H.273, section 8.3 (matrix coefficients and the two signal ranges).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from understudy.core.types import FloatArray

__all__ = ["ColorTags", "Layout", "decode_matrix", "encode_matrix", "layout_of"]

# H.273 MatrixCoefficients: (Kr, Kb)
_LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.470BG, the 625-line BT.601
    6: (0.299, 0.114),  # SMPTE 170M, the 525-line BT.601
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020, non-constant luminance
    10: (0.2627, 0.0593),  # BT.2020 constant luminance, treated as the other
}
_YUV = re.compile(
    r"yuv(?P<full>j)?(?P<alpha>a)?(?P<chroma>420|422|444|440|411|410)p(?P<bits>9|10|12|14|16)?(le)?"
)
_GRAY = re.compile(r"gray(?P<bits>8|9|10|12|14|16)?(le)?")
_GBR = re.compile(r"gbr(?P<alpha>a)?p(?P<bits>9|10|12|14|16)?(le)?")
_SHIFTS = {"420": (1, 1), "422": (1, 0), "444": (0, 0), "440": (0, 1), "411": (2, 0), "410": (2, 2)}


@dataclass(frozen=True)
class Layout:
    """How the samples of a picture lie in its planes.

    Attributes:
        model: ``"yuv"``, ``"gray"`` or ``"gbr"`` (planes in that order).
        bits: Significant bits of a sample; more than 8 are stored in uint16.
        shift_x, shift_y: Binary logarithm of the chroma subsampling.
        alpha: Whether the last plane is opacity.
        full: Whether the format's name itself says full range.
        interleaved: Whether the second plane holds U and V in turns (NV12).
    """

    model: str
    bits: int = 8
    shift_x: int = 0
    shift_y: int = 0
    alpha: bool = False
    full: bool = False
    interleaved: bool = False


@dataclass(frozen=True)
class ColorTags:
    """H.273 numbers as FFmpeg gives them; 2 (0 for the range) means untagged."""

    range: int = 0
    space: int = 2
    primaries: int = 2
    transfer: int = 2


@lru_cache(maxsize=64)
def layout_of(pixel_format: str) -> Layout | None:
    """The layout of FFmpeg's pixel format, or None when a frame does not keep its planes as they are."""
    if pixel_format == "nv12":
        return Layout("yuv", 8, 1, 1, interleaved=True)
    for model, pattern in (("yuv", _YUV), ("gray", _GRAY), ("gbr", _GBR)):
        match = pattern.fullmatch(pixel_format)
        if match is None:
            continue
        parts = match.groupdict()
        return Layout(
            model,
            int(parts["bits"] or 8),
            *_SHIFTS.get(parts.get("chroma", ""), (0, 0)),
            alpha=bool(parts.get("alpha")),
            full=bool(parts.get("full")),
        )
    return None


@lru_cache(maxsize=64)
def decode_matrix(layout: Layout, tags: ColorTags, height: int) -> FloatArray:
    """(3, 4) from a sample's (y, u, v, 1), or (3, 2) from a grey (y, 1), to (b, g, r) of 0 to 255.

    Args:
        layout: Of the planes.
        tags: Untagged, more than 576 lines are taken for BT.709 and fewer for BT.601, as players do.
        height: Of the stored picture.
    """
    kr, kb = _luma_weights(tags, height)
    kg = 1 - kr - kb
    to_bgr = np.array(
        [
            [1, 2 * (1 - kb), 0],
            [1, -2 * kb * (1 - kb) / kg, -2 * kr * (1 - kr) / kg],
            [1, 0, 2 * (1 - kr)],
        ]
    )
    offset, span = _signal_range(layout, tags)
    if layout.model == "gray":
        to_bgr, offset, span = to_bgr[:, :1], offset[:1], span[:1]
    linear = 255 * to_bgr / span
    return np.hstack([linear, -(linear @ offset)[:, None]]).astype(np.float32)


@lru_cache(maxsize=64)
def encode_matrix(layout: Layout, tags: ColorTags, height: int) -> FloatArray:
    """(3, 4) from (b, g, r, 1) of 0 to 255 to a sample's (y, u, v), or (1, 4) to a grey; undoes the above."""
    kr, kb = _luma_weights(tags, height)
    luma = np.array([kb, 1 - kr - kb, kr])
    blue, red = (np.array([1, 0, 0]) - luma) / (2 - 2 * kb), (np.array([0, 0, 1]) - luma) / (2 - 2 * kr)
    offset, span = _signal_range(layout, tags)
    linear = np.array([luma, blue, red]) * span[:, None] / 255
    matrix = np.hstack([linear, offset[:, None]]).astype(np.float32)
    return matrix[:1] if layout.model == "gray" else matrix


def _luma_weights(tags: ColorTags, height: int) -> tuple[float, float]:
    return _LUMA_WEIGHTS.get(tags.space) or _LUMA_WEIGHTS[1 if height > 576 else 6]


def _signal_range(layout: Layout, tags: ColorTags) -> tuple[FloatArray, FloatArray]:
    """(3,) value of black and neutral, and (3,) width of the nominal range."""
    step = 2.0 ** (layout.bits - 8)
    if _is_full(layout, tags):
        return np.array([0, 128, 128], np.float32) * step, np.full(3, 2.0**layout.bits - 1, np.float32)
    return np.array([16, 128, 128], np.float32) * step, np.array([219, 224, 224], np.float32) * step


def _is_full(layout: Layout, tags: ColorTags) -> bool:
    if layout.full or tags.range == 2:
        return True
    # Grey without a tag is full range in FFmpeg and in every picture format.
    return layout.model == "gray" and tags.range != 1
