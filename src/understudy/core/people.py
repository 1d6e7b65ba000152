"""Who is in a film: people, when they are seen, and the shots that they are seen in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Exemplar", "Person", "Roster", "Shot", "Span"]


@dataclass(frozen=True)
class Span:
    """A stretch of a film in seconds from its first frame; it ends where ``stop`` begins."""

    start: float
    stop: float


@dataclass(frozen=True)
class Shot:
    """What the camera took in one go.

    Attributes:
        number: From 1.
        frame: Number of its first frame, from 0.
        frames: How many it has.
        span: When it is seen.
    """

    number: int
    frame: int
    frames: int
    span: Span


@dataclass(frozen=True)
class Exemplar:
    """One sight of somebody by which they are found again, however a later analysis numbers them.

    Attributes:
        pts: Of the frame, on the film's own clock.
        bbox: Left, top, right, bottom of the face in upright pixels.
    """

    pts: int
    bbox: tuple[float, float, float, float]


@dataclass(frozen=True)
class Person:
    """Somebody who is seen in a film.

    Attributes:
        number: From 1, which is who is seen most.
        name: As the user calls them.
        tracks: Numbers of the tracks that show them.
        frames: In how many they are seen.
        seconds: How long that is.
        spans: When.
        yaw, pitch: Least and greatest angle to the side and up in degrees, as the landmarks have it.
        size: Median side of their face in pixels.
        confidence: 0 to 1, how sure it is that these tracks, and no others, are theirs.
        exemplar: How they are found again.
    """

    number: int
    name: str | None
    tracks: tuple[int, ...]
    frames: int
    seconds: float
    spans: tuple[Span, ...]
    yaw: tuple[float, float]
    pitch: tuple[float, float]
    size: float
    confidence: float
    exemplar: Exemplar

    @property
    def called(self) -> str:
        """What to call them: by name if they have one."""
        return self.name or f"person {self.number}"


@dataclass(frozen=True)
class Roster:
    """Everybody in a film, and its shots.

    Attributes:
        people: Who is seen most comes first.
        shots: In order of time.
        frames: Of the film.
        seconds: Its length.
    """

    people: Sequence[Person]
    shots: Sequence[Shot]
    frames: int
    seconds: float

    def who(self, wanted: str) -> Person | None:
        """The person of a number or a name, case aside; None if there is none."""
        name = wanted.strip().casefold()
        return next(
            (
                person
                for person in self.people
                if name in (str(person.number), (person.name or "").casefold())
            ),
            None,
        )
