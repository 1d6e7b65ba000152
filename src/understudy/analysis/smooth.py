"""Smoothing over time without lag: each frame is seen among its neighbours on both sides.

Rigid motion and expression are treated apart. The pose of the neighbours is taken off by similarity transforms; what
is left is averaged where it is small (noise of the network and the sensor) and left alone where it is large (speech,
blinks). The pose itself is smoothed by a local quadratic (Savitzky and Golay, "Smoothing and differentiation of data
by simplified least squares procedures", 1964), which keeps steady acceleration exactly. Every formula adds weighted
*differences* to the frame's own value, so that equal frames come out equal to the last bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.analysis.moments import Sample
from understudy.core.types import FloatArray, TrackedFace
from understudy.vision.canonical import Canonical
from understudy.vision.shape import face_width, five_points

__all__ = ["smooth"]

_NOISE: Final = 0.006  # of the face's width: differences of this size are averaged away
_OPENED: Final = 0.004  # of the face's width: where an opening differs by this much, someone blinks or speaks
_REACH: Final = 2.0  # frames, standard deviation of the weights in time
_QUADRATIC: Final = {1: (0.5, 0.25), 2: (17 / 35, 12 / 35, -3 / 35), 3: (7 / 21, 6 / 21, 3 / 21, -2 / 21)}


def smooth(
    canonical: Canonical, number: int, past: list[Sample], now: Sample, future: list[Sample]
) -> TrackedFace:
    """The row of one face in one frame.

    Args:
        canonical: The mesh.
        number: Of the track.
        past: Samples before, oldest first, without gaps.
        now: The frame's own.
        future: Samples after, without gaps.
    """
    neighbours = [(-k, sample) for k, sample in enumerate(reversed(past), 1)]
    neighbours += list(enumerate(future, 1))
    steady = now.landmarks
    if neighbours:
        offsets = np.array([offset for offset, _ in neighbours])
        steady = _steady(canonical, steady, offsets, np.stack([sample.landmarks for _, sample in neighbours]))
    box = np.concatenate([steady[:, :2].min(0), steady[:, :2].max(0)])
    # As differences, so that points of another landmarker than the mesh's are steadied too.
    keypoints = now.face.keypoints + (five_points(steady) - five_points(now.landmarks))
    face = replace(now.face, landmarks=steady, bbox=box, keypoints=keypoints)
    return TrackedFace(number, face, _gaze(now, [sample for _, sample in neighbours]), now.proportions)


def _steady(
    canonical: Canonical, points: FloatArray, offsets: NDArray[np.intp], others: FloatArray
) -> FloatArray:
    """(468, 3) the points among their (n, 468, 3) neighbours, which lie (n,) frames away.

    Points of the plane are complex numbers here: a similarity transform is then a factor and a shift.
    """
    plane = points[:, 0] + 1j * points[:, 1].astype(np.float64)
    around = others[..., 0] + 1j * others[..., 1].astype(np.float64)
    middle, middles = plane.mean(), around.mean(1, keepdims=True)
    centred, centres = plane - middle, around - middles
    # Least squares: each neighbour turned, scaled and shifted onto the frame (Umeyama 1991, in the plane).
    turns = (centres.conj() * centred).sum(1, keepdims=True) / (np.abs(centres) ** 2).sum(1, keepdims=True)
    off = centres * turns - centred
    width = face_width(points)
    size = (np.abs(off) ** 2) @ canonical.nearby.T / (_NOISE * width) ** 2
    size += _opened(canonical, off) / (_OPENED * width) ** 2
    weights = np.exp(-size / 2 - (offsets[:, None] / _REACH) ** 2 / 2)
    total = 1 + weights.sum(0)
    pose = _pose(offsets, centred / turns + middles - plane)
    flat = plane + (weights * off).sum(0) / total + pose
    depth = points[:, 2] + (weights * (others[..., 2] - points[:, 2])).sum(0) / total
    return np.stack([flat.real, flat.imag, depth], 1).astype(np.float32)


def _opened(canonical: Canonical, off: NDArray[np.complex128]) -> NDArray[np.float64]:
    """(n, 468) square of how much the nearest opening (of an eye, of the mouth) differs."""
    above, below = canonical.lids_and_lips
    change = np.tile(np.abs(off[:, above] - off[:, below]) ** 2, 2)
    return np.stack([(canonical.near_openings * each).max(1) for each in change])


def _pose(offsets: NDArray[np.intp], away: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """(468,) what the pose's local quadratic adds.

    Args:
        offsets: (n,) frames.
        away: (n, 468) from each point to where the same shape was in that frame.
    """
    reach = 0
    while {reach + 1, -reach - 1} <= set(offsets.tolist()) and reach + 1 in _QUADRATIC:
        reach += 1
    if reach == 0:
        return np.zeros(away.shape[1], np.complex128)
    distance = np.abs(offsets)
    weights = np.where(distance <= reach, np.array(_QUADRATIC[reach])[np.minimum(distance, reach)], 0.0)
    return np.asarray((weights[:, None] * away).sum(0), np.complex128)


def _gaze(now: Sample, others: list[Sample]) -> FloatArray | None:
    seen = [sample.gaze for sample in others if sample.gaze is not None]
    if now.gaze is None:
        return np.mean(seen, 0).astype(np.float32) if seen else None
    # Eyes jump: only neighbours that look about the same way are averaged.
    off = [gaze - now.gaze for gaze in seen if np.abs(gaze - now.gaze).max() < 0.05]
    return (now.gaze + np.sum(off, 0) / (len(off) + 1)).astype(np.float32) if off else now.gaze
