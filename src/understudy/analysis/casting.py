"""Who is replaced, and by whom: decided track by track, so that nobody is swapped from one frame to the next.

Where it matters who somebody is, the whole film was analysed before, and each track belongs to one person. Where only
an order counts (the largest, the leftmost), who is chosen stays so while they are seen, over tracks that go on from
each other too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from understudy.analysis.moments import Moment
from understudy.core.casting import FaceOrder
from understudy.core.types import Face
from understudy.vision.select import ranked, weight

__all__ = ["Assignment", "Chooser", "LookSpan", "Rules"]

_STEADY: Final = 1.6  # a newcomer must weigh this much more than the face that is being replaced


@dataclass(frozen=True)
class Assignment:
    """What is to happen to a face.

    Attributes:
        actor: Which of the cast's actors plays it.
        person: Whose it is; None when people were not told apart.
        look: Which of the job's looks it gets.
    """

    actor: int
    person: int | None = None
    look: int = 0


@dataclass(frozen=True)
class LookSpan:
    """A look for somebody, or for some time.

    Attributes:
        look: Which of the job's looks; None leaves the face as it is.
        person: Whose; None is everybody's.
        start, stop: When, in seconds from the film's first frame; it ends where ``stop`` begins. None is open.
    """

    look: int | None
    person: int | None = None
    start: float | None = None
    stop: float | None = None

    def holds(self, person: int | None, seconds: float) -> bool:
        """Whether it is for that person at that time."""
        return (
            self.person in (None, person)
            and (self.start is None or seconds >= self.start)
            and (self.stop is None or seconds < self.stop)
        )


@dataclass(frozen=True, eq=False)
class Rules:
    """Whom to replace.

    Attributes:
        faces, order, position: As :class:`understudy.core.casting.Casting` has them.
        actor: Who plays those that are chosen by ``faces`` and ``order``; None replaces only who has a role.
        people: Number of the person that each track belongs to; empty when it does not matter.
        roles: Actor by person; they are found first.
        barred: People who stay as they are.
        looks: Who looks otherwise, and when; the last that holds counts.
    """

    faces: Literal["one", "many"] = "one"
    order: FaceOrder | None = None
    position: int = 1
    actor: int | None = 0
    people: Mapping[int, int] = field(default_factory=dict)
    roles: Mapping[int, int] = field(default_factory=dict)
    barred: frozenset[int] = frozenset()
    looks: tuple[LookSpan, ...] = ()


class Chooser:
    """Applies :class:`Rules` to the tracks of one film, in order of time.

    Args:
        rules: Whom to replace.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._held: int | None = None

    def choose(self, moment: Moment, seconds: float = 0.0) -> dict[int, Assignment]:
        """What is to happen to each face of the next frame.

        Args:
            moment: What is in it; landmarks are of no matter.
            seconds: When it is shown, from the film's first frame.

        Returns:
            By track, for those that are replaced.
        """
        rules = self._rules
        people = {track: rules.people.get(track) for track in moment.samples}
        actors: dict[int, int] = {}
        free: dict[int, Face] = {}
        for track, person in people.items():
            if person is not None and person in rules.roles:
                actors[track] = rules.roles[person]
            elif person is None or person not in rules.barred:
                free[track] = moment.samples[track].face
        if rules.actor is not None:
            actors |= dict.fromkeys(self._picked(free, moment.follows), rules.actor)
        chosen = {}
        for track, actor in actors.items():
            look = self._look(people[track], seconds)
            if look is not None:
                chosen[track] = Assignment(actor, people[track], look)
        return chosen

    def _picked(self, faces: Mapping[int, Face], follows: Mapping[int, int]) -> Iterable[int]:
        """Whom ``faces`` and ``order`` mean; when that is one, they stay the one while they are there."""
        rules = self._rules
        if rules.faces == "many":
            return list(faces)
        numbers = {face: number for number, face in faces.items()}
        order = [numbers[face] for face in ranked(list(numbers), rules.order)]
        if self._held is not None and self._held not in faces:
            self._held = next((track for track in order if follows.get(track) == self._held), None)
        if self._held is None:
            self._held = order[rules.position - 1] if len(order) >= rules.position else None
        elif (
            rules.order is None
            and rules.position == 1
            and weight(faces[order[0]]) > _STEADY * weight(faces[self._held])
        ):
            self._held = order[0]  # by default it is the largest; somebody much larger takes over
        return [] if self._held is None else [self._held]

    def _look(self, person: int | None, seconds: float) -> int | None:
        """Number of the look of a face; None leaves it as it is."""
        return next(
            (span.look for span in reversed(self._rules.looks) if span.holds(person, seconds)),
            0,
        )
