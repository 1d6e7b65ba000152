"""Adding a faint change to a picture's planes, in whatever depth they have."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray
from understudy.media.color import ColorTags, Layout, encode_matrix

__all__ = ["shift_planes"]


def shift_planes(
    planes: tuple[NDArray[Any], ...], change: FloatArray, layout: Layout, tags: ColorTags
) -> None:
    """Add a change to planes, in place; where it is 0 they keep their bits, and so does opacity.

    Parts of a level are spread over neighbouring samples by a fixed pattern, so that their mean is right: a change of
    half a level is added to every second sample.

    Args:
        planes: As in :class:`understudy.media.frame.Frame`.
        change: (h, w, 3) BGR as stored, in levels of 255; stretched over the picture.
        layout, tags: Of the planes.
    """
    if layout.model == "gbr":
        channels = change[..., (1, 0, 2)] * ((2**layout.bits - 1) / 255)
    else:
        channels = change @ encode_matrix(layout, tags, planes[0].shape[0])[:, :3].T
    for plane, channel in zip(planes, np.moveaxis(channels, -1, 0), strict=False):  # the last may be opacity
        height, width = plane.shape
        wide = np.asarray(cv2.resize(np.ascontiguousarray(channel, np.float32), (width, height)), np.float32)
        wide += plane
        wide += _thresholds(height, width)
        plane[...] = np.clip(np.floor(wide, out=wide), 0, 2**layout.bits - 1, out=wide)


@lru_cache(maxsize=4)
def _thresholds(height: int, width: int) -> FloatArray:
    """(height, width) of 0 to below 1, evenly spread in every neighbourhood.

    Source: Jimenez, "Next Generation Post Processing in Call of Duty: Advanced Warfare", 2014 (interleaved gradient
    noise).
    """
    y, x = np.ogrid[:height, :width]
    noise = np.mod(52.9829189 * np.mod(0.06711056 * x + 0.00583715 * y, 1), 1)
    return np.minimum(noise, 1 - 2**-16).astype(np.float32)
