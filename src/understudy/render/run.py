"""Decode, analysis, swap and encoding overlapped: a thread each, with bounded queues between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

import cv2
from threadpoolctl import threadpool_limits

from understudy.core.background import Background
from understudy.core.system import usable_cpus
from understudy.core.types import Progress
from understudy.media.frame import Frame
from understudy.render.memory import MOST
from understudy.render.reuse import draw_film
from understudy.render.steps import Row, Swapped, Work

__all__ = ["Analysis", "Pace", "Sink", "Tally", "quiet_libraries", "render"]

Analysis = Callable[[Iterable[Frame]], Iterator[Row]]
"""Finds the faces of frames that come by, looking ahead as far as it needs."""

T = TypeVar("T")


class Sink(Protocol):
    """Takes what is rendered, in order of time. One of ``finish`` and ``abort`` ends it."""

    def write(self, done: Swapped) -> None:
        """Take the next frame; its planes may change afterwards."""

    def drain(self) -> Iterator[None]:
        """Bring out what is still inside, in small steps between which the work can be called off."""

    def finish(self) -> None:
        """Complete the result."""

    def abort(self) -> None:
        """Let go of everything that is not complete. Never raises, and may be called twice."""


_RECENT = 5.0


@dataclass(frozen=True)
class Tally:
    """What a render did.

    Attributes:
        frames: Written.
        found: In which analysis found a face.
        swapped: In which at least one face was replaced or restored.
        low_confidence: Swapped ones with a face that cannot be trusted.
        carried: To which faces were carried from other frames, and none was drawn.
        reused: In which all that is new had been drawn before.
        faded: In which a face was shown in part or not at all, because its head is turned too far.
        seconds: From the first frame's request to the last packet.
    """

    frames: int = 0
    found: int = 0
    swapped: int = 0
    low_confidence: int = 0
    carried: int = 0
    reused: int = 0
    faded: int = 0
    seconds: float = 0.0

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def counts(self) -> dict[str, int]:
        """What was counted, by name, for keeping."""
        return {name: value for name, value in asdict(self).items() if name != "seconds"}

    def plus(self, done: Swapped, seconds: float = 0.0) -> Tally:
        """The tally with one frame more."""
        return Tally(
            self.frames + 1,
            self.found + (done.found > 0),
            self.swapped + (done.replaced > 0),
            self.low_confidence + done.low_confidence,
            self.carried + done.carried,
            self.reused + done.reused,
            self.faded + done.faded,
            seconds,
        )


def render(
    frames: Iterable[Frame],
    analyse: Analysis,
    work: Work,
    sink: Sink,
    *,
    wanted: Callable[[Frame], bool] | None = None,
    part: Callable[[Frame], int] | None = None,
    done: int = 0,
    total: int | None = None,
    queue: int = MOST,
) -> Generator[Progress, None, Tally]:
    """Render frames into a sink, which is finished.

    However it ends (error, Ctrl+C, the generator closed) every thread has ended, and the sink is closed, when
    it returns. An error in any stage re-raises here.

    Args:
        frames: In order of time.
        analyse: Finds the faces.
        work: What to do to each.
        sink: Takes the frames; one of its ``finish`` and ``abort`` is called here.
        wanted: Which frames to render, by default all; the others only lead analysis in.
        part: Number of the segment that a frame belongs to, across which nothing is remembered.
        done: Frames that were rendered before, for the progress.
        total: Frames to expect, those included.
        queue: Frames that may wait between two stages.

    Yields:
        One item per frame.

    Returns:
        What was done here.
    """
    tally = Tally()
    pace = Pace(None if total is None else total - done)
    with ExitStack() as stages:
        stages.enter_context(quiet_libraries())
        # Runs last: the sink must not be closed while a stage still writes to it.
        stages.callback(sink.abort)
        decoded = _stage(stages, frames, queue, "decode")
        analysed = _stage(stages, analyse(decoded), queue, "analyse")
        swapped = _stage(stages, draw_film(_wanted(analysed, wanted), work, part), queue, "swap")
        encoded = _stage(stages, _encoded(swapped, sink), queue, "encode")
        stages.callback(_stop, (decoded, analysed, swapped, encoded))
        for row in encoded:
            if row is None:
                continue
            seconds, fps, eta = pace.step(tally.frames + 1)
            tally = tally.plus(row, seconds)
            yield Progress("render", done + tally.frames, total, "frames", fps, eta, row.found)
    return tally


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Leave the cores to the stages: OpenCV's own threads wait for work by spinning (28 against 34 core-ms a
    frame), and BLAS does the same over our small matrices (twice the time of analysis and swap)."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(max(usable_cpus() // 4, 1))
    try:
        with threadpool_limits(1, "blas"):
            yield
    finally:
        cv2.setNumThreads(before)


def _stage(stages: ExitStack, items: Iterable[T], queue: int, name: str) -> Background[T]:
    stage = Background(items, queue, f"understudy-{name}")
    stages.callback(stage.join)
    stages.callback(stage.stop)
    return stage


def _stop(stages: Iterable[Background[Any]]) -> None:
    # All before the first is joined: one that waits for its neighbour would never end.
    for stage in stages:
        stage.stop()


def _wanted(rows: Iterable[Row], wanted: Callable[[Frame], bool] | None) -> Iterator[Row]:
    return (row for row in rows if wanted is None or wanted(row[0]))


def _encoded(frames: Iterable[Swapped], sink: Sink) -> Iterator[Swapped | None]:
    for done in frames:
        sink.write(done)
        yield done
    for _ in sink.drain():
        yield None
    sink.finish()


class Pace:
    """Recent speed, and how long the rest will take at it.

    Args:
        total: What there is to do, if it is known.
    """

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._start = time.monotonic()
        self._recent: deque[tuple[float, int]] = deque([(self._start, 0)])

    def step(self, done: int) -> tuple[float, float | None, float | None]:
        """(seconds since the start, frames per second, seconds that remain)."""
        now = time.monotonic()
        self._recent.append((now, done))
        while len(self._recent) > 2 and now - self._recent[0][0] > _RECENT:
            self._recent.popleft()
        then, before = self._recent[0]
        fps = (done - before) / (now - then) if now > then else None
        eta = max(self._total - done, 0) / fps if fps and self._total is not None else None
        return now - self._start, fps, eta
