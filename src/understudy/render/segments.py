"""A film as a sequence of segments that are committed one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from understudy.core.types import RenderSegment
from understudy.media.frame import Frame
from understudy.media.segments import SegmentWriter
from understudy.media.stills import StillsWriter
from understudy.render.journal import Journal
from understudy.render.record import record_name
from understudy.render.recorder import Recorder
from understudy.render.run import Tally
from understudy.render.space import Space
from understudy.render.steps import Swapped
from understudy.safety.watch import Watch

__all__ = ["SPAN", "Partition", "SegmentedSink"]

SPAN: Final = Fraction(10)
"""Seconds of film in a segment: what a crash costs, against what another encoder's start costs."""


@dataclass(frozen=True)
class Partition:
    """How a film is cut: by time alone, so that every run and every worker cuts it alike.

    Attributes:
        origin: When it begins, in seconds on the source's clock.
        span: Seconds in a segment.
    """

    origin: Fraction
    span: Fraction

    def at(self, frame: Frame) -> RenderSegment:
        """The segment that a frame belongs to."""
        index = max(int((frame.pts * frame.time_base - self.origin) // self.span), 0)
        return RenderSegment(index, self.origin + index * self.span, self.origin + (index + 1) * self.span)


class SegmentedSink:
    """Takes rendered frames, and commits each segment as soon as the next one begins.

    Args:
        journal: What is committed already; its frames must not come again.
        partition: Which frame belongs where.
        suffix: Of a segment's file.
        open_writer: Makes the writer of a segment.
        space: Is watched after each segment.
        watch: The content gate; it sees every frame, and without its leave nothing is committed.
        stills: Also gets every frame.
        recorder: Also gets every frame; its record is on the disk before a segment counts.
    """

    def __init__(
        self,
        journal: Journal,
        partition: Partition,
        suffix: str,
        open_writer: Callable[[Path], SegmentWriter],
        space: Space,
        watch: Watch,
        stills: StillsWriter | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._recorder = recorder
        self._journal, self._partition, self._suffix = journal, partition, suffix
        self._open_writer, self._space, self._watch, self._stills = open_writer, space, watch, stills
        self._writer: SegmentWriter | None = None
        self._index = -1
        self._tally = Tally()

    def part(self, frame: Frame) -> int:
        """Number of the segment that a frame belongs to."""
        return self._partition.at(frame).index

    def missing(self, frame: Frame) -> bool:
        """Whether a frame is not committed yet."""
        return self._partition.at(frame).index not in self._journal.committed

    def write(self, done: Swapped) -> None:
        """Take the next frame (errors: see :class:`SegmentWriter`, :class:`Journal`)."""
        index = self._partition.at(done.frame).index
        if index != self._index:
            self.finish()
            self._index = index
            self._tally = Tally()
            self._writer = self._open_writer(self._journal.draft(index, self._suffix))
        assert self._writer is not None
        self._tally = self._tally.plus(done)
        self._watch.came_out(done.frame)
        if self._recorder is not None:
            self._recorder.came_out(done)
        if self._stills is not None:
            # Before the writer, which may give the frame's planes away. Those before it are all committed by now.
            before = sum(len(each.pts) for each in self._journal.committed.values() if each.index < index)
            self._stills.write(done.frame, before + self._tally.frames)
        self._writer.write(done.frame)

    def drain(self) -> Iterator[None]:
        """Bring out what the encoder holds back, in small steps."""
        if self._writer is not None:
            yield from self._writer.drain()

    def finish(self) -> None:
        """Commit the segment at hand."""
        if self._writer is None:
            return
        segment = self._writer.finish()
        self._writer = None
        allow = self._watch.allow(self._index)
        if self._recorder is not None:
            self._recorder.take().save(self._journal.folder / record_name(self._index))
        self._journal.commit(self._index, segment, self._tally.counts, allow)
        self._space.watch(self._journal.frames, self._journal.bytes)

    def abort(self) -> None:
        """Let go of the segment at hand; what is committed stays."""
        if self._writer is not None:
            self._writer.abort()
            self._writer = None
