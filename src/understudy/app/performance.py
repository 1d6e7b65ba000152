"""A performance out of one picture: a head that turns, smiles and blinks, for the demonstration."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import FaceError
from understudy.core.types import Face, FloatArray
from understudy.media.frame import BgrPixels

__all__ = ["perform"]

# Vertices of the 468-point mesh: each upper lid with the lower one under it, the mouth's corners, the brows.
_LIDS: Final = (
    ((246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155)),
    ((466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382)),
)
_CORNERS: Final = ((61, -1.0), (291, 1.0))
_BROWS: Final = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_STEP: Final = 8
"""Pixels between the points where the movement is computed."""
_ROUNDS: Final = 6
_NONE: Final = np.empty(0, np.float32)
"""For remap: the map is one array of (x, y) and not two."""


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
        moved = _pose(_express(still, index / frames), index / frames)
        yield movement.apply(pixels, moved[:, :2] - still[:, :2])


def _express(points: FloatArray, time: float) -> FloatArray:
    """The face with a smile that comes and goes, two blinks and raised brows; time goes from 0 to 1."""
    moved = points.copy()
    width = _width(points)
    smile = max(math.sin(2 * math.pi * time), 0.0)
    raised = max(-math.sin(2 * math.pi * time), 0.0) ** 2
    closed = max(_bump(time, 0.3, 0.035), _bump(time, 0.8, 0.035))
    for vertex, side in _CORNERS:
        near = np.exp(-((points[:, :2] - points[vertex, :2]) ** 2).sum(1) / (2 * (0.1 * width) ** 2))
        moved[:, 0] += near * side * 0.028 * width * smile
        moved[:, 1] -= near * 0.022 * width * smile
    moved[list(_BROWS), 1] -= 0.03 * width * raised
    for upper, lower in _LIDS:
        moved[list(upper)] += 0.92 * closed * (points[list(lower)] - points[list(upper)])
    return moved


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
        # A narrow kernel on the face, where lids must not drag brows along, and a wider one outside it.
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
            cells = (source / self._grid[-1, -1] * (np.array(field.shape[1::-1]) - 1)).astype(np.float32)
            moved = cv2.remap(field, cells, _NONE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            source = self._grid - moved
        maps = cv2.resize(source, self._size, interpolation=cv2.INTER_LINEAR)
        drawn = cv2.remap(pixels, maps, _NONE, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(drawn, np.uint8)


def _bump(time: float, centre: float, width: float) -> float:
    return math.exp(-(((time - centre) / width) ** 2))


def _width(points: NDArray[np.float32]) -> float:
    return float(np.ptp(points[:, 0]))
