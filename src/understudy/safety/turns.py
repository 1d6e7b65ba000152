"""Whose turn it is to be cut out of a frame: where many people are shown large, they take turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from understudy.core.types import FloatArray, Region

__all__ = ["LONGEST", "Person", "Turns"]

LONGEST: Final = Fraction(2)
"""Seconds after which somebody is cut out in any case."""

_ALWAYS: Final = 2  # people who are cut out of every frame, however large they are


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody in a frame.

    Attributes:
        track: Number of the track; None for somebody whom only the gate's own network found.
        box: (4,) of the face.
        region: What is cut out.
        pixels: How many of them the networks are shown then.
    """

    track: int | None
    box: FloatArray
    region: Region
    pixels: int


@dataclass(frozen=True, eq=False)
class _Earlier:
    """Somebody who was cut out at ``time``, and was last met at ``box``."""

    person: Person
    time: Fraction

    def is_(self, person: Person) -> bool:
        """Whether it is that person: by the track, and without one by where the face is."""
        if self.person.track is not None or person.track is not None:
            return self.person.track == person.track
        middle, box = (person.box[:2] + person.box[2:]) / 2, self.person.box
        return bool((box[:2] <= middle).all() and (middle <= box[2:]).all())


class Turns:
    """Says of one frame after the other who is cut out: everybody, as long as that is not too much.

    Whoever has not been cut out yet is, at once, and so is who has waited for two seconds. The others follow, those
    who have waited longest first, until it is too much; two always are.

    Args:
        most: How many pixels the networks are shown of people in a frame; None is no limit.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._earlier: list[_Earlier] = []

    def restart(self) -> None:
        """Forget who was cut out: somebody else may be in the picture now."""
        self._earlier = []

    def choose(self, time: Fraction, people: Sequence[Person]) -> list[Person]:
        """Those of a frame's people who are cut out of it.

        Args:
            time: When it is shown, in seconds, later than the last one.
            people: All of them.
        """
        last = [self._last(person) for person in people]
        waiting = sorted(
            zip(last, people, strict=True), key=lambda pair: Fraction(-1) if pair[0] is None else pair[0]
        )
        chosen: list[Person] = []
        for before, person in waiting:
            must = self._most is None or before is None or time - before >= LONGEST or len(chosen) < _ALWAYS
            if must or sum(each.pixels for each in (*chosen, person)) <= (self._most or 0):
                chosen.append(person)
        self._earlier = [
            _Earlier(person, time if before is None or person in chosen else before)
            for before, person in waiting
        ] + [
            each
            for each in self._earlier
            if each.person.track is not None and not any(each.is_(person) for person in people)
        ]
        return chosen

    def _last(self, person: Person) -> Fraction | None:
        """When somebody was cut out; the earliest time that it may have been where that is not clear."""
        return min((each.time for each in self._earlier if each.is_(person)), default=None)
