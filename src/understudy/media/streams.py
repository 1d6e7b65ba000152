"""Where frames come from and where they go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from understudy.core.types import MediaInfo, Notice
from understudy.media.frame import Frame

__all__ = ["FrameSink", "FrameSource"]


class FrameSource(Protocol):
    """Frames in the order in which they are shown, each with its own time."""

    @property
    def info(self) -> MediaInfo:
        """What the source holds."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was repaired or left out so far."""

    def __iter__(self) -> Iterator[Frame]:
        """Decode from the start; closing the iterator frees what it holds."""


class FrameSink(Protocol):
    """Takes frames in order of time. One of ``finish`` and ``abort`` ends it."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What could not be kept."""

    def write(self, frame: Frame) -> None:
        """Take the next frame; its planes may change afterwards."""

    def drain(self) -> Iterator[None]:
        """Bring out what is still inside, in small steps between which the work can be called off."""

    def finish(self) -> None:
        """Complete the result, but do not publish it."""

    def abort(self) -> None:
        """Let go of everything; the result is worthless. Never raises, and may be called twice."""
