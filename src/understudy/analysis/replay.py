"""Rows from an analysis that is there already: nothing is looked for and nothing is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from understudy.analysis.analyse import AHEAD, refined, steadied
from understudy.analysis.casting import Assignment, Chooser, Rules
from understudy.analysis.observed import Observed
from understudy.core.types import TrackedFace
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import KeypointRefiner, Picture

__all__ = ["TimedPicture", "replay"]


class TimedPicture(Picture, Protocol):
    """A frame that knows where in its film it comes from."""

    @property
    def source_pts(self) -> int:
        """Time on the film's own clock."""


P = TypeVar("P", bound=TimedPicture)


def replay(
    frames: Iterable[P], observed: Observed, rules: Rules, *, points: KeypointRefiner | None = None
) -> Iterator[tuple[P, tuple[TrackedFace, ...]]]:
    """The rows of frames of a film that was analysed.

    Args:
        frames: In order of time; any of the film's, each as often as is wanted.
        observed: What was measured.
        rules: Whom to replace.
        points: Places the key points of those who are.

    Yields:
        Each frame with its rows, as :func:`understudy.analysis.analyse.rows` gives them for the whole film.
    """
    canonical, choices = load_canonical(), _Choices(observed, rules)
    at = -1
    found: tuple[TrackedFace, ...] = ()
    for frame in frames:
        number = observed.frame_at(frame.source_pts)
        if number != at:
            at, chosen = number, choices.of(number)
            around = range(max(number - AHEAD, 0), min(number + AHEAD + 1, len(observed))) if chosen else ()
            before = [observed.moment(each) for each in around if each < number]
            after = [observed.moment(each) for each in around if each > number]
            found = steadied(canonical, before, observed.moment(number), after, chosen) if chosen else ()
        yield frame, refined(frame, found, points)


class _Choices:
    """Who is replaced in which frame. Nobody is held beyond a cut, so each shot is decided by itself."""

    def __init__(self, observed: Observed, rules: Rules) -> None:
        self._observed, self._rules = observed, rules
        self._chooser = Chooser(rules)
        self._next = 0

    def of(self, frame: int) -> dict[int, Assignment]:
        """What is to happen in a frame, by track."""
        start = self._observed.shot_start(frame)
        if frame < self._next or start > self._next:
            self._chooser, self._next = Chooser(self._rules), start
        chosen: dict[int, Assignment] = {}
        for number in range(self._next, frame + 1):
            chosen = self._chooser.choose(self._observed.glimpse(number), self._observed.seconds(number))
        self._next = frame + 1
        return chosen
