"""From moments to rows: who is replaced, and where exactly their face is, a few frames ahead of rendering.

Everything that looks at more than one frame happens on this floor, so that rendering is a pure function of a frame and
its row. The window ahead is what makes smoothing free of lag: a row is given out when the frames after it are known.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final, TypeVar

from understudy.analysis.casting import Assignment, Chooser, Rules
from understudy.analysis.fade import Range, shown
from understudy.analysis.live import LiveFilter
from understudy.analysis.moments import Moment, Sample
from understudy.analysis.observe import observe
from understudy.analysis.smooth import smooth
from understudy.analysis.track import Landmarker
from understudy.core.types import TrackedFace
from understudy.media.frame import Frame
from understudy.vision.canonical import Canonical, load_canonical
from understudy.vision.roles import KeypointRefiner, PartialDetector, Picture

__all__ = ["AHEAD", "analyse", "refined", "rows", "steadied"]

AHEAD: Final = 7  # frames on each side that smoothing sees

_PERIOD: Final = Fraction(1, 30)  # seconds from one live picture to the next, when they do not say

P = TypeVar("P", bound=Picture)


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
        Each frame with its rows, some frames behind what was read.
    """
    return rows(observe(frames, detector, landmarker), Chooser(rules), points=points)


def rows(
    moments: Iterable[tuple[P, Moment]],
    chooser: Chooser,
    *,
    points: KeypointRefiner | None = None,
    live: bool = False,
) -> Iterator[tuple[P, tuple[TrackedFace, ...]]]:
    """The rows of frames that were observed.

    Args:
        moments: In order of time, each with its frame.
        chooser: Who is replaced.
        points: As for :func:`analyse`.
        live: Give each frame out at once, and filter in place of smoothing.

    Yields:
        Each frame with its rows, :data:`AHEAD` frames behind what was read.
    """
    if live:
        yield from _live_rows(moments, chooser, points)
        return
    canonical = load_canonical()
    before: deque[Moment] = deque(maxlen=AHEAD)
    waiting: deque[tuple[P, Moment]] = deque()
    for frame, moment in moments:
        waiting.append((frame, moment))
        if len(waiting) > AHEAD:
            yield _row(canonical, before, waiting, chooser, points)
    while waiting:
        yield _row(canonical, before, waiting, chooser, points)


def _live_rows(
    moments: Iterable[tuple[P, Moment]], chooser: Chooser, points: KeypointRefiner | None
) -> Iterator[tuple[P, tuple[TrackedFace, ...]]]:
    canonical, steady = load_canonical(), LiveFilter()
    before: deque[Moment] = deque(maxlen=AHEAD)
    last = Fraction(0)
    for frame, now in moments:
        time = frame.pts * frame.time_base if isinstance(frame, Frame) else last + _PERIOD
        found = steadied(canonical, before, now, (), chooser.choose(now))
        yield frame, refined(frame, steady.steadied(found, float(time - last)), points)
        before.append(now)
        last = time


def _row(
    canonical: Canonical,
    before: deque[Moment],
    waiting: deque[tuple[P, Moment]],
    chooser: Chooser,
    points: KeypointRefiner | None,
) -> tuple[P, tuple[TrackedFace, ...]]:
    frame, now = waiting.popleft()
    after = [moment for _, moment in waiting]
    found = steadied(canonical, before, now, after, chooser.choose(now))
    before.append(now)
    return frame, refined(frame, found, points)


def steadied(
    canonical: Canonical,
    before: Sequence[Moment],
    now: Moment,
    after: Sequence[Moment],
    chosen: Mapping[int, Assignment],
    within: Range = Range(),  # noqa: B008 - frozen
) -> tuple[TrackedFace, ...]:
    """The rows of one frame, of those who are chosen in it.

    Args:
        canonical: The mesh.
        before: Up to :data:`AHEAD` moments before it, oldest first.
        now: The frame's own.
        after: Up to :data:`AHEAD` moments after it.
        chosen: What is to happen to whom, by track.
        within: How far heads may turn.
    """
    found = []
    for track, assigned in chosen.items():
        past, sample = _run([now, *reversed(before)], track)[::-1], now.samples[track]
        future = _run([now, *after], track, forwards=True)
        row = smooth(canonical, track, past, sample, future)
        # A single picture is all that there is of it: half a face would be seen as that.
        weight = shown(past, sample, future, within) if before or after else 1.0
        row = replace(row, actor=assigned.actor, person=assigned.person, look=assigned.look)
        found.append(replace(row, weight=weight))
    return tuple(found)


def refined(
    picture: Picture, found: tuple[TrackedFace, ...], points: KeypointRefiner | None
) -> tuple[TrackedFace, ...]:
    """The rows with key points by ``points``, if there is such a model."""
    if points is None:
        return found
    return tuple(replace(row, face=points.refine_keypoints(picture, row.face)) for row in found)


def _run(moments: Sequence[Moment], track: int, *, forwards: bool = False) -> list[Sample]:
    """The track's samples after the first moment, up to where it breaks off or the shot ends.

    Where it goes on under another number from one frame to the next, it is the same face.
    """
    samples = []
    for last, moment in itertools.pairwise(moments):
        if track not in moment.samples:
            heirs = {old: new for new, old in moment.follows.items()} if forwards else last.follows
            track = heirs.get(track, -1)
        if track not in moment.samples or moment.shot != last.shot:
            break
        samples.append(moment.samples[track])
    return samples
