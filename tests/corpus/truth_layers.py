"""Pictures in layers, each laid over the others by an exact similarity transform and blurred as it moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Cutout", "Layer", "Matrix", "Pixels", "after", "exposed", "lay", "similarity"]

_SHUTTER: Final = 0.5  # of a frame's time, as film cameras have it
_BLUR: Final = 2.0  # pixels between the exposures that make up a blurred one

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]
"""(2, 3) from one picture's pixels, known by their centres, to another's."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """Something without surroundings.

    Attributes:
        pixels: (h, w, 3) BGR.
        alpha: (h, w) 0 to 255, where it is.
    """

    pixels: Pixels
    alpha: Pixels

    @cached_property
    def halved(self) -> Cutout:
        """Half as large."""
        size = self.alpha.shape[1] // 2, self.alpha.shape[0] // 2
        return Cutout(
            *(
                np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
                for part in (self.pixels, self.alpha)
            )
        )


class Layer(NamedTuple):
    """Something, and where it goes at a time: (2, 3) from its pixels to the picture's."""

    what: Cutout
    place: Callable[[float], Matrix]


def similarity(source: NDArray[np.float64], target: NDArray[np.float64], scale: float, roll: float) -> Matrix:
    """(2, 3) that takes one point to another, and scales and turns (degrees, clockwise) about it."""
    cos, sin = scale * math.cos(math.radians(roll)), scale * math.sin(math.radians(roll))
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([linear, (target - linear @ source)[:, None]])


def after(second: Matrix, first: Matrix) -> Matrix:
    return np.hstack([second[:, :2] @ first[:, :2], (second[:, :2] @ first[:, 2] + second[:, 2])[:, None]])


def _times(place: Callable[[float], Matrix], middle: NDArray[np.float64], time: float) -> list[float]:
    """When the film is exposed: several times where it moves, so that it blurs."""
    ends = [place(time + side * _SHUTTER / 2) @ (*middle, 1.0) for side in (-1, 1)]
    count = min(max(math.ceil(float(np.hypot(*(ends[1] - ends[0]))) / _BLUR), 1), 9)
    return [time + _SHUTTER * ((index + 0.5) / count - 0.5) for index in range(count)]


def exposed(
    pixels: Pixels, place: Callable[[float], Matrix], time: float, size: tuple[int, int]
) -> NDArray[np.uint8]:
    middle = np.array(pixels.shape[1::-1], np.float64) / 2
    shots = [
        cv2.warpAffine(pixels, place(at), size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for at in _times(place, middle, time)
    ]
    if len(shots) == 1:
        return np.asarray(shots[0], np.uint8)
    return np.asarray(np.rint(np.mean(shots, 0, dtype=np.float32)), np.uint8)


def lay(picture: Pixels, layer: Layer, time: float) -> None:
    """Put a layer over the picture, in place, where it is and not more."""
    height, width = layer.what.alpha.shape
    places = [layer.place(at) for at in _times(layer.place, np.array([width, height]) / 2, time)]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64)
    reached = np.concatenate([corners @ place.T for place in places])
    left, top = np.maximum(np.floor(reached.min(0)).astype(int), 0).tolist()
    right, bottom = np.minimum(np.ceil(reached.max(0)).astype(int), picture.shape[1::-1]).tolist()
    if right <= left or bottom <= top:
        return
    size = right - left, bottom - top
    small = _prefiltered(layer.what, places[0])
    total, weight = np.zeros((*size[::-1], 3), np.float32), np.zeros(size[::-1], np.float32)
    for place in places:
        matrix = after(place, _unshrunk(width / small.alpha.shape[1]))
        matrix[:, 2] -= left, top
        share = cv2.warpAffine(small.alpha, matrix, size, flags=cv2.INTER_LINEAR).astype(np.float32)
        drawn = cv2.warpAffine(
            small.pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        total += drawn * share[..., None]
        weight += share
    part = picture[top:bottom, left:right]
    full = 255.0 * len(places)
    part[:] = np.clip((part * (full - weight[..., None]) + total) / full + 0.5, 0, 255).astype(np.uint8)


def _prefiltered(what: Cutout, place: Matrix) -> Cutout:
    """Halved until it is shrunk by less than a half, so that nothing aliases."""
    scale = math.hypot(place[0, 0], place[1, 0])
    while scale < 0.5:
        what, scale = what.halved, 2 * scale
    return what


def _unshrunk(factor: float) -> Matrix:
    """From pixels of a shrunken picture to those of the whole; pixels are known by their centres."""
    return np.array([[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2]], np.float64)
