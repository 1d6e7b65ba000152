"""How far a face can be trusted, and why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from understudy.core.types import Face, FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.roles import Picture
from understudy.vision.shape import face_width

__all__ = ["assess", "yaw"]

_SMALL: Final = 40.0  # pixels of width below which features blur into each other
# Degrees of yaw beyond which half the face is guesswork; the landmarks' depth is flat, and 25 are 40 in truth.
_PROFILE: Final = 25.0
_DOUBT: Final = 0.45  # factor of the confidence of a face that is doubtful


def yaw(canonical: Canonical, landmarks: FloatArray) -> float:
    """Degrees by which a face is turned to the side, positive to the picture's right."""
    across = landmarks[canonical.oval[9]] - landmarks[canonical.oval[27]]
    return float(np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1]))))


def assess(canonical: Canonical, picture: Picture, face: Face, glasses: bool = False) -> Face:
    """The face with its confidence lowered for what makes it doubtful, and the reasons as flags.

    Args:
        canonical: The mesh.
        picture: Where it is.
        face: With landmarks.
        glasses: Whether it wears some, as :mod:`understudy.vision.glasses` tells: a swap paints over them.
    """
    landmarks = face.landmarks
    if landmarks is None:
        return face
    flags = []
    if face_width(landmarks) < _SMALL:
        flags.append("small")
    if abs(yaw(canonical, landmarks)) > _PROFILE:
        flags.append("profile")
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    margin = 0.08 * (high - low)
    if (low + margin < 0).any() or (high - margin > (picture.width - 1, picture.height - 1)).any():
        flags.append("cut")
    if glasses:
        flags.append("glasses")
    confidence = face.confidence * (_DOUBT if flags else 1.0)
    return replace(face, flags=tuple(flags), confidence=confidence)
