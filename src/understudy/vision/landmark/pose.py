"""Where a face looks, from 68 points: an affine fit of a mean shape to them."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray
from understudy.vision.canonical import load_canonical

__all__ = ["IBUG_68", "Pose", "mean_shape_68", "measure_pose"]

# fmt: off
IBUG_68: Final = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,  # jaw
    71, 63, 105, 66, 107, 336, 296, 334, 293, 301,  # brows
    168, 197, 5, 4, 75, 97, 2, 326, 305,  # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,  # lips
)
# fmt: on
"""The vertices of the 468-point mesh that lie where iBUG's 68 points do."""

_WIDER: Final = 1.083
_DEEPER: Final = 1.2
"""The canonical mesh is flatter and narrower than the faces that 68-point networks learn from: by how much its width
and depth grow, for its height. Measured against the mean of those (``tests/reference/test_insightface_pose.py``)."""


class Pose(NamedTuple):
    """Degrees, with InsightFace's signs.

    Attributes:
        pitch: Positive when the face looks up.
        yaw: Positive when it looks to the picture's right.
        roll: Positive when it leans clockwise.
    """

    pitch: float
    yaw: float
    roll: float


def mean_shape_68() -> NDArray[np.float64]:
    """(68, 3) mean face, x to the right, y down, z towards the viewer, in a size of its own."""
    vertices = load_canonical().vertices[list(IBUG_68)].astype(np.float64)
    return vertices * (_WIDER, 1, -_DEEPER)


def measure_pose(points: FloatArray, shape: NDArray[np.floating]) -> Pose:
    """The pose in which a shape looks like the points.

    Their depth does not matter: the first two rows of the affine map are the turned axes, up to scale; the third is
    perpendicular to them. Source: the affine camera of InsightFace's 3D landmarks (after 3DDFA), whose angles
    this gives when it is given their mean shape.

    Args:
        points: (68, 2 or 3) in pixels.
        shape: (68, 3) as :func:`mean_shape_68` has them.
    """
    from_shape = np.hstack([shape, np.ones((len(shape), 1))])
    rows = np.linalg.lstsq(from_shape, np.asarray(points[:, :2], np.float64), rcond=None)[0].T[:, :3]
    across, down = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    forward = np.cross(across, down)
    pitch = math.atan2(forward[1], forward[2])
    yaw = math.atan2(-forward[0], math.hypot(across[0], down[0]))
    roll = math.atan2(down[0], across[0])
    return Pose(math.degrees(pitch), math.degrees(yaw), math.degrees(roll))
