"""Which of the faces in a picture are meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from understudy.core.types import Face

__all__ = ["frontality", "select", "weight"]


def select(faces: Sequence[Face], which: Literal["one", "many"]) -> list[Face]:
    """The faces to replace, best first.

    Args:
        faces: All faces of the picture.
        which: ``"many"`` for all of them, ``"one"`` for the largest and most frontal (a profile counts as
            half its size, and a face that may be none by its confidence).
    """
    ranked = sorted(faces, key=weight, reverse=True)
    return ranked if which == "many" else ranked[:1]


def frontality(face: Face) -> float:
    """1 for a face that looks into the camera, 0 for a profile.

    By how far the tip of the nose is from the line through the middles of eyes and mouth: nearly nothing at
    5° of yaw, half an eye distance (which counts as a profile) at about 35°.
    """
    left_eye, right_eye, nose, left_mouth, right_mouth = face.keypoints.astype(np.float64)
    across = right_eye - left_eye
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    down = mouth - eyes
    height = float(np.hypot(*down))
    if height < 1e-6:
        return 0.0
    aside = abs(down[0] * (nose - eyes)[1] - down[1] * (nose - eyes)[0]) / height
    # A profile's eyes fall together; its height does not.
    spread = max(float(np.hypot(*across)), height / 2)
    return float(np.clip(1 - 2 * aside / spread, 0, 1))


def weight(face: Face) -> float:
    """How much a face matters: its size, less as it turns away or may be none."""
    return face.size * (0.5 + 0.5 * frontality(face)) * face.confidence
