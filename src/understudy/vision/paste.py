"""Back from a crop into the picture: only the region that the crop covers is ever touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Region
from understudy.vision.align import Alignment
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Pasted", "paste", "warp_mask"]

_BAND: Final = 1 << 17  # pixels that are warped at once: they stay in the processor's cache

Mask = NDArray[np.uint8] | NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pasted:
    """A changed region; see :class:`understudy.vision.roles.Patch`."""

    region: Region
    bgr: BgrImage
    mask: NDArray[np.uint8]


def paste(picture: Picture, alignment: Alignment, crop: BgrImage, mask: Mask) -> Pasted:
    """Lay a crop back where it was cut.

    Args:
        picture: Where it goes, of which the crop covers a part; only its size is looked at.
        alignment: What the crop was cut with.
        crop: (size, size, 3) uint8 BGR.
        mask: (size, size) weight of the crop's pixels, uint8 0 to 255 or float32 0 to 1.

    Returns:
        A patch over the part of the picture that the crop covers.
    """
    region = alignment.region(picture.width, picture.height)
    # One warp of four channels costs half as much as one of three. The rim, in the colours of the edge and of
    # weight 0, lets an edge that the mask does not soften fade without turning dark.
    colours = cv2.copyMakeBorder(crop, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    weights = cv2.copyMakeBorder(_levels(mask), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    both = cv2.merge([*cv2.split(colours), weights])
    matrix = alignment.inverse
    matrix[:, 2] -= matrix[:, :2] @ (1, 1) + (region.x, region.y)
    bgr = np.empty((region.height, region.width, 3), np.uint8)
    weight = np.empty((region.height, region.width), np.uint8)
    rows = max(_BAND // max(region.width, 1), 1)
    for top in range(0, region.height, rows):
        band = slice(top, min(top + rows, region.height))
        warped = cv2.warpAffine(both, matrix, (region.width, band.stop - top))
        cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR, dst=bgr[band])
        cv2.extractChannel(warped, 3, dst=weight[band])
        matrix[1, 2] -= rows
    return Pasted(region, bgr, weight)


def warp_mask(alignment: Alignment, mask: Mask, region: Region) -> NDArray[np.uint8]:
    """A crop's mask over a region of the picture.

    Args:
        alignment: What the crop was cut with.
        mask: (size, size), uint8 0 to 255 or float32 0 to 1.
        region: In the picture.

    Returns:
        (region.height, region.width) 0 to 255, 0 outside the crop.
    """
    matrix = alignment.inverse
    matrix[:, 2] -= region.x, region.y
    return np.asarray(cv2.warpAffine(_levels(mask), matrix, (region.width, region.height)), np.uint8)


def _levels(mask: Mask) -> NDArray[np.uint8]:
    return np.asarray(mask if mask.dtype == np.uint8 else np.rint(mask * np.float32(255)), np.uint8)
