"""Smoothing over time without lag: each frame is seen among its neighbours on both sides.

Rigid motion and expression are treated apart. The pose of the neighbours is taken off by similarity transforms; what
is left is averaged where it is small (noise of the network and the sensor) and left alone where it is large (speech,
blinks). The pose is averaged over pairs of neighbours, one on each side at the same distance: what moves steadily has
no lag by that, at any speed. A pair counts as long as the path does not bend between them by more than noise does (a
bilateral filter, Tomasi and Manduchi 1998, over the bend): strong at rest and in steady motion, nothing where a head
starts, stops or is shaken. Every formula adds weighted *differences* to the frame's own value, so that equal frames
come out equal to the last bit.
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
_SHAPE_REACH: Final = 3.0  # frames, standard deviation of the weights in time
_POSE_REACH: Final = 5.0
_BENT: Final = 0.0016  # of the face's width: by how much a path may bend for its neighbours to count
_MOVED: Final = 0.001  # of the face's width: how far it may have moved for a single neighbour to count
_TREMBLE: Final = (
    2.9  # median length of x₋ - 2 x₀ + x₊ over independent errors of 1 along both axes: √6 · 1.18
)
_NOISY_SHAPE, _NOISY_POSE = 2.0, 1.5  # times what landmarks tremble by: least bounds in bad pictures
_MOST_NOISE: Final = 0.005  # of the face's width
_GAZE_REACH: Final = 3  # frames


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
    near = [sample for offset, sample in neighbours if abs(offset) <= _GAZE_REACH]
    return TrackedFace(number, face, _gaze(now, near), now.proportions, bridged=now.bridged)


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
    noise = min(_noise(offsets, off), _MOST_NOISE * width)
    still, shut = max(_NOISE * width, _NOISY_SHAPE * noise), max(_OPENED * width, _NOISY_SHAPE * noise)
    size = (np.abs(off) ** 2).astype(np.float32) @ canonical.nearby.T / np.float32(still**2)
    size += _opened(canonical, off) / np.float32(shut**2)
    weights = np.exp(-size / 2 - np.float32(0.5) * (offsets[:, None] / np.float32(_SHAPE_REACH)) ** 2)
    total = 1 + weights.sum(0)
    # How each neighbour's place differs: the shift of its middle, and growth and turn as a complex logarithm.
    spread = np.sqrt(np.mean(np.abs(centred) ** 2))
    apart = np.stack([(middles - middle)[:, 0], -np.log(turns[:, 0]) * spread], 1)
    shift, growth = _pose(offsets, apart, width, noise)
    pose = shift + centred * np.expm1(growth / spread)
    flat = plane + (weights * off).sum(0) / total + pose
    depth = points[:, 2] + (weights * (others[..., 2] - points[:, 2])).sum(0) / total
    return np.stack([flat.real, flat.imag, depth], 1).astype(np.float32)


def _opened(canonical: Canonical, off: NDArray[np.complex128]) -> FloatArray:
    """(n, 468) square of how much the nearest opening (of an eye, of the mouth) differs."""
    above, below = canonical.lids_and_lips
    change = np.tile(np.abs(off[:, above] - off[:, below]).astype(np.float32) ** 2, 2)
    return np.stack([(canonical.near_openings * each).max(1) for each in change])


def _noise(offsets: NDArray[np.intp], off: NDArray[np.complex128]) -> float:
    """Pixels by which landmarks tremble: how far the shape bends within three frames, where it bends least.

    Shapes do not know of heads or cameras that move. What is left of steady expressions and turns is small.
    """
    near = off[np.abs(offsets) == 1]
    return float(np.median(np.abs(near.sum(0)))) / _TREMBLE if len(near) == 2 else 0.0


def _pose(
    offsets: NDArray[np.intp], apart: NDArray[np.complex128], width: float, noise: float
) -> NDArray[np.complex128]:
    """(2,) what the neighbours say of where the face is, as differences.

    Args:
        offsets: (n,) frames: -1, -2 and so on, then 1, 2 and so on.
        apart: (n, 2) how where the face was then differs, in pixels.
        width: Of the face, in pixels.
        noise: Of landmarks, in pixels.
    """
    bent, moved = max(_BENT * width, _NOISY_POSE * noise), max(_MOVED * width, _NOISY_POSE * noise)
    late = np.exp(-((offsets / _POSE_REACH) ** 2) / 2)
    weights = late * _alike(apart, moved)
    total, sums = 1 + weights.sum(), (weights[:, None] * apart).sum(0)
    before, after = np.flatnonzero(offsets < 0), np.flatnonzero(offsets > 0)
    pairs = min(len(before), len(after))
    both = (apart[before[:pairs]] + apart[after[:pairs]]) / 2
    weights = 2 * late[before[:pairs]] * _alike(both, bent)
    total, sums = total + weights.sum(), sums + (weights[:, None] * both).sum(0)
    return np.asarray(sums / total, np.complex128)


def _alike(differences: NDArray[np.complex128], scale: float) -> NDArray[np.float64]:
    """(n,) 1 for none, falling off as they grow beyond a scale."""
    return np.asarray(np.exp(-(np.abs(differences) ** 2).sum(1) / (2 * scale * scale)))


def _gaze(now: Sample, others: list[Sample]) -> FloatArray | None:
    seen = [sample.gaze for sample in others if sample.gaze is not None]
    if now.gaze is None:
        return np.mean(seen, 0).astype(np.float32) if seen else None
    # Eyes jump: only neighbours that look about the same way are averaged.
    off = [gaze - now.gaze for gaze in seen if np.abs(gaze - now.gaze).max() < 0.05]
    return (now.gaze + np.sum(off, 0) / (len(off) + 1)).astype(np.float32) if off else now.gaze
