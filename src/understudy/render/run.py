"""Decode, analysis, swap and encoding overlapped: a thread each, with bounded queues between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
from threadpoolctl import threadpool_limits

from understudy.core.background import Background
from understudy.core.system import usable_cpus
from understudy.core.types import Progress, RenderSegment
from understudy.media.frame import Frame
from understudy.media.streams import FrameSink
from understudy.render.steps import Row, Swapped, swap_frame
from understudy.vision.roles import Swapper

__all__ = ["Analysis", "Tally", "render"]

Analysis = Callable[[Iterable[Frame]], Iterator[Row]]
"""Finds the faces of frames that come by, looking ahead as far as it needs."""

T = TypeVar("T")

# Frames that may wait between two stages: enough to even out their pace, little memory at 4K.
_QUEUE = 4
_RECENT = 5.0


@dataclass(frozen=True)
class Tally:
    """What a render did.

    Attributes:
        frames: Written.
        found: In which analysis found a face.
        swapped: In which at least one face was replaced.
        low_confidence: Swapped ones with a face that cannot be trusted.
        seconds: From the first frame's request to the last packet.
    """

    frames: int = 0
    found: int = 0
    swapped: int = 0
    low_confidence: int = 0
    seconds: float = 0.0

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    def plus(self, done: Swapped, seconds: float) -> Tally:
        """The tally with one frame more."""
        return Tally(
            self.frames + 1,
            self.found + (done.found > 0),
            self.swapped + (done.replaced > 0),
            self.low_confidence + done.low_confidence,
            seconds,
        )


def render(
    segment: RenderSegment,
    frames: Iterable[Frame],
    analyse: Analysis,
    swapper: Swapper,
    actor: Any,
    sink: FrameSink,
    total: int | None = None,
) -> Generator[Progress, None, Tally]:
    """Render a segment into a sink, which is finished but not published.

    However it ends (error, Ctrl+C, the generator closed) every thread has ended, and the sink is closed, when
    it returns. An error in any stage re-raises here.

    Args:
        segment: Which frames to write; the others only lead analysis in.
        frames: In order of time.
        analyse: Finds the faces.
        swapper: The engine.
        actor: What its ``prepare`` returned.
        sink: Takes the frames; one of its ``finish`` and ``abort`` is called here.
        total: Frames to expect.

    Yields:
        One item per frame.

    Returns:
        What was done.
    """
    tally = Tally()
    pace = _Pace(total)
    with ExitStack() as stages:
        stages.enter_context(_quiet_libraries())
        # Runs last: the sink must not be closed while a stage still writes to it.
        stages.callback(sink.abort)
        decoded = _stage(stages, frames, "decode")
        analysed = _stage(stages, analyse(decoded), "analyse")
        swapped = _stage(stages, _swapped(analysed, segment, swapper, actor), "swap")
        encoded = _stage(stages, _encoded(swapped, sink), "encode")
        stages.callback(_stop, (decoded, analysed, swapped, encoded))
        for done in encoded:
            if done is None:
                continue
            seconds, fps, eta = pace.step(tally.frames + 1)
            tally = tally.plus(done, seconds)
            yield Progress("render", tally.frames, total, "frames", fps, eta, done.found)
    return tally


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Leave the cores to the stages: OpenCV's own threads wait for work by spinning (28 against 34 core-ms a
    frame), and BLAS does the same over our small matrices (twice the time of analysis and swap)."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(max(usable_cpus() // 4, 1))
    try:
        with threadpool_limits(1, "blas"):
            yield
    finally:
        cv2.setNumThreads(before)


def _stage(stages: ExitStack, items: Iterable[T], name: str) -> Background[T]:
    stage = Background(items, _QUEUE, f"understudy-{name}")
    stages.callback(stage.join)
    stages.callback(stage.stop)
    return stage


def _stop(stages: Iterable[Background[Any]]) -> None:
    # All before the first is joined: one that waits for its neighbour would never end.
    for stage in stages:
        stage.stop()


def _swapped(rows: Iterable[Row], segment: RenderSegment, swapper: Swapper, actor: Any) -> Iterator[Swapped]:
    for row in rows:
        pts = row[0].pts
        if segment.stop is not None and pts >= segment.stop:
            return
        if segment.start is None or pts >= segment.start:
            yield swap_frame(row, swapper, actor)


def _encoded(frames: Iterable[Swapped], sink: FrameSink) -> Iterator[Swapped | None]:
    for done in frames:
        sink.write(done.frame)
        yield done
    for _ in sink.drain():
        yield None
    sink.finish()


class _Pace:
    """Recent speed, and how long the rest will take at it."""

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
