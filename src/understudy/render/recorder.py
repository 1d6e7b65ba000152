"""Writing down what a render does, as its frames go by.

Like the content gate it stands at both ends: the frames before they are changed, and the same frames afterwards.
Measuring and taking pictures may cost 3 % of the render's processor time and a quarter of a second.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from understudy.analysis.shots import CutDetector
from understudy.core.report import Report
from understudy.core.types import TrackedFace
from understudy.core.verdict import Allow
from understudy.media.frame import Frame
from understudy.render.gauge import Gauge
from understudy.render.glimpses import Look, Onlooker, worst
from understudy.render.probe import Probe, Prober
from understudy.render.record import FACE, FRAME, SAMPLE, Glimpse, Record
from understudy.render.steps import Row, Swapped

__all__ = ["Cuts", "Recorder", "Reporter"]


class Reporter(Protocol):
    """Makes the report of a render."""

    @property
    def gauge(self) -> Gauge:
        """What measures the result."""

    def publish(self, record: Record, frames: int, allow: Allow) -> Report:
        """Write the page.

        Args:
            record: Of the whole film, as far as there is one.
            frames: That the film has.
            allow: The content gate's leave for all of it.

        Raises:
            OutputError: It cannot be written.
        """


class Cuts:
    """A cut detector that may be asked several times of the same frame, and looks once."""

    def __init__(self) -> None:
        self._detector = CutDetector()
        self._last: Frame | None = None
        self._answer = False

    def __call__(self, frame: Frame) -> bool:
        """Whether this frame, the next or the same as before, begins a new shot."""
        if frame is not self._last:
            self._last, self._answer = frame, self._detector.is_cut(frame)
        return self._answer


@dataclass(frozen=True, eq=False)
class _Passing:
    """A frame on its way."""

    number: int
    time: float
    shot: int
    width: int
    faces: tuple[TrackedFace, ...]
    probe: Probe | None
    looks: tuple[Look, ...]


@dataclass(eq=False)
class _Notes:
    """What was written down and not taken yet."""

    frames: list[Any] = field(default_factory=list)
    faces: list[Any] = field(default_factory=list)
    samples: list[Any] = field(default_factory=list)
    glimpses: list[Glimpse] = field(default_factory=list)


class Recorder:
    """The record of one render. Its two ends may be at work in two threads.

    Args:
        gauge: What measures.
        is_cut: Whether a frame, in order of time, begins a shot.
        origin: When the film begins, in seconds on the source's clock.
        clock: Seconds of processor time, of which measuring gets its share.
    """

    def __init__(
        self,
        gauge: Gauge,
        is_cut: Callable[[Frame], bool],
        origin: Fraction = Fraction(0),
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        self._is_cut, self._origin = is_cut, origin
        self._prober, self._onlooker = Prober(gauge, clock), Onlooker(clock)
        self._passing: deque[_Passing] = deque()
        self._notes = _Notes()

    def rows(self, rows: Iterable[Row], wanted: Callable[[Frame], bool]) -> Iterator[Row]:
        """Let frames go by on their way to be changed; those that are not wanted will not come out."""
        shot = 0
        for number, (frame, faces) in enumerate(rows):
            shot += self._is_cut(frame)
            if wanted(frame):
                when = frame.pts * frame.time_base - self._origin
                probe = self._prober.came_in(number, shot, when, frame, faces)
                looks = self._onlooker.came_in(number, shot, when, frame, faces)
                self._passing.append(_Passing(number, float(when), shot, frame.width, faces, probe, looks))
            yield frame, faces

    def came_out(self, done: Swapped) -> None:
        """Take down a frame after it was changed."""
        seen, notes, frame = self._passing.popleft(), self._notes, done.frame
        scale = frame.width / seen.width
        notes.frames.append((seen.number, seen.time, seen.shot))
        notes.faces += [_row(seen.number, face, face.track in done.drawn) for face in seen.faces]
        if seen.probe is not None and seen.probe.face.track in done.drawn:
            sample = self._prober.came_out(seen.number, seen.probe, frame, scale)
            notes.samples += [] if sample is None else [sample]
        for look in seen.looks:
            glimpse = self._onlooker.came_out(seen.number, look, frame, scale)
            notes.glimpses = worst([*notes.glimpses, *([] if glimpse is None else [glimpse])])

    def take(self) -> Record:
        """What was written down since this was last called."""
        notes, self._notes = self._notes, _Notes()
        return Record(
            np.array(notes.frames, FRAME),
            np.array(notes.faces, FACE),
            np.array(notes.samples, SAMPLE),
            tuple(notes.glimpses),
        )


def _row(number: int, face: TrackedFace, drawn: bool) -> tuple[Any, ...]:
    person = -1 if face.person is None else face.person
    said = face.face.confidence, ",".join(face.face.flags)
    middle = (face.face.bbox[:2] + face.face.bbox[2:]) / 2
    place = *middle.tolist(), face.face.size
    return number, face.track, person, face.actor, drawn, face.bridged, face.weight, *said, *place
