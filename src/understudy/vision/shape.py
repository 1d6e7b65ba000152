"""A face's shape in the canonical frame: its pose, and its proportions apart from its expression.

Landmarks are brought into the canonical frame by a similarity transform. There, two faces differ by their bones and
by their expressions; what bones decide is read by weighting each vertex by how little expressions move it, made
symmetric, and carried to its neighbours by a smooth kernel.
"""

from __future__ import annotations

import numpy as np

from understudy.core.geometry import smoothstep
from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical

__all__ = ["canonical_pose", "face_width", "five_points", "lips_parted", "proportions"]

# Vertices, by the picture's sides: the corners of each eye; the tip of the nose, the corners of the mouth.
_EYES, _NOSE_AND_MOUTH = ((33, 133), (362, 263)), (1, 61, 291)
_FLIP = np.array([-1, 1, 1], np.float32)


def face_width(landmarks: FloatArray) -> float:
    """Size of a face in pixels, whichever way it turns: the distance between its sides in space."""
    return float(np.linalg.norm(landmarks[454] - landmarks[234]))


def five_points(landmarks: FloatArray) -> FloatArray:
    """(5, 2) eyes, nose tip and mouth corners of (468, 3) landmarks, in the order of a face's key points."""
    flat = landmarks[:, :2]
    eyes = [flat[list(corners)].mean(0) for corners in _EYES]
    return np.stack([*eyes, *flat[list(_NOSE_AND_MOUTH)]])


def lips_parted(canonical: Canonical, landmarks: FloatArray) -> float:
    """0 for closed lips, 1 from a gap of a tenth of the mouth's width."""
    lips = landmarks[canonical.inner_lips, :2]
    gap = float(np.linalg.norm(lips[5] - lips[15]))
    width = float(np.linalg.norm(lips[0] - lips[10])) + 1e-3
    return float(smoothstep(gap / width, 0.03, 0.1))


def canonical_pose(canonical: Canonical, landmarks: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The face in the canonical frame, and the way back for directions.

    Args:
        canonical: The mesh.
        landmarks: (468, 3) in pixels.

    Returns:
        (468, 3) shape, and the (3, 3) matrix B that takes canonical directions to the picture's: ``d @ B``.

    Source: Umeyama 1991, as in :func:`understudy.core.geometry.fit_similarity`, in space.
    """
    weights = canonical.rigid[:, None]
    total = float(weights.sum())
    mean = (landmarks * weights).sum(0) / total
    origin = (canonical.vertices * weights).sum(0) / total
    points, goal = landmarks - mean, canonical.vertices - origin
    u, s, vt = np.linalg.svd((points * weights).T.astype(np.float64) @ goal)
    handed = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * handed) @ vt
    scale = float((s * handed).sum() / (weights * points**2).sum())
    shape = points @ (rotation * scale) + origin
    return shape.astype(np.float32), (rotation.T / scale).astype(np.float32)


def proportions(canonical: Canonical, landmarks: FloatArray) -> FloatArray:
    """(468, 3) how a face's bones differ from the mean face's, in the canonical frame.

    The mouth is shut first: how far it is open is no proportion, and would make every chin longer.
    """
    shape, _ = canonical_pose(canonical, landmarks)
    above, below = (lips[-9:] for lips in canonical.lids_and_lips)
    shut = shape + canonical.mouth_closer @ ((shape[below] - shape[above]) / 2)
    difference = shut - canonical.vertices
    symmetric = (difference + difference[canonical.mirror] * _FLIP) / 2
    return np.asarray(canonical.bone_kernel @ symmetric, np.float32)
