"""The colours of one crop made like those of another: the target's light on the new face."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.vision.roles import BgrImage

__all__ = ["match_colors"]

_NOISE: Final = 4.0  # variance in grey levels² below which colours say nothing
_GAIN: Final = 2.0  # most that contrast is raised along any direction of colour
_ENOUGH: Final = 16  # pixels


def match_colors(crop: BgrImage, like: BgrImage, mask: NDArray[np.uint8], amount: float) -> BgrImage:
    """Give a crop the mean and the covariance of another's colours, by the least change of each pixel.

    Args:
        crop: (h, w, 3) uint8 BGR whose colours change.
        like: (h, w, 3) whose colours are taken.
        mask: (h, w), measured where it is at least one half.
        amount: 0 keeps the crop's colours, 1 takes the other's.

    Returns:
        (h, w, 3) uint8.

    Source: the linear Monge-Kantorovitch map, Pitié and Kokaram, "The linear Monge-Kantorovitch linear colour mapping
    for example-based colour transfer", 2007: T = A^-½ (A^½ B A^½)^½ A^-½ for covariances A and B.
    """
    within = mask >= 128
    if amount <= 0 or np.count_nonzero(within) < _ENOUGH:
        return crop
    own, wanted = crop[within].astype(np.float64), like[within].astype(np.float64)
    noise = _NOISE * np.eye(3)
    root = _power(np.cov(own, rowvar=False) + noise, 0.5)
    inverse = np.linalg.inv(root)
    gain = inverse @ _power(root @ (np.cov(wanted, rowvar=False) + noise) @ root, 0.5) @ inverse
    values, vectors = np.linalg.eigh(gain)
    gain = (vectors * np.minimum(values, _GAIN)) @ vectors.T
    linear = (1 - amount) * np.eye(3) + amount * gain
    middle = own.mean(0)
    shift = middle + amount * (wanted.mean(0) - middle) - linear @ middle
    return np.asarray(cv2.transform(crop, np.hstack([linear, shift[:, None]]).astype(np.float32)), np.uint8)


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """A power of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 0) ** exponent) @ vectors.T)
