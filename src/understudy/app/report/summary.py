"""From a record to figures: what became of each person in each shot, and which moments to look at."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from understudy.app.report.people import Appearance, goes_on
from understudy.core.report import ReportRow, ReportSpan, Trouble, Verdict
from understudy.render.gauge import mean_index
from understudy.render.glimpses import DOUBT, SETTLED

__all__ = ["ABSENT", "FINE", "TROUBLES", "Story", "is_unlike", "tell", "verdict_of"]

ABSENT, FINE = 0, 1
"""States of a person in a frame: not there, and nothing the matter; above these are the troubles."""

TROUBLES: Final[tuple[Trouble, ...]] = get_args(Trouble)[::-1]
"""By the states from 2 on, the worst last."""

_GAP: Final = 6  # frames without trouble that do not end a moment
_AWAY: Final = 2.0  # seconds after which somebody has left and was not missed
_AT_ONCE: Final = {"missed", "skipped"}  # one frame of these is seen
_MARGIN: Final = 0.02  # of likeness, which differs by so much from one frame to the next
_POOR: Final = 0.1  # share of a person's frames that may be missed, skipped or doubtful


@dataclass(frozen=True, eq=False)
class Story:
    """What became of one person.

    Attributes:
        who: The person.
        states: (n,) uint8, by frame.
        whole: Over the whole film.
        rows: In each shot in which they are.
        spans: Moments to look at.
    """

    who: Appearance
    states: NDArray[np.uint8]
    whole: ReportRow
    rows: tuple[ReportRow, ...]
    spans: tuple[ReportSpan, ...]

    @property
    def bad(self) -> int:
        """In how many frames the person was missed, not drawn, or drawn with low confidence."""
        return self.whole.missed + self.whole.skipped + self.whole.doubtful

    @property
    def there(self) -> int:
        """In how many frames the person is."""
        return int(np.count_nonzero(self.states))


def tell(who: Appearance, frames: NDArray[Any]) -> Story:
    """What became of a person.

    Args:
        who: The person.
        frames: (n,) :data:`~understudy.render.record.FRAME` of the film, in order.
    """
    ends = _ends(frames)
    states = _states(who, frames)
    bounds = _shots(frames)
    rows = [
        _row(who, frames, states, ends, part, int(frames["shot"][part.start]) + 1)
        for part in bounds
        if states[part].any()
    ]
    whole = _row(who, frames, states, ends, slice(0, len(frames)), None)
    spans = [span for part in bounds for span in _spans(who, frames, states, ends, part)]
    return Story(who, states, whole, tuple(rows), tuple(spans))


def verdict_of(stories: Sequence[Story], doubts: Sequence[str]) -> Verdict:
    """What to think of a film.

    Args:
        stories: Of everybody.
        doubts: What else speaks against it.
    """
    there = sum(story.there for story in stories)
    if sum(story.bad for story in stories) > _POOR * there or not there:
        return "poor"
    return "look" if doubts or any(story.spans for story in stories) else "sound"


def is_unlike(likeness: float | None, bound: float | None) -> bool:
    """Whether a likeness is clearly below what two pictures of one person reach."""
    return likeness is not None and bound is not None and likeness < bound - _MARGIN


def _ends(frames: NDArray[Any]) -> NDArray[np.float64]:
    """When each frame is over."""
    times = frames["time"]
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    return np.append(times[1:], times[-1:] + usual)


def _shots(frames: NDArray[Any]) -> list[slice]:
    """The frames of each shot; where there is no record a shot is in parts."""
    jumps = (np.diff(frames["shot"]) != 0) | (np.diff(frames["number"]) != 1)
    bounds = [0, *(np.flatnonzero(jumps) + 1).tolist(), len(frames)]
    return [slice(start, stop) for start, stop in itertools.pairwise(bounds) if stop > start]


def _states(who: Appearance, frames: NDArray[Any]) -> NDArray[np.uint8]:
    """(n,) the person's state in each frame."""
    faces = who.faces
    given: dict[Trouble, NDArray[np.bool_]] = {
        "doubtful": faces["confidence"] < DOUBT,
        "faded": faces["weight"] < 1,
        "bridged": faces["bridged"],
        "skipped": ~faces["drawn"] & (faces["weight"] > 0),
    }
    own = np.full(len(faces), FINE, np.uint8)
    for trouble, true in given.items():
        own[true] = _code(trouble)
    states = np.full(len(frames), ABSENT, np.uint8)
    places = np.searchsorted(frames["number"], faces["frame"])
    states[places] = own
    for index in np.flatnonzero(np.diff(places) > 1):
        before, after = faces[index], faces[index + 1]
        gap = slice(int(places[index]) + 1, int(places[index + 1]))
        one_shot = frames["shot"][gap.start - 1] == frames["shot"][gap.stop]
        known = after["frame"] - before["frame"] == gap.stop - gap.start + 1
        left = any("cut" in str(face["flags"]).split(",") for face in (before, after))
        away = frames["time"][gap.stop] - frames["time"][gap.start]
        if one_shot and known and not left and away < _AWAY and goes_on(before, after):
            states[gap] = _code("missed")
    return states


def _row(
    who: Appearance,
    frames: NDArray[Any],
    states: NDArray[np.uint8],
    ends: NDArray[np.float64],
    part: slice,
    shot: int | None,
) -> ReportRow:
    first, last = frames["number"][part.start], frames["number"][part.stop - 1]
    faces, samples = _between(who.faces, first, last), _between(who.samples, first, last)
    drawn = faces["drawn"] & (faces["weight"] > 0)
    measured = [samples[name][np.isfinite(samples[name])] for name in ("likeness", "expression", "flicker")]
    means: tuple[Callable[[NDArray[Any]], Any], ...] = (np.median, np.median, mean_index)
    middles = [
        round(float(mean(values)), 4) if len(values) else None
        for mean, values in zip(means, measured, strict=True)
    ]
    return ReportRow(
        person=who.name,
        shot=shot,
        start=float(frames["time"][part.start]),
        stop=float(ends[part.stop - 1]),
        frames=part.stop - part.start,
        seen=int((~faces["bridged"]).sum()),
        swapped=int(drawn.sum()),
        bridged=int((drawn & faces["bridged"]).sum()),
        faded=int((faces["weight"] < 1).sum()),
        skipped=int((states[part] == _code("skipped")).sum()),
        missed=int((states[part] == _code("missed")).sum()),
        doubtful=int((drawn & (faces["confidence"] < DOUBT)).sum()),
        likeness=middles[0],
        expression=middles[1],
        flicker=middles[2],
        samples=(len(measured[0]), len(measured[1]), len(measured[2])),
    )


def _spans(
    who: Appearance,
    frames: NDArray[Any],
    states: NDArray[np.uint8],
    ends: NDArray[np.float64],
    part: slice,
) -> Iterator[ReportSpan]:
    """The moments of a shot that last long enough to be seen."""
    bad = np.flatnonzero(states[part] > FINE) + part.start
    if not len(bad):
        return
    for run in np.split(bad, np.flatnonzero(np.diff(bad) > _GAP) + 1):
        troubles = Counter(TROUBLES[state - 2] for state in states[run].tolist())
        if len(run) < SETTLED and not _AT_ONCE & set(troubles):
            continue
        first, last = (int(frames["number"][index]) for index in (run[0], run[-1]))
        faces = _between(who.faces, first, last)
        flags = Counter(flag for said in faces["flags"].tolist() for flag in said.split(",") if flag)
        yield ReportSpan(
            person=who.name,
            shot=int(frames["shot"][part.start]) + 1,
            first=first,
            last=last,
            start=float(frames["time"][run[0]]),
            stop=float(ends[run[-1]]),
            troubles=tuple(trouble for trouble, _ in troubles.most_common()),
            reasons=tuple(flag for flag, _ in flags.most_common()),
        )


def _between(rows: NDArray[Any], first: int, last: int) -> NDArray[Any]:
    """The rows of some frames; they are in order."""
    return rows[np.searchsorted(rows["frame"], first) : np.searchsorted(rows["frame"], last, "right")]


def _code(trouble: Trouble) -> int:
    return 2 + TROUBLES.index(trouble)
