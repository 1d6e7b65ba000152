"""Pictures of nothing in the colours of skin: gradients, folds, light and grain."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["skin_textures"]

_TONES = ((150, 180, 230), (110, 140, 200), (70, 95, 150), (45, 60, 95), (180, 200, 245))  # blue, green, red


def skin_textures(count: int, seed: int = 0) -> Iterator[NDArray[np.uint8]]:
    """(height, width, 3) uint8 BGR, each another."""
    random = np.random.default_rng(seed)
    for index in range(count):
        height, width = random.integers(200, 900, 2)
        picture = np.ones((height, width, 3)) * _TONES[index % len(_TONES)]
        for _ in range(random.integers(1, 6)):
            coarse = random.normal(size=random.integers(2, 12, 2))
            shade = cv2.resize(coarse, (int(width), int(height)), interpolation=cv2.INTER_CUBIC)
            picture += shade[..., None] * random.uniform(3, 25)
        picture += random.normal(size=picture.shape) * random.uniform(0, 8)
        yield np.clip(picture, 0, 255).astype(np.uint8)
