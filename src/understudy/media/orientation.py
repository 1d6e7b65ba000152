"""EXIF orientation numbers: how a stored picture is turned to stand upright.

The numbers 1 to 8 name the eight symmetries of a rectangle. Each is written here as "transpose, then mirror
horizontally, then mirror vertically", which makes regions, sizes and pixels one formula each.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Region

__all__ = ["orientation_of_matrix", "stored_region", "swaps_axes", "to_stored", "to_upright", "upright_size"]

# number: (transpose, mirror x, mirror y), applied to the stored picture in this order
_TURNS = {
    1: (False, False, False),
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}
# cv2.flip's code for (mirror x, mirror y)
_FLIP_CODE = {(True, False): 1, (False, True): 0, (True, True): -1}


def swaps_axes(orientation: int) -> bool:
    """Whether upright width is stored height."""
    return _TURNS[orientation][0]


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """(width, height) after the turn; the same function goes back."""
    return (height, width) if swaps_axes(orientation) else (width, height)


def to_upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn stored (height, width[, channels]) pixels upright."""
    transpose, mirror_x, mirror_y = _TURNS[orientation]
    if transpose:
        pixels = cv2.transpose(pixels)
    return _flip(pixels, mirror_x, mirror_y)


def to_stored(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn upright (height, width[, channels]) pixels back to how they are stored."""
    transpose, mirror_x, mirror_y = _TURNS[orientation]
    pixels = _flip(pixels, mirror_x, mirror_y)
    return np.asarray(cv2.transpose(pixels)) if transpose else pixels


def stored_region(region: Region, width: int, height: int, orientation: int) -> Region:
    """Where an upright region lies in the stored picture.

    Args:
        region: In upright pixels.
        width, height: Of the upright picture.
        orientation: EXIF number.
    """
    transpose, mirror_x, mirror_y = _TURNS[orientation]
    x = width - region.right if mirror_x else region.x
    y = height - region.bottom if mirror_y else region.y
    if transpose:
        return Region(y, x, region.height, region.width)
    return Region(x, y, region.width, region.height)


def _flip(pixels: NDArray[Any], mirror_x: bool, mirror_y: bool) -> NDArray[Any]:
    if not (mirror_x or mirror_y):
        return pixels
    return np.asarray(cv2.flip(pixels, _FLIP_CODE[mirror_x, mirror_y]))


def orientation_of_matrix(matrix: tuple[int, ...] | None) -> int:
    """EXIF number of a film's nine-number display matrix; 1 when there is none.

    For the numbers (a, b, u, c, d, v, …) a stored (x, y) is shown at (a·x + c·y, b·x + d·y). An angle that is
    no multiple of 90° counts as the nearest one.
    """
    if matrix is None:
        return 1
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if abs(b) + abs(c) > abs(a) + abs(d):
        # Transposed: shown x is ±stored y, shown y is ±stored x.
        return _number(transpose=True, mirror_x=c < 0, mirror_y=b < 0)
    return _number(transpose=False, mirror_x=a < 0, mirror_y=d < 0)


def _number(*, transpose: bool, mirror_x: bool, mirror_y: bool) -> int:
    return next(number for number, turn in _TURNS.items() if turn == (transpose, mirror_x, mirror_y))
