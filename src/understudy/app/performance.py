"""A performance out of one picture: a head that turns, smiles and blinks, for the demonstration."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import FaceError
from understudy.core.types import Face, FloatArray
from understudy.media.frame import BgrPixels

__all__ = ["perform"]

# Vertices of the 468-point mesh: the upper and the lower lid of each eye from corner to corner, the mouth's corners,
# the brows.
_LIDS: Final = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263)),
)
_CORNERS: Final = ((61, -1.0), (291, 1.0))
_BROWS: Final = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_STEP: Final = 8
"""Pixels between the points where the movement is computed."""
_ROUNDS: Final = 6


def perform(pixels: BgrPixels, face: Face, frames: int) -> Iterator[BgrPixels]:
    """Move the face of a still picture, there and back.

    Args:
        pixels: (height, width, 3) uint8 BGR, the face upright and frontal.
        face: Where it is, with landmarks.
        frames: How many pictures to make; the last leads on to the first.

    Raises:
        FaceError: The face has no landmarks.
    """
    if face.landmarks is None:
        raise FaceError("The demonstration's face has no landmarks.")
    still = face.landmarks
    movement = _Movement(pixels.shape[:2], still[:, :2])
    for index in range(frames):
        time = index / frames
        moved = _pose(_express(still, time), time)
        blinking = _blink(pixels, still[:, :2], max(_bump(time, 0.3, 0.025), _bump(time, 0.8, 0.025)))
        yield movement.apply(blinking, moved[:, :2] - still[:, :2])


def _express(points: FloatArray, time: float) -> FloatArray:
    """The face with a smile that comes and goes, and raised brows; time goes from 0 to 1."""
    moved = points.copy()
    width = _width(points)
    smile = max(math.sin(2 * math.pi * time), 0.0)
    raised = max(-math.sin(2 * math.pi * time), 0.0) ** 2
    for vertex, side in _CORNERS:
        near = np.exp(-((points[:, :2] - points[vertex, :2]) ** 2).sum(1) / (2 * (0.1 * width) ** 2))
        moved[:, 0] += near * side * 0.028 * width * smile
        moved[:, 1] -= near * 0.022 * width * smile
    moved[list(_BROWS), 1] -= 0.03 * width * raised
    return moved


def _blink(pixels: BgrPixels, points: FloatArray, closed: float) -> BgrPixels:
    """The picture with its lids closed by this share: column by column, the skin above comes down."""
    drawn = pixels.copy()
    for upper, lower in _LIDS:
        width = float(np.linalg.norm(points[upper[-1]] - points[upper[0]]))
        x = np.arange(math.ceil(points[upper[0], 0]), math.floor(points[upper[-1], 0]) + 1)
        lid, rim = (np.interp(x, points[list(line), 0], points[list(line), 1]) for line in (upper, lower))
        fold = lid - 0.4 * width
        y = np.arange(math.floor(fold.min()), math.ceil(rim.max()) + 1)[:, None]
        edge = lid + 0.97 * closed * np.maximum(rim - lid, 0)
        skin = fold + (y - fold) * (lid - fold) / (edge - fold)
        eye = rim - (rim - y) * (rim - lid) / np.maximum(rim - edge, 1e-3)
        source = np.where(y < fold, y, np.where(y < edge, skin, np.where(y < rim, eye, y)))
        places = np.dstack([np.broadcast_to(x, source.shape), source])
        drawn[y[0, 0] : y[-1, 0] + 1, x[0] : x[-1] + 1] = _sampled(pixels, places, cv2.INTER_LINEAR)
    return drawn


def _pose(points: FloatArray, time: float) -> FloatArray:
    """The head turned about a point in the neck."""
    yaw = 0.17 * math.sin(2 * math.pi * time)
    pitch = 0.05 * math.sin(4 * math.pi * time + 0.6)
    roll = 0.06 * math.sin(2 * math.pi * time + 0.9)
    turn = (
        np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
        @ np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
        @ np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    )
    pivot = points.mean(0) + np.array([0, 0.35, 0.45]) * _width(points)
    return np.asarray((points - pivot) @ turn.T + pivot, np.float32)


class _Movement:
    """How the picture follows its landmarks: hair and neck go along, what is far away stays.

    Args:
        shape: (height, width) of the picture.
        still: (468, 2) landmarks in it.
    """

    def __init__(self, shape: tuple[int, int], still: FloatArray) -> None:
        self._size = shape[1], shape[0]
        columns, rows = shape[1] // _STEP + 1, shape[0] // _STEP + 1
        x, y = np.meshgrid(np.linspace(0, shape[1] - 1, columns), np.linspace(0, shape[0] - 1, rows))
        self._grid = np.stack([x, y], 2).astype(np.float32)
        width = _width(still)
        squared = ((self._grid.reshape(-1, 1, 2) - still) ** 2).sum(2)
        nearest = squared.min(1, keepdims=True)
        # A narrow kernel on the face, and a wider one outside it.
        spread = (0.025 * width + 0.35 * np.sqrt(nearest)) ** 2
        weights = np.exp((nearest - squared) / (2 * spread))
        reach = np.clip(1 - np.sqrt(nearest) / (1.3 * width), 0, 1)
        self._weights = weights / weights.sum(1, keepdims=True) * (reach * reach * (3 - 2 * reach))

    def apply(self, pixels: BgrPixels, shift: FloatArray) -> BgrPixels:
        """The picture with its landmarks moved by ``shift``, (468, 2) pixels."""
        field = (self._weights @ shift).reshape(self._grid.shape).astype(np.float32)
        # The field says where a pixel goes; wanted is where one comes from: the fixed point of grid - field.
        source = self._grid
        for _ in range(_ROUNDS):
            cells = source / self._grid[-1, -1] * (np.array(field.shape[1::-1]) - 1)
            source = self._grid - _sampled(field, cells, cv2.INTER_LINEAR)
        maps = cv2.resize(source, self._size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(_sampled(pixels, maps, cv2.INTER_CUBIC), np.uint8)


def _sampled(array: NDArray[Any], places: NDArray[Any], how: int) -> NDArray[Any]:
    """The array's values at (h, w, 2) places (x, y)."""
    x, y = (np.ascontiguousarray(places[..., axis], np.float32) for axis in (0, 1))
    return np.asarray(cv2.remap(array, x, y, how, borderMode=cv2.BORDER_REPLICATE))


def _bump(time: float, centre: float, width: float) -> float:
    return math.exp(-(((time - centre) / width) ** 2))


def _width(points: NDArray[np.float32]) -> float:
    return float(np.ptp(points[:, 0]))
