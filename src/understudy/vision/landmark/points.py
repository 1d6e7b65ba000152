"""What landmarkers of other layouts than the mesh's give: points, and the five of them that engines align by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from understudy.core.types import Face, FloatArray
from understudy.vision.align import Alignment
from understudy.vision.roles import Picture

__all__ = ["PointLandmarker", "Points", "five", "from_crop"]

# Eye on the left, eye on the right, nose tip, mouth corner on the left, on the right; each the mean of these points.
_FIVE: Final[Mapping[int, tuple[tuple[int, ...], ...]]] = MappingProxyType(
    {
        68: (tuple(range(36, 42)), tuple(range(42, 48)), (30,), (48,), (54,)),
        106: ((38,), (88,), (86,), (52,), (61,)),
    }
)


@dataclass(frozen=True, eq=False)
class Points:
    """Landmarks in a layout of their own.

    Attributes:
        points: (n, 2) pixels of the picture, or (n, 3) with a depth in pixels too (smaller is nearer).
        keypoints: (5, 2) as in :class:`Face`.
        score: 0 to 1 how sure the network is; 1 where it does not say.
    """

    points: FloatArray
    keypoints: FloatArray
    score: float = 1.0


class PointLandmarker(ABC):
    """Places points; its five keypoints can stand in for the detector's."""

    @abstractmethod
    def place(self, picture: Picture, face: Face) -> Points:
        """The points of a face that is roughly known."""

    def refine_keypoints(self, picture: Picture, face: Face) -> Face:
        """The same face with keypoints from the points; everything else stays."""
        return replace(face, keypoints=self.place(picture, face).keypoints)


def five(points: FloatArray) -> FloatArray:
    """(5, 2) keypoints from (n, 2 or 3) points, n being 68 (iBUG's layout) or 106 (InsightFace's)."""
    return np.stack([points[list(group), :2].mean(0) for group in _FIVE[len(points)]]).astype(np.float32)


def from_crop(points: FloatArray, alignment: Alignment) -> FloatArray:
    """(n, 2 or 3) points in pixel indices of a crop as pixels of the picture; a depth is scaled alike."""
    inverse = alignment.inverse
    flat = points[:, :2] @ inverse[:, :2].T + inverse[:, 2]
    depth = points[:, 2:] * np.hypot(inverse[0, 0], inverse[1, 0])
    return np.hstack([flat, depth]).astype(np.float32)
