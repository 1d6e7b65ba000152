"""Watching a film on its way through a render: its frames before they are changed, and the same frames afterwards.

It shares the render's decode: analysis' rows go by, some frames are looked at, and when these come out at the other end
their new faces are looked at. What lies outside them is still what the target's evidence is about.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from understudy.core.errors import SafetyError, Undetermined
from understudy.core.types import Face, TrackedFace
from understudy.core.verdict import Allow, Part
from understudy.media.frame import Frame
from understudy.safety.change import Before
from understudy.safety.evidence import Sample
from understudy.safety.guard import Guard
from understudy.safety.look import Place
from understudy.safety.schedule import Schedule

__all__ = ["Subject", "Watch"]

_Row = tuple[Frame, tuple[TrackedFace, ...]]


@dataclass(frozen=True, eq=False)
class Subject:
    """What is watched.

    Attributes:
        target, output: Names of the files.
        target_key: Everything that decides what is seen of the target; None keeps nothing of it.
        output_key: The same of the result.
        origin: When it begins, in seconds on the source's clock.
        segment_of: The number of the part that a frame is committed with.
        is_cut: Whether a frame, in order of time, begins a shot.
    """

    target: str
    output: str
    target_key: Any = None
    output_key: Any = None
    origin: Fraction = Fraction(0)
    segment_of: Callable[[Frame], int] = lambda _frame: 0
    is_cut: Callable[[Frame], bool] = lambda _frame: False


@dataclass(frozen=True, eq=False)
class _Due:
    """A frame that is to be looked at when it comes out."""

    segment: int
    pts: int
    size: tuple[int, int]
    faces: tuple[Face, ...]
    known: Sample
    before: Before


class Watch:
    """The evidence of one job. Its two ends may be at work in two threads.

    Args:
        guard: The gate.
        subject: What is watched.
    """

    def __init__(self, guard: Guard, subject: Subject) -> None:
        self._guard, self._subject = guard, subject
        policy = guard.terms.policy
        self._schedule = Schedule(policy.sampling.per_second, policy.views.of_people)
        self._target: defaultdict[int, list[Sample]] = defaultdict(list)
        self._output: defaultdict[int, list[Sample]] = defaultdict(list)
        self._kept: dict[tuple[Part, int], tuple[Sample, ...] | None] = {}
        self._due: deque[_Due] = deque()
        self._judged: set[int] = set()
        self._in: Counter[int] = Counter()
        self._out: Counter[int] = Counter()

    def rows(self, rows: Iterable[_Row]) -> Iterator[_Row]:
        """Let frames go by on their way to be changed.

        Raises:
            Blocked, Undetermined: What was seen is not allowed, or could not be looked at.
        """
        held: _Row | None = None
        number = -1
        for number, row in enumerate(rows):
            if held is not None:
                self._came_in(held, number - 1, last=False)
                yield held
            held = row
        if held is not None:
            self._came_in(held, number, last=True)
            yield held

    def came_out(self, frame: Frame) -> None:
        """Look at a frame after it was changed, if it is one of those (errors: as :meth:`rows`)."""
        index = self._subject.segment_of(frame)
        self._out[index] += 1
        if not self._due or (self._due[0].segment, self._due[0].pts) != (index, frame.pts):
            return
        due = self._due.popleft()
        place = Place("output", self._subject.output, due.known.frame, due.known.time)
        if (frame.width, frame.height) == due.size:
            sample = self._guard.inspector.look_changed(place, frame, due.faces, due.known, due.before)
        else:  # every pixel is new
            scale = frame.width / due.size[0]
            faces = [
                replace(face, bbox=face.bbox * scale, keypoints=face.keypoints * scale) for face in due.faces
            ]
            sample = self._guard.inspector.look(place, frame, faces)
        self._output[index].append(sample)
        self._judge(self._output[index], "output", frame)

    def allow(self, segment: int) -> Allow:
        """The gate's leave for one segment, all of whose frames have come out. What was seen of it is kept.

        Raises:
            Blocked, Undetermined: It is not given.
        """
        whole = self._out[segment] > 0 and self._out[segment] == self._in[segment]
        if not whole or any(due.segment == segment for due in self._due):
            raise Undetermined(
                f"{self._out[segment]} frames were rendered where the gate let {self._in[segment]} pass.",
                path=self._subject.target,
                next_step="Nothing was written. Please report it.",
            )
        allow = self._allowed([segment])
        self._keep("target", segment, self._samples("target", segment))
        self._keep("output", segment, self._samples("output", segment))
        return allow

    def allow_all(self, segments: Iterable[int]) -> Allow:
        """The gate's leave for the whole film (errors: as :meth:`allow`)."""
        return self._allowed(list(segments))

    def recall(self, segment: int, evidence: str) -> bool:
        """Whether what is kept of a segment of an earlier run is there, is the same, and is still allowed."""
        if not (self._known("target", segment) and self._known("output", segment)):
            return False
        try:
            return self._allowed([segment]).evidence == evidence
        except SafetyError:
            return False

    def _came_in(self, row: _Row, number: int, *, last: bool) -> None:
        frame, tracked = row
        index = self._subject.segment_of(frame)
        self._in[index] += 1
        if self._known("target", index) and self._known("output", index):
            if index not in self._judged:
                self._judged.add(index)
                self._allowed([index])
            return
        time = frame.pts * frame.time_base - self._subject.origin
        cut = self._subject.is_cut(frame)
        if not self._schedule.due(time, index, [face.track for face in tracked], cut=cut) and not last:
            return
        inspector, faces = self._guard.inspector, tuple(face.face for face in tracked)
        place = Place("target", self._subject.target, number, time)
        earlier = self._known("target", index) or ()
        sample = next((each for each in earlier if each.frame == number and each.time == time), None)
        if sample is None:
            tracks = [face.track for face in tracked]
            sample = inspector.look(place, frame, faces, tracks=tracks, turns=self._schedule.turns)
        self._target[index].append(sample)
        self._judge(self._target[index], "target", frame)
        size, before = (frame.width, frame.height), inspector.before(place, frame, faces)
        self._due.append(_Due(index, frame.pts, size, faces, sample, before))

    def _judge(self, samples: Sequence[Sample], part: Part, frame: Frame) -> None:
        """Stop at once at what is not allowed, while the picture of it is at hand."""
        window = self._guard.terms.policy.vote.window
        recent = [sample for sample in samples if samples[-1].time - sample.time <= window]
        self._guard.allow(recent, {part}, self._subject.target, frame)

    def _allowed(self, segments: Sequence[int]) -> Allow:
        actors = self._guard.actors
        if actors is None:
            raise Undetermined(
                "Nobody has looked at the actor's photos.",
                path=self._subject.target,
                next_step="Nothing was written. Please report it.",
            )
        samples = [
            each for part in ("target", "output") for one in segments for each in self._samples(part, one)
        ]
        missing = [
            one for one in segments if not (self._samples("target", one) and self._samples("output", one))
        ]
        if missing:
            samples = []
        return self._guard.allow([*actors, *samples], {"target", "output"}, self._subject.target)

    def _samples(self, part: Any, segment: int) -> Sequence[Sample]:
        fresh = (self._target if part == "target" else self._output).get(segment)
        return fresh or self._known(part, segment) or ()

    def _known(self, part: Part, segment: int) -> tuple[Sample, ...] | None:
        """What is kept of a segment."""
        if (part, segment) not in self._kept:
            key, name = self._key(part, segment)
            self._kept[part, segment] = None if key is None else self._guard.store.get(key, name)
        return self._kept[part, segment]

    def _keep(self, part: Part, segment: int, samples: Sequence[Sample]) -> None:
        key, _ = self._key(part, segment)
        if key is not None and self._known(part, segment) is None:
            self._guard.store.put(key, samples)

    def _key(self, part: Part, segment: int) -> tuple[str | None, str]:
        subject = self._subject
        what = subject.target_key if part == "target" else subject.output_key
        name = subject.target if part == "target" else subject.output
        return None if what is None else self._guard.key(part, {"what": what, "segment": segment}), name
