"""What is where, frame by frame: tracks found, followed and smoothed, a few frames ahead of rendering.

Everything that looks at more than one frame happens here, so that rendering is a pure function of a frame and its
row. The window ahead is what makes smoothing free of lag: a row is given out when the frames after it are known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from understudy.analysis.casting import Chooser, Rules
from understudy.analysis.shots import CutDetector
from understudy.analysis.smooth import Sample, smooth
from understudy.analysis.track import Landmarker, Tracker
from understudy.core.types import TrackedFace
from understudy.vision.canonical import Canonical, load_canonical
from understudy.vision.roles import KeypointRefiner, PartialDetector, Picture

__all__ = ["AHEAD", "analyse"]

AHEAD: Final = 3  # frames on each side that smoothing sees

P = TypeVar("P", bound=Picture)


@dataclass(frozen=True, eq=False)
class _Moment:
    """A frame's number and its raw samples by track."""

    number: int
    samples: dict[int, Sample]


def analyse(
    frames: Iterable[P],
    detector: PartialDetector,
    landmarker: Landmarker,
    rules: Rules = Rules(),  # noqa: B008 - frozen
    *,
    points: KeypointRefiner | None = None,
) -> Iterator[tuple[P, tuple[TrackedFace, ...]]]:
    """Find, follow and smooth the faces of a film (or of one picture).

    Args:
        frames: In order of time.
        detector: Finds faces.
        landmarker: Places landmarks and follows them.
        rules: Whom to replace; by default the largest and most frontal, who stays the same while they are seen.
        points: Places the key points of the faces that are replaced, instead of ``landmarker``.

    Yields:
        Each frame with its rows, :data:`AHEAD` frames behind what was read.
    """
    canonical = load_canonical()
    tracker = Tracker(detector, landmarker, canonical)
    cuts = CutDetector()
    chooser = Chooser(rules)
    before: deque[_Moment] = deque(maxlen=AHEAD)
    waiting: deque[tuple[P, _Moment]] = deque()
    for number, frame in enumerate(frames):
        tracks = tracker.step(frame, cut=cuts.is_cut(frame))
        chooser.look(number, frame, tracks)
        waiting.append((frame, _Moment(number, {track.number: track.sample for track in tracks})))
        if len(waiting) > AHEAD:
            yield _row(canonical, before, waiting, chooser, points)
    while waiting:
        yield _row(canonical, before, waiting, chooser, points)


def _row(
    canonical: Canonical,
    before: deque[_Moment],
    waiting: deque[tuple[P, _Moment]],
    chooser: Chooser,
    points: KeypointRefiner | None,
) -> tuple[P, tuple[TrackedFace, ...]]:
    frame, now = waiting.popleft()
    cast = chooser.choose(now.number, {track: sample.face for track, sample in now.samples.items()})
    rows = []
    for track, actor in cast.items():
        past = _run(reversed(before), track)[::-1]
        future = _run((moment for _, moment in waiting), track)
        row = replace(smooth(canonical, track, past, now.samples[track], future), actor=actor)
        if points is not None:
            row = replace(row, face=points.refine_keypoints(frame, row.face))
        rows.append(row)
    before.append(now)
    return frame, tuple(rows)


def _run(moments: Iterable[_Moment], track: int) -> list[Sample]:
    """The track's samples up to where it breaks off."""
    samples = []
    for moment in moments:
        if track not in moment.samples:
            break
        samples.append(moment.samples[track])
    return samples
