"""Grain: as sharp, as detailed and as noisy as the footage, no more and not much less.

The energy of two frequency bands is measured on the target's own plain skin and on the new face, and the new face's
bands are scaled to it. Where the footage is noisier than any skin, its own residual is laid over the face.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["match_grain"]

_LIMITS: Final = ((0.15, 1.2), (0.4, 1.2))  # of the fine and the middle band's gain

Image = NDArray[np.uint8]


def match_grain(luma: Image, target: NDArray[Any], skin: NDArray[Any], width: float) -> Image:
    """Scale the new face's detail to the target's.

    Args:
        luma: (h, w) the new face.
        target: (h, w) the face that it replaces.
        skin: (h, w) where to measure (> 127).
        width: Of the face in pixels.

    Returns:
        (h, w) uint8.
    """
    where = (skin > 127).astype(np.uint8)
    if cv2.countNonZero(where) < 64:
        return luma
    own, new = _bands(target, width), _bands(luma, width)
    gains = []
    for (low, high), (o_sharp, o_soft), (n_sharp, n_soft) in zip(
        _LIMITS, ((target, own[0]), own), ((luma, new[0]), new), strict=True
    ):
        energy = cv2.mean(cv2.absdiff(o_sharp, o_soft), where)[0]
        mine = cv2.mean(cv2.absdiff(n_sharp, n_soft), where)[0]
        gains.append((float(np.clip(energy / max(mine, 0.05), low, high)), energy, mine))
    (g_fine, energy, mine), (g_middle, _, _) = gains
    soft = cv2.addWeighted(new[0], g_middle, new[1], 1 - g_middle, 0)
    # sharp - new[0] is the fine band; adding it to the scaled middle band needs three terms.
    out = cv2.addWeighted(cv2.addWeighted(luma, g_fine, new[0], -g_fine, 128), 1.0, soft, 1.0, -128)
    missing = energy * energy - (g_fine * mine) ** 2
    if missing <= 0.04:
        return out.astype(np.uint8)
    limit = 3 * energy
    residual = cv2.subtract(target, own[0], dtype=cv2.CV_16S)
    residual = np.clip(residual, -limit, limit) * np.float32(np.sqrt(missing) / energy)
    return cv2.add(out, residual, dtype=cv2.CV_8U).astype(np.uint8)


def _bands(image: NDArray[Any], width: float) -> tuple[Image, Image]:
    """The image without its finest band (about a pixel), and without the next (about a hundredth of the face)."""
    soft = cv2.boxFilter(image, -1, (3, 3))
    size = (image.shape[1], image.shape[0])
    small = cv2.resize(image, (max(size[0] // 4, 1), max(size[1] // 4, 1)), interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(
        cv2.GaussianBlur(small, (0, 0), max(width / 440, 0.5)), size, interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(soft, np.uint8), np.asarray(smooth, np.uint8)
