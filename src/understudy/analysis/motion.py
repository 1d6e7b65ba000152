"""Where a face is turned and where it will be, and whether it can be where it seems to be."""

from __future__ import annotations

from typing import Final

import numpy as np

from understudy.core.types import FloatArray
from understudy.vision.shape import face_width

__all__ = ["angles", "middle", "predicted", "quickened", "stray"]

_DAMPING: Final = 0.85  # share of its speed that an unseen face keeps from frame to frame
_QUICK: Final = 0.7  # weight of the last frame in the speed
_SHIFT: Final = 0.22  # of the face's width: beside the prediction
_GROWTH: Final = 0.2  # of its size, as a logarithm
_SHAPE: Final = 0.07  # of its width: root mean square, after the best similarity transform

# The landmarks' depth is flat: by so much a tangent is larger in truth (25 degrees are 40).
_FLAT: Final = 1.8
_LEVEL: Final = 12.0  # degrees by which the line from forehead to chin leans on a level head
_TEMPLES_AND_HEIGHT: Final = (234, 454, 10, 152)


def angles(landmarks: FloatArray) -> FloatArray:
    """Degrees of yaw and pitch, about: up to 65 of yaw, where landmarks fail.

    Args:
        landmarks: (..., 468, 3).

    Returns:
        (..., 2).
    """
    left, right, top, bottom = np.moveaxis(landmarks[..., _TEMPLES_AND_HEIGHT, :], -2, 0)
    lines = np.stack([right - left, bottom - top], -2)
    away = np.arctan2(_FLAT * lines[..., 2], np.hypot(lines[..., 0], lines[..., 1]))
    return np.asarray(np.degrees(away) - (0.0, _LEVEL), np.float32)


def middle(landmarks: FloatArray) -> FloatArray:
    """(2,) mean of the landmarks."""
    return np.asarray(landmarks[:, :2].mean(0), np.float32)


def predicted(landmarks: FloatArray, speed: FloatArray, frames: int = 1) -> FloatArray:
    """(468, 3) where a face will be: its speed goes on and wears off.

    Args:
        landmarks: (468, 3) where it was seen last.
        speed: (2,) pixels a frame.
        frames: Since then.
    """
    way = (1 - _DAMPING**frames) / (1 - _DAMPING)
    return landmarks + np.array([*(speed * way), 0], np.float32)


def quickened(speed: FloatArray, before: FloatArray, now: FloatArray) -> FloatArray:
    """(2,) the speed after one more frame."""
    return np.asarray(speed + np.float32(_QUICK) * (middle(now) - middle(before) - speed), np.float32)


def stray(expected: FloatArray, landmarks: FloatArray) -> float:
    """How far a face lies off what was expected of it; from 1 on it may be another, or none.

    Args:
        expected, landmarks: (468, 3).
    """
    a, b = (points[:, 0] + 1j * points[:, 1] for points in (expected, landmarks))
    width = max(face_width(expected), 1.0)
    shift = abs(complex(b.mean() - a.mean())) / width
    a, b = a - a.mean(), b - b.mean()
    turn = complex(np.vdot(a, b)) / max(float(np.vdot(a, a).real), 1e-6)
    growth = abs(float(np.log(max(abs(turn), 1e-3))))
    shape = float(np.sqrt(np.mean(np.abs(b - turn * a) ** 2))) / width
    return max(shift / _SHIFT, growth / _GROWTH, shape / _SHAPE)
