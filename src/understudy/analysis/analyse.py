"""What is where, frame by frame: tracks found, followed and smoothed, a few frames ahead of rendering.

Everything that looks at more than one frame happens here, so that rendering is a pure function of a frame and its
row. The window ahead is what makes smoothing free of lag: a row is given out when the frames after it are known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from understudy.analysis.shots import CutDetector
from understudy.analysis.smooth import Sample, smooth
from understudy.analysis.track import Landmarker, PartialDetector, Track, Tracker
from understudy.core.types import TrackedFace
from understudy.vision.canonical import Canonical, load_canonical
from understudy.vision.roles import Picture
from understudy.vision.select import weight

__all__ = ["AHEAD", "analyse"]

AHEAD: Final = 3  # frames on each side that smoothing sees
_STEADY: Final = 1.6  # a newcomer must weigh this much more than the face that is being replaced

P = TypeVar("P", bound=Picture)


@dataclass(frozen=True, eq=False)
class _Moment:
    """A frame with its raw samples by track, and the track that is replaced when only one is."""

    samples: dict[int, Sample]
    chosen: int | None


def analyse(
    frames: Iterable[P],
    detector: PartialDetector,
    landmarker: Landmarker,
    faces: Literal["one", "many"] = "one",
) -> Iterator[tuple[P, tuple[TrackedFace, ...]]]:
    """Find, follow and smooth the faces of a film (or of one picture).

    Args:
        frames: In order of time.
        detector: Finds faces.
        landmarker: Places landmarks and follows them.
        faces: Replace one face (the largest and most frontal; it stays the same while it is seen) or all.

    Yields:
        Each frame with its rows, :data:`AHEAD` frames behind what was read.
    """
    canonical = load_canonical()
    tracker = Tracker(detector, landmarker, canonical)
    cuts = CutDetector()
    chooser = _Chooser(faces)
    before: deque[_Moment] = deque(maxlen=AHEAD)
    waiting: deque[tuple[P, _Moment]] = deque()
    for frame in frames:
        tracks = tracker.step(frame, cut=cuts.is_cut(frame))
        waiting.append((frame, _Moment({t.number: t.sample for t in tracks}, chooser.choose(tracks))))
        if len(waiting) > AHEAD:
            yield _row(canonical, before, waiting, faces)
    while waiting:
        yield _row(canonical, before, waiting, faces)


def _row(
    canonical: Canonical,
    before: deque[_Moment],
    waiting: deque[tuple[P, _Moment]],
    faces: Literal["one", "many"],
) -> tuple[P, tuple[TrackedFace, ...]]:
    frame, now = waiting.popleft()
    numbers = list(now.samples) if faces == "many" else [now.chosen] if now.chosen is not None else []
    rows = []
    for number in numbers:
        past = _run(reversed(before), number)[::-1]
        future = _run((moment for _, moment in waiting), number)
        rows.append(smooth(canonical, number, past, now.samples[number], future))
    before.append(now)
    return frame, tuple(rows)


def _run(moments: Iterable[_Moment], number: int) -> list[Sample]:
    """The track's samples up to where it breaks off."""
    samples = []
    for moment in moments:
        if number not in moment.samples:
            break
        samples.append(moment.samples[number])
    return samples


class _Chooser:
    """Whose face is replaced when only one is: it does not jump between people of like size."""

    def __init__(self, faces: Literal["one", "many"]) -> None:
        self._one = faces == "one"
        self._chosen: int | None = None

    def choose(self, tracks: list[Track]) -> int | None:
        if not self._one or not tracks:
            return None
        best = max(tracks, key=lambda track: weight(track.sample.face))
        held = next((track for track in tracks if track.number == self._chosen), None)
        if held is None or weight(best.sample.face) > _STEADY * weight(held.sample.face):
            self._chosen = best.number
        return self._chosen
