"""Keyframes: a face is drawn in some frames, and carried from them to the frames between.

Each face has its own keyframes. A frame waits until all of its faces are known, and no face waits for more than
the work's ``reach`` of frames, so that what waits is bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from understudy.core.types import TrackedFace
from understudy.render.steps import Row, Swapped, Work, face_changes, lay_down
from understudy.vision.canonical import load_canonical
from understudy.vision.carry import Drawn, carry
from understudy.vision.recall import Recall
from understudy.vision.roles import Patch
from understudy.vision.sight import Sight, change, see

__all__ = ["carried"]

_SURE: Final = 0.5  # confidence below which a face is drawn in every frame


@dataclass(frozen=True, eq=False)
class _Shot:
    """A frame that waits; what is laid over its faces, and what is kept of those that are still to come, by track."""

    row: Row
    changes: dict[int, tuple[Patch, ...]] = field(default_factory=dict)
    sights: dict[int, Sight] = field(default_factory=dict)
    how: set[Literal["drawn", "carried", "reused"]] = field(default_factory=set)

    @property
    def ready(self) -> bool:
        return len(self.changes) == len(self.row[1])

    @property
    def pts(self) -> int:
        return self.row[0].pts

    def finish(self, work: Work) -> Swapped:
        """The frame with its faces."""
        changed = [(face, changes) for face in self.row[1] if (changes := self.changes[face.track])]
        afresh, moved = "drawn" in self.how, "carried" in self.how
        return replace(
            lay_down(self.row, changed, work),
            carried=moved and not afresh,
            reused="reused" in self.how and not afresh and not moved,
        )


@dataclass(eq=False)
class _Thread:
    """One face, from its last keyframe on."""

    key: Drawn
    since: int
    waiting: list[_Shot] = field(default_factory=list)


def carried(rows: Iterable[Row], work: Work, recall: Recall) -> Iterator[Swapped]:
    """Draw the faces of some frames and carry them to the others.

    Args:
        rows: Of one segment; each track's first and last frame are keyframes.
        work: What to do; its ``keyframes`` say which others are.
        recall: What its models have been given.
    """
    carrier = _Carrier(work, recall)
    line: deque[_Shot] = deque()
    for row in rows:
        shot = _Shot(row)
        line.append(shot)
        carrier.meet(shot)
        while line and line[0].ready:
            yield line.popleft().finish(work)
    carrier.close()
    while line:
        yield line.popleft().finish(work)


class _Carrier:
    def __init__(self, work: Work, recall: Recall) -> None:
        self._work, self._recall = work, recall
        self._auto = work.keyframes == "auto"
        self._canonical = load_canonical()
        self._threads: dict[int, _Thread] = {}

    def meet(self, shot: _Shot) -> None:
        """Take the next frame."""
        frame, faces = shot.row
        here = {face.track for face in faces}
        for track in [track for track in self._threads if track not in here]:
            self._end(track)
        for face in faces:
            sight = see(self._canonical, frame, face)
            thread = self._threads.get(face.track)
            if thread is not None and (sight is None or not _goes_on(thread.key.sight.face, face)):
                self._end(face.track)
                thread = None
            if sight is None:
                self._draw(shot, face)
                continue
            shot.sights[face.track] = sight
            if thread is None:
                self._threads[face.track] = _Thread(self._key(shot, face.track), shot.pts)
            else:
                self._follow(thread, shot, face.track)

    def close(self) -> None:
        """There are no more frames."""
        for track in list(self._threads):
            self._end(track)

    def _follow(self, thread: _Thread, shot: _Shot, track: int) -> None:
        late = len(thread.waiting) + 1 >= self._work.reach
        sight = shot.sights[track]
        if not late and not (self._auto and self._changed(sight, thread.key.sight)):
            thread.waiting.append(shot)
            return
        if self._auto and thread.waiting and self._changed(sight, thread.waiting[-1].sights[track]):
            # A jump: what came before it must not be seen through the blend.
            self._reach(thread, thread.waiting.pop(), track)
        self._reach(thread, shot, track)

    def _changed(self, now: Sight, then: Sight) -> bool:
        doubtful = min(now.face.face.confidence, then.face.face.confidence) < _SURE
        return doubtful or change(self._canonical, now, then) >= 1

    def _reach(self, thread: _Thread, shot: _Shot, track: int) -> None:
        """Make the frame a keyframe, and carry to those that waited for it."""
        key = self._key(shot, track)
        for between in thread.waiting:
            share = (between.pts - thread.since) / (shot.pts - thread.since)
            patch = carry(self._canonical, between.row[0], between.sights.pop(track), thread.key, key, share)
            between.changes[track] = () if patch is None else (patch,)
            between.how.add("carried")
        thread.key, thread.since, thread.waiting = key, shot.pts, []

    def _end(self, track: int) -> None:
        thread = self._threads.pop(track)
        if thread.waiting:
            self._reach(thread, thread.waiting.pop(), track)

    def _key(self, shot: _Shot, track: int) -> Drawn:
        sight = shot.sights[track]
        return Drawn.of(sight, self._draw(shot, sight.face))

    def _draw(self, shot: _Shot, face: TrackedFace) -> tuple[Patch, ...]:
        drawn, given = self._recall.drawn, self._recall.given
        changes = face_changes(shot.row[0], face, self._work)
        again = self._recall.drawn == drawn and self._recall.given > given
        shot.changes[face.track] = changes
        shot.how.add("reused" if again else "drawn")
        return changes


def _goes_on(before: TrackedFace, now: TrackedFace) -> bool:
    """Whether the same is done to a face as before."""
    return (before.actor, before.look, before.bridged) == (now.actor, now.look, now.bridged)
