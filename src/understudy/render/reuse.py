"""Frames in, frames done, a segment at a time: what need not be drawn again is not.

Whatever is remembered begins anew with each segment, so that a film comes out alike however often it was interrupted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

import numpy as np

from understudy.core.types import TrackedFace
from understudy.media.frame import Frame
from understudy.render.carry import carried
from understudy.render.steps import Row, Swapped, Work, swap_frame
from understudy.vision.recall import Recall

__all__ = ["draw_film"]

_STILL: Final = (
    0.01  # of a face's width: analysis sees the frames around, and so differs a little on equal ones
)


@dataclass(frozen=True, eq=False)
class _Run:
    """A row, and when its picture is shown again."""

    row: Row
    again: list[_Moment] = field(default_factory=list)


@dataclass(frozen=True)
class _Moment:
    """What of a frame is not its picture."""

    pts: int
    source_pts: int
    duration: int


def draw_film(
    rows: Iterable[Row], work: Work, part: Callable[[Frame], int] | None = None
) -> Iterator[Swapped]:
    """Replace and restore the faces of a film.

    Args:
        rows: In order of time.
        work: What to do to each.
        part: Number of the segment that a frame belongs to; None is one for all.

    Yields:
        Every frame, in order.
    """
    for _, segment in groupby(rows, lambda row: 0 if part is None else part(row[0])):
        yield from _segment(segment, work)


def _segment(rows: Iterable[Row], work: Work) -> Iterator[Swapped]:
    recall = Recall()
    work = work.recalling(recall)
    again: deque[list[_Moment]] = deque()

    def different() -> Iterator[Row]:
        for run in _runs(rows):
            again.append(run.again)
            yield run.row

    frames = different()
    drawn = _each(frames, work, recall) if work.keyframes == 1 else carried(frames, work, recall)
    for done in drawn:
        # Copied before it is given away: its planes may change then.
        for moment in again.popleft():
            copy = replace(done, frame=_at(done.frame, moment), carried=False, reused=True)
            yield done
            done = copy
        yield done


def _each(rows: Iterable[Row], work: Work, recall: Recall) -> Iterator[Swapped]:
    for row in rows:
        drawn, given = recall.drawn, recall.given
        done = swap_frame(row, work)
        yield replace(done, reused=recall.drawn == drawn and recall.given > given)


def _runs(rows: Iterable[Row]) -> Iterator[_Run]:
    """Rows whose pictures differ, each with those after it that show the same.

    A row is compared with the one before it while that is still as it came.
    """
    run: _Run | None = None
    for row in rows:
        frame, faces = row
        if run is not None and frame.same_as(run.row[0]) and _same_faces(faces, run.row[1]):
            duration = frame.native.duration if frame.native is not None else 0
            run.again.append(_Moment(frame.pts, frame.source_pts, duration or 0))
            continue
        if run is not None:
            yield run
        run = _Run(row)
    if run is not None:
        yield run


def _same_faces(some: tuple[TrackedFace, ...], others: tuple[TrackedFace, ...]) -> bool:
    return len(some) == len(others) and all(map(_same_face, some, others))


def _same_face(a: TrackedFace, b: TrackedFace) -> bool:
    if (a.track, a.actor, a.look, a.weight, a.bridged) != (b.track, b.actor, b.look, b.weight, b.bridged):
        return False
    if (a.face.confidence < 0.5) != (b.face.confidence < 0.5):
        return False
    return bool(np.abs(a.face.keypoints - b.face.keypoints).max() <= _STILL * a.face.size)


def _at(frame: Frame, moment: _Moment) -> Frame:
    """The same picture at another time."""
    copy = frame.copied(moment.pts, frame.time_base)
    copy.source_pts = moment.source_pts
    if copy.native is not None:
        copy.native.duration = moment.duration
    return copy
