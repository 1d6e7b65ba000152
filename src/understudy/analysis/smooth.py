"""Smoothing over time without lag: each frame is seen among its neighbours on both sides.

Rigid motion and expression are treated apart. The pose of the neighbours is taken off by similarity transforms; what
is left is averaged where it is small (noise of the network and the sensor) and left alone where it is large (speech,
blinks). The pose itself is smoothed by a local quadratic (Savitzky and Golay, "Smoothing and differentiation of data
by simplified least squares procedures", 1964), which keeps steady acceleration exactly. Every formula adds weighted
*differences* to the frame's own value, so that equal frames come out equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from understudy.core.geometry import apply_affine, fit_similarity
from understudy.core.types import Face, FloatArray, TrackedFace
from understudy.vision.canonical import Canonical
from understudy.vision.shape import face_width

__all__ = ["Sample", "smooth"]

_NOISE: Final = 0.006  # of the face's width: differences of this size are averaged away
_OPENED: Final = 0.004  # of the face's width: where an opening differs by this much, someone blinks or speaks
_REACH: Final = 2.0  # frames, standard deviation of the weights in time
_QUADRATIC: Final = {1: (0.5, 0.25), 2: (17 / 35, 12 / 35, -3 / 35), 3: (7 / 21, 6 / 21, 3 / 21, -2 / 21)}


@dataclass(frozen=True, eq=False)
class Sample:
    """What one frame tells of one face.

    Attributes:
        face: With landmarks.
        gaze: (2,) or None.
        proportions: (468, 3) learnt so far on its track.
    """

    face: Face
    gaze: FloatArray | None
    proportions: FloatArray

    @property
    def landmarks(self) -> FloatArray:
        """(468, 3), always there."""
        assert self.face.landmarks is not None
        return self.face.landmarks


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
    points = now.landmarks
    width = face_width(points)
    neighbours = [(-k, sample) for k, sample in enumerate(reversed(past), 1)]
    neighbours += list(enumerate(future, 1))
    total = np.zeros_like(points)
    weights = np.ones((len(points), 1), np.float32)
    moves = {}
    for offset, sample in neighbours:
        aligner = fit_similarity(sample.landmarks[:, :2], points[:, :2])
        moves[offset] = aligner
        moved = np.column_stack([apply_affine(aligner, sample.landmarks[:, :2]), sample.landmarks[:, 2]])
        off = moved - points
        size = canonical.nearby @ (off[:, :2] ** 2).sum(1, keepdims=True) / (_NOISE * width) ** 2
        size = size + _opened(canonical, off) / (_OPENED * width) ** 2
        weight = np.exp(-size / 2 - (offset / _REACH) ** 2 / 2).astype(np.float32)
        total += weight * off
        weights += weight
    steady = points + total / weights
    steady[:, :2] += _steadier(points[:, :2], moves)
    face = replace(
        now.face, landmarks=steady.astype(np.float32), bbox=np.r_[steady[:, :2].min(0), steady[:, :2].max(0)]
    )
    return TrackedFace(number, face, _gaze(now, [sample for _, sample in neighbours]), now.proportions)


def _opened(canonical: Canonical, off: FloatArray) -> FloatArray:
    """(468, 1) square of how much the nearest opening (of an eye, of the mouth) differs."""
    above, below = canonical.lids_and_lips
    change = ((off[above] - off[below])[:, :2] ** 2).sum(1)
    return np.asarray((canonical.near_openings * np.tile(change, 2)).max(1, keepdims=True), np.float32)


def _steadier(points: FloatArray, moves: dict[int, FloatArray]) -> FloatArray:
    """(468, 2) what the pose's local quadratic adds to the points."""
    reach = 0
    while reach + 1 in moves and -(reach + 1) in moves:
        reach += 1
    added = np.zeros_like(points)
    for offset in range(1, reach + 1):
        weight = np.float32(_QUADRATIC[reach][offset])
        for side in (-offset, offset):
            # moves[side] takes that frame's face here; its inverse shows where this shape was in that frame.
            linear, shift = moves[side][:, :2], moves[side][:, 2]
            there = (points - shift) @ np.linalg.inv(linear).T
            added += weight * (there - points).astype(np.float32)
    return added


def _gaze(now: Sample, others: list[Sample]) -> FloatArray | None:
    seen = [sample.gaze for sample in others if sample.gaze is not None]
    if now.gaze is None:
        return np.mean(seen, 0).astype(np.float32) if seen else None
    # Eyes jump: only neighbours that look about the same way are averaged.
    off = [gaze - now.gaze for gaze in seen if np.abs(gaze - now.gaze).max() < 0.05]
    return (now.gaze + np.sum(off, 0) / (len(off) + 1)).astype(np.float32) if off else now.gaze
