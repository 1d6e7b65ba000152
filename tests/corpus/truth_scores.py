"""How well faces are followed, measured against the truth set.

Identities are scored by py-motmetrics (Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance:
The CLEAR MOT Metrics", 2008; IDF1 of Ristani et al., "Performance Measures and a Data Set for Multi-Target,
Multi-Camera Tracking", 2016); nothing else here needs it. A face of which too little is seen (:data:`truth.SEEN`) may
be found or not: it takes no part, and neither does what was found on it.

Landmarks are compared in the portrait's own frame, where what the network always gets wrong about somebody is
constant and taken off. Then

* *error* is the root mean square over everything that is seen;
* *jitter* that of the movement of landmarks, in pixels about their mean, of a face that is at rest;
* *lag* the least-squares share of the truth's velocity in the error, times the speed of what moves, in pixels. It is
  0 for what trembles as well as for what is exact, and positive for what comes late.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from truth import SEEN, Seen

from understudy.core.geometry import iou
from understudy.core.types import FloatArray

__all__ = ["Film", "Found", "Motion", "accumulate", "identities_of", "measure_motion", "missed"]

_SAME: Final = 0.4  # overlap from which a found face is the true one
_STILL: Final = 0.02  # pixels a frame below which a face is at rest
_REST: Final = 12  # frames that it has to be, to count
_MOVING: Final = 2.0  # pixels a frame from which it moves
_CLEAR: Final = 0.95  # visible share from which landmarks are compared for jitter and lag


class Found(NamedTuple):
    """A face as a method saw it: who it is to that method, and (468, 2) landmarks."""

    identity: int
    landmarks: FloatArray

    @property
    def bbox(self) -> FloatArray:
        return np.concatenate([self.landmarks.min(0), self.landmarks.max(0)])


@dataclass(frozen=True, eq=False)
class Film:
    """The truth of a scene and what a method found; one entry a frame.

    Attributes:
        truth: All faces.
        shots: Numbers of the shots.
        found: What the method says.
    """

    truth: Sequence[Sequence[Seen]]
    shots: Sequence[int]
    found: Sequence[Sequence[Found]]

    def pairs(self) -> Iterator[tuple[list[tuple[Seen, Found]], list[Seen], list[Found]]]:
        """For each frame: matched faces, true ones that were missed, and found ones that are not there."""
        for truth, found in zip(self.truth, self.found, strict=True):
            yield _matched(truth, found)

    @property
    def seen(self) -> int:
        """Faces that have to be found, over all frames."""
        return sum(face.visible >= SEEN for faces in self.truth for face in faces)


def _matched(
    truth: Sequence[Seen], found: Sequence[Found]
) -> tuple[list[tuple[Seen, Found]], list[Seen], list[Found]]:
    gain = np.array([[iou(face.bbox, one.bbox) for one in found] for face in truth]).reshape(
        len(truth), len(found)
    )
    gain = np.where(gain >= _SAME, gain + np.array([[float(face.visible >= SEEN)] for face in truth]), 0.0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    pairs = [(truth[r], found[c]) for r, c in zip(rows, columns, strict=True) if gain[r, c] > 0]
    # What overlaps a face that need not be found is no mistake, even if another was matched with it.
    maybe = [face.bbox for face in truth if face.visible < SEEN]
    taken = {id(one) for _, one in pairs}
    wrong = [
        one for one in found if id(one) not in taken and all(iou(one.bbox, box) < _SAME for box in maybe)
    ]
    had = {id(face) for face, _ in pairs}
    lost = [face for face in truth if face.visible >= SEEN and id(face) not in had]
    return pairs, lost, wrong


def missed(film: Film) -> tuple[int, int]:
    """How many faces that have to be found were not, and how many were found that are not there."""
    found = list(film.pairs())
    return sum(len(lost) for _, lost, _ in found), sum(len(wrong) for *_, wrong in found)


def identities_of(film: Film) -> dict[tuple[int, int], list[int]]:
    """By shot and person: the identities that they were given, in order, each change noted."""
    given: dict[tuple[int, int], list[int]] = {}
    for shot, (pairs, _, _) in zip(film.shots, film.pairs(), strict=True):
        for face, one in pairs:
            if face.visible >= SEEN:
                told = given.setdefault((shot, face.person), [])
                if one.identity not in told[-1:]:
                    told.append(one.identity)
    return given


def accumulate(film: Film, shot: int | None = None) -> Any:
    """A ``motmetrics.MOTAccumulator`` over the film, or over one of its shots."""
    from motmetrics import MOTAccumulator

    accumulator = MOTAccumulator(auto_id=True)
    for number, (pairs, lost, wrong) in zip(film.shots, film.pairs(), strict=True):
        if shot is not None and number != shot:
            continue
        there = [(face, one) for face, one in pairs if face.visible >= SEEN]
        truth = [face for face, _ in there] + lost
        found = [one for _, one in there] + wrong
        away = np.array([[1 - iou(face.bbox, one.bbox) for one in found] for face in truth], float)
        away = away.reshape(len(truth), len(found))
        away[away > 1 - _SAME] = np.nan
        accumulator.update([face.person for face in truth], [one.identity for one in found], away)
    return accumulator


class Motion(NamedTuple):
    """Root mean squares in pixels; None where there was nothing to measure it on. ``faces`` weighs ``error``."""

    error: float | None
    jitter: float | None
    lag: float | None
    faces: int


class _Steps(NamedTuple):
    """Somebody where they are seen: (n,) frames, (n, 468, 2) truth, and error in the portrait's frame."""

    frames: NDArray[np.intp]
    truth: NDArray[np.float64]
    error: NDArray[np.float64]
    inverse: NDArray[np.float64]
    scale: NDArray[np.float64]
    clear: NDArray[np.bool_]


def measure_motion(film: Film) -> Motion:
    """Error, jitter and lag of the landmarks over all people of a film."""
    squares, count = 0.0, 0
    shaken: list[NDArray[np.float64]] = []
    lags: list[tuple[float, int]] = []
    for steps in _people(film):
        own = steps.error - steps.error.mean(0)
        squares += float(((own * steps.scale[:, None, None]) ** 2).sum(2).mean(1).sum())
        count += len(own)
        shaken += _resting(steps)
        lags += _late(steps)
    jitter = np.sqrt(np.mean(np.concatenate(shaken))) if shaken else None
    lag = float(np.average([x for x, _ in lags], weights=[n for _, n in lags])) if lags else None
    return Motion(
        float(np.sqrt(squares / count)) if count else None,
        None if jitter is None else float(jitter),
        lag,
        count,
    )


def _people(film: Film) -> Iterator[_Steps]:
    by_person: dict[int, list[tuple[int, Seen, Found]]] = {}
    for frame, (pairs, _, _) in enumerate(film.pairs()):
        for face, one in pairs:
            if face.visible >= SEEN:
                by_person.setdefault(face.person, []).append((frame, face, one))
    for rows in by_person.values():
        linear = np.array([face.linear for _, face, _ in rows])
        inverse = np.linalg.inv(linear)
        truth = np.array([face.landmarks for _, face, _ in rows], np.float64)
        off = np.array([one.landmarks for *_, one in rows], np.float64) - truth
        yield _Steps(
            np.array([frame for frame, *_ in rows]),
            truth,
            np.einsum("nij,nkj->nki", inverse, off),
            inverse,
            np.sqrt(np.abs(np.linalg.det(linear))),
            np.array([face.visible >= _CLEAR for _, face, _ in rows]),
        )


def _resting(steps: _Steps) -> list[NDArray[np.float64]]:
    """For each stretch at rest, (n,) mean square of the landmarks' movement about their means, in pixels."""
    moved = np.abs(np.diff(steps.truth, axis=0)).max((1, 2)) > _STILL
    broken = moved | (np.diff(steps.frames) != 1) | ~steps.clear[1:] | ~steps.clear[:-1]
    stretches = np.split(np.arange(len(steps.frames)), np.flatnonzero(broken) + 1)
    result = []
    for stretch in stretches:
        if len(stretch) >= _REST:
            points = steps.error[stretch] * steps.scale[stretch][:, None, None]
            result.append(((points - points.mean(0)) ** 2).sum(2).mean(1))
    return result


def _late(steps: _Steps) -> list[tuple[float, int]]:
    """Lag in pixels and the number of frames that it was measured on; nothing where motion is not smooth."""
    frames, truth = steps.frames, steps.truth
    if len(frames) < 3:
        return []
    inner = (frames[2:] - frames[:-2] == 2) & steps.clear[1:-1]
    velocity = ((truth[2:] - truth[:-2]) / 2)[inner]
    bend = (truth[2:] - 2 * truth[1:-1] + truth[:-2])[inner]
    speed = np.sqrt((velocity**2).sum(2).mean(1))
    moving = speed > _MOVING
    if moving.sum() < _REST or np.sqrt((bend[moving] ** 2).mean()) > np.sqrt((velocity[moving] ** 2).mean()):
        return []
    error = steps.error[1:-1][inner] - steps.error[1:-1][inner].mean(0)
    known = np.einsum("nij,nkj->nki", steps.inverse[1:-1][inner], velocity)
    known -= known.mean(0)
    late = -float((error * known).sum() / (known**2).sum())
    return [(late * float(np.sqrt((speed[moving] ** 2).mean())), int(moving.sum()))]
