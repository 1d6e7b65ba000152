"""The square of a crop, softened towards its edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["box_mask"]


def box_mask(
    size: int, blur: float = 0.3, padding: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> NDArray[np.uint8]:
    """Weight of a crop's pixels: 255 in the middle, falling off before the edges.

    Args:
        size: Side of the crop in pixels.
        blur: 0 to 1, how soft.
        padding: Percent of the side to leave out: top, right, bottom, left.

    Returns:
        (size, size) 0 to 255.

    Source: FaceFusion 3.8's box mask. With b = ⌊size · blur / 2⌋ a border of max(⌊b / 2⌋, 1, padding) pixels is 0
    before a Gaussian blur of σ = b / 4. Theirs ends in 7 % at the edge, a seam; what is left there is taken off ours.
    """
    reach = int(size * 0.5 * blur)
    top, right, bottom, left = (max(reach // 2, 1, int(size * share / 100)) for share in padding)
    mask = np.zeros((size, size), np.float32)
    mask[top : size - bottom, left : size - right] = 255
    if reach > 0:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), reach / 4), np.float32)
        edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).max()
        mask = np.maximum(mask - edge, 0) * (255 / (255 - edge))
    return np.rint(mask).astype(np.uint8)
