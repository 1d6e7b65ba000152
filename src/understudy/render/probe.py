"""When the result is measured: twice a second of film at the most, and within a share of the render's time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

from understudy.core.types import Face, TrackedFace
from understudy.media.frame import Frame
from understudy.render.gauge import Gauge, View, flicker, scaled, view

__all__ = ["EVERY", "Probe", "Prober", "Purse"]

EVERY: Final = Fraction(1, 2)
"""Seconds of film between two moments that are measured."""

_Measure = Literal["likeness", "expression", "flicker"]
_SHARES: Final[dict[_Measure, tuple[float, float]]] = {
    "likeness": (0.012, 0.1),
    "expression": (0.006, 0.05),
    "flicker": (0.006, 0.05),
}
_NOT_MEASURED: Final = float("nan")


class Purse:
    """Processor time that may be spent on one kind of work. Used by two threads.

    Args:
        share: Of the time that ``clock`` counts.
        free: Seconds besides. One piece of work more may be begun before it is seen that they are spent.
        clock: Seconds of the render's processor time.
    """

    def __init__(self, share: float, free: float, clock: Callable[[], float]) -> None:
        self._share, self._free, self._clock = share, free, clock
        self._start, self._spent = clock(), 0.0
        self._lock = threading.Lock()

    @property
    def affords(self) -> bool:
        """Whether there is any left."""
        return self._spent <= self._free + self._share * (self._clock() - self._start)

    @contextmanager
    def paid(self) -> Iterator[None]:
        """What this thread does meanwhile is paid from it."""
        begun = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self._spent += time.thread_time() - begun


@dataclass(eq=False)
class Probe:
    """A face that is measured when it comes out.

    Attributes:
        face: It, as analysis has it.
        measures: What is measured besides flicker.
        before: How it looks in the target; None when flicker is not measured.
        first: The same face a frame earlier, if that was a probe; flicker is between the two.
        after: How it came out.
    """

    face: TrackedFace
    measures: frozenset[_Measure]
    before: View | None
    first: Probe | None = None
    after: View | None = None


class Prober:
    """Chooses what is measured, and measures it. Its two ends may be at work in two threads.

    Args:
        gauge: What measures.
        clock: Seconds of processor time, of which measuring gets its share.
    """

    def __init__(self, gauge: Gauge, clock: Callable[[], float]) -> None:
        self._gauge = gauge
        self._purses = {name: Purse(share, free, clock) for name, (share, free) in _SHARES.items()}
        self._probed: dict[int, Fraction] = {}
        self._next = Fraction(0)
        self._last: tuple[int, int, Probe] | None = None

    def came_in(
        self, number: int, shot: int, when: Fraction, frame: Frame, faces: Sequence[TrackedFace]
    ) -> Probe | None:
        """Whom to measure in a frame, which is not changed yet.

        Args:
            number, shot, when: Of the frame; seconds from the film's beginning.
            frame: It.
            faces: That will be changed.
        """
        last, self._last = self._last, None
        if last is not None and last[:2] == (number - 1, shot):
            same = next((face for face in faces if face.track == last[2].face.track), None)
            return None if same is None else Probe(same, frozenset(), self._view(frame, same.face), last[2])
        seen = [face for face in faces if not face.bridged and face.weight > 0]
        measures = frozenset(name for name, purse in self._purses.items() if purse.affords)
        if when < self._next or not seen or not measures:
            return None
        self._next = when + EVERY
        # Whoever was not measured for the longest time.
        face = min(seen, key=lambda each: self._probed.get(each.track, Fraction(-1)))
        self._probed[face.track] = when
        probe = Probe(face, measures, self._view(frame, face.face) if "flicker" in measures else None)
        if probe.before is not None:
            self._last = (number, shot, probe)
        return probe

    def came_out(self, number: int, probe: Probe, frame: Frame, scale: float) -> tuple[Any, ...] | None:
        """What was measured, as a row of :data:`SAMPLE`; None is nothing.

        Args:
            number: The frame's.
            probe: What was to be measured in it; the face was changed.
            frame: The result.
            scale: How many times as large it is.
        """
        face = scaled(probe.face.face, scale)
        likeness = expression = change = _NOT_MEASURED
        if probe.before is not None:
            probe.after = self._view(frame, face)
        first, probe.first = probe.first, None
        if first is not None:
            if first.before is None or first.after is None or probe.before is None or probe.after is None:
                return None
            with self._purses["flicker"].paid():
                change = flicker((first.before, probe.before), (first.after, probe.after))
        if "likeness" in probe.measures:
            with self._purses["likeness"].paid():
                likeness = self._gauge.likeness(frame, face, probe.face.actor)
        if "expression" in probe.measures:
            with self._purses["expression"].paid():
                expression = self._gauge.expression(frame, face)
        return number, probe.face.track, likeness, expression, change

    def _view(self, frame: Frame, face: Face) -> View | None:
        with self._purses["flicker"].paid():
            return view(frame, face)
