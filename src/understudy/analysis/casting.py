"""Who is replaced, and by whom: decided track by track, so that nobody is swapped from one frame to the next.

Who a track is, is looked at on its first frames, again when it is better seen, and once in a while; what the looks say
is averaged. So it is known by many pictures and costs an embedding in few. Where two faces meet, a tracker may mistake
one for the other: there every frame is looked at, and a track that from some frame on shows somebody else is somebody
else from that frame on (rows are given out a few frames late, when that is known).
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from understudy.analysis.moments import Moment
from understudy.core.plan import FaceOrder
from understudy.core.types import Face, FloatArray
from understudy.vision.roles import Attributes, Embedder, Looks, Picture
from understudy.vision.select import frontality, ranked, weight

__all__ = ["Assignment", "Chooser", "Rules", "Wanted"]

_STEADY: Final = 1.6  # a newcomer must weigh this much more than the face that is being replaced
_FIRST: Final = 3  # looks at a new track, frame by frame
_BETTER: Final = 1.25  # a view is better when it weighs so many times the best before
_AGAIN: Final = 24  # frames after which a track is looked at again even so
_KEPT: Final = 24  # frames for which somebody who left is remembered; more than rows are given out late
_SEEN: Final = 0.35  # frontality from which a face tells who it is
_NEAR: Final = 1.2  # distance of two faces, in their mean size, at which one may be taken for the other
_HELD: Final = 0.25  # how far towards 1 a bound is moved for whom somebody plays already
_OTHER: Final = 2  # looks in a row like another who is wanted that make a track that other
_NOBODY: Final = 4  # looks in a row like nobody who is wanted that make it a stranger


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


@dataclass(frozen=True, eq=False)
class Wanted:
    """A person of the target who is known by a picture.

    Attributes:
        embedding: (d,) of length 1.
        actor: Which of the cast's actors plays them.
    """

    embedding: FloatArray
    actor: int = 0


@dataclass(frozen=True, eq=False)
class Rules:
    """Whom to replace.

    Attributes:
        faces, order, position: As :class:`understudy.core.plan.Casting` has them.
        actor: Who plays those that are chosen by ``faces`` and ``order``; None replaces only who is wanted.
        wanted: People known by their pictures; they are found first.
        similarity: Least cosine to one of these.
        embedder: Tells who a face is; needed with ``wanted``.
        gender, age: Only faces that look so; need ``attributes``.
        attributes: Tells how a face looks.
    """

    faces: Literal["one", "many"] = "one"
    order: FaceOrder | None = None
    position: int = 1
    actor: int | None = 0
    wanted: tuple[Wanted, ...] = ()
    similarity: float = 0.0
    embedder: Embedder | None = None
    gender: Literal["female", "male"] | None = None
    age: tuple[int, int] | None = None
    attributes: Attributes | None = None


@dataclass
class _Identity:
    """Who a track is from some frame on: the sum of the looks at it."""

    since: int
    looks: int = 0
    best: float = 0.0
    total: FloatArray | float = 0.0
    looked: list[Looks] = field(default_factory=list)


@dataclass
class _Person:
    """A track: who it is and was (only as far back as rows may still be given out), and what speaks against that.

    ``seen`` is the last frame that it is in, and ``examined`` the last that it was looked at in.
    """

    identities: deque[_Identity]
    seen: int
    examined: int
    strikes: list[tuple[int, FloatArray]] = field(default_factory=list)

    @property
    def now(self) -> _Identity:
        return self.identities[-1]

    def at(self, frame: int) -> _Identity:
        return next((each for each in reversed(self.identities) if each.since <= frame), self.identities[0])


class Chooser:
    """Applies :class:`Rules` to the tracks of one film, in order of time.

    Args:
        rules: Whom to replace.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._people: dict[int, _Person] = {}
        self._before: dict[int, Face] = {}
        self._held: int | None = None
        self._playing: dict[int, int] = {}

    def look(self, picture: Picture, moment: Moment) -> None:
        """Learn who is there.

        Args:
            picture: The frame.
            moment: What is in it.
        """
        rules = self._rules
        if rules.embedder is None and rules.attributes is None:
            return
        frame, faces = moment.number, {track: sample.face for track, sample in moment.samples.items()}
        meeting = self._meeting(faces)
        for number, face in faces.items():
            person = self._people.get(number)
            if person is None:
                person = self._people[number] = _Person(deque([_Identity(frame)], maxlen=3), frame, frame)
            person.seen = frame
            if self._due(person, frame, face, number in meeting):
                self._examine(person, frame, picture, face)
        self._before = faces
        self._people = {n: person for n, person in self._people.items() if frame - person.seen < _KEPT}

    def choose(self, moment: Moment) -> dict[int, Assignment]:
        """What is to happen to each face that is replaced in a frame that was looked at.

        Args:
            moment: What is in it; it may lie some frames behind what was looked at last.

        Returns:
            By track.
        """
        frame, faces = moment.number, {track: sample.face for track, sample in moment.samples.items()}
        fitting = {number: face for number, face in faces.items() if self._looks_right(number, frame)}
        cast = self._recognised(frame, fitting)
        if self._rules.actor is not None:
            rest = {number: face for number, face in fitting.items() if number not in cast}
            cast |= dict.fromkeys(self._picked(rest), self._rules.actor)
        return {track: Assignment(actor) for track, actor in cast.items()}

    def _meeting(self, faces: Mapping[int, Face]) -> set[int]:
        """Tracks that are near another one, or near where one was lost just now."""
        everybody = {**self._before, **faces}
        return {
            number
            for pair in itertools.combinations(everybody, 2)
            if _near(*(everybody[number] for number in pair))
            for number in pair
        }

    def _due(self, person: _Person, frame: int, face: Face, meeting: bool) -> bool:
        now = person.now
        if now.looks == 0:
            return True
        if frontality(face) < _SEEN:
            return False
        return (
            meeting
            or bool(person.strikes)
            or now.looks < _FIRST
            or weight(face) > _BETTER * now.best
            or frame - person.examined >= _AGAIN
        )

    def _examine(self, person: _Person, frame: int, picture: Picture, face: Face) -> None:
        rules, now = self._rules, person.now
        person.examined = frame
        if rules.embedder is not None:
            seen = _unit(rules.embedder.embed(picture, face))
            if now.looks and self._somebody_else(person, frame, seen):
                now = person.now
            elif not person.strikes:
                now.total = now.total + weight(face) * seen
        if rules.attributes is not None:
            now.looked.append(rules.attributes.describe(picture, face))
        now.looks += 1
        now.best = max(now.best, weight(face))

    def _somebody_else(self, person: _Person, frame: int, seen: FloatArray) -> bool:
        """Whether this look, with those before, shows that the track went over to another person."""
        is_now, was = self._nearest(seen), self._nearest(_unit(person.now.total))
        if is_now == was:
            person.strikes.clear()
            return False
        person.strikes.append((frame, seen))
        if len(person.strikes) < (_NOBODY if is_now is None else _OTHER):
            return False
        since = person.strikes[0][0]
        total = np.sum([vector for _, vector in person.strikes], 0)
        person.identities.append(_Identity(since, total=total))
        person.strikes.clear()
        return True

    def _nearest(self, vector: FloatArray) -> int | None:
        """Which of those that are wanted it is most like, if it is like one."""
        alike = [float(vector @ wanted.embedding) for wanted in self._rules.wanted]
        best = int(np.argmax(alike)) if alike else 0
        return best if alike and alike[best] >= self._rules.similarity else None

    def _recognised(self, frame: int, faces: Mapping[int, Face]) -> dict[int, int]:
        """Actor by track for those that are wanted: the most alike first, and nobody twice."""
        rules = self._rules
        if not rules.wanted:
            return {}
        bonus = _HELD * (1 - rules.similarity)
        pairs = []
        for number in faces:
            known = _unit(self._people[number].at(frame).total)
            for index, wanted in enumerate(rules.wanted):
                held = bonus if self._playing.get(number) == index else 0.0
                pairs.append((float(known @ wanted.embedding) + held, number, index))
        playing: dict[int, int] = {}
        for alike, number, index in sorted(pairs, key=lambda pair: (-pair[0], *pair[1:])):
            if alike >= rules.similarity and number not in playing and index not in playing.values():
                playing[number] = index
        self._playing = playing
        return {number: rules.wanted[index].actor for number, index in playing.items()}

    def _looks_right(self, number: int, frame: int) -> bool:
        """Whether a track is of the gender and the age that are asked for, by most of the looks at it."""
        rules = self._rules
        if rules.gender is None and rules.age is None:
            return True
        looked = self._people[number].at(frame).looked
        if rules.gender is not None and 2 * sum(look.gender == rules.gender for look in looked) <= len(
            looked
        ):
            return False
        if rules.age is None:
            return True
        youngest, oldest = np.median([look.age for look in looked], 0)
        return bool(youngest <= rules.age[1] and oldest >= rules.age[0])

    def _picked(self, faces: Mapping[int, Face]) -> Iterable[int]:
        """Whom ``faces`` and ``order`` mean; when that is one, they stay the one while they are there."""
        rules = self._rules
        if rules.faces == "many":
            return list(faces)
        numbers = {face: number for number, face in faces.items()}
        order = [numbers[face] for face in ranked(list(numbers), rules.order)]
        held = self._held if self._held in faces else None
        if held is None:
            self._held = order[rules.position - 1] if len(order) >= rules.position else None
        elif (
            rules.order is None
            and rules.position == 1
            and weight(faces[order[0]]) > _STEADY * weight(faces[held])
        ):
            self._held = order[0]  # by default it is the largest; somebody much larger takes over
        return [] if self._held is None else [self._held]


def _near(one: Face, other: Face) -> bool:
    apart = (one.bbox[:2] + one.bbox[2:] - other.bbox[:2] - other.bbox[2:]) / 2
    return float(np.hypot(*apart)) < _NEAR * (one.size + other.size) / 2


def _unit(vector: FloatArray | float) -> FloatArray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
