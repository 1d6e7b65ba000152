"""What a quality report says, as numbers; the page is drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Report", "ReportRow", "ReportSpan", "Trouble", "Verdict"]

Verdict = Literal["sound", "look", "poor"]
"""Nothing stands out; there are moments to look at; too much is doubtful to trust the rest."""

Trouble = Literal["missed", "skipped", "bridged", "faded", "doubtful"]
"""What speaks against a face in a frame; the first that holds counts."""


@dataclass(frozen=True)
class ReportRow:
    """One person in one shot, or over the whole film.

    Attributes:
        person: Who, as the report calls them.
        shot: Number of the shot, from 1; None is the whole film.
        start, stop: Of the shot, in seconds from the film's beginning.
        frames: Of the shot.
        seen: In which the person's face was seen.
        swapped: In which it was replaced or restored.
        bridged: In which it was not seen, but before and after, and was drawn where it must have been.
        faded: In which less than all of the new face is shown.
        skipped: In which it was known where the face is, and it could not be drawn.
        missed: Between others of the shot in which the person is there, and in which nothing was drawn.
        doubtful: In which it was drawn with a confidence below one half.
        likeness: Median cosine of the new face's embedding to the actor's; None when it was not measured.
        expression: Median error of the expression, in percent of the face's width.
        flicker: Flicker index, in levels of 255: 0 is as steady as the target; below 0 is steadier.
        samples: How many moments these three were measured at.
    """

    person: str
    shot: int | None
    start: float
    stop: float
    frames: int
    seen: int = 0
    swapped: int = 0
    bridged: int = 0
    faded: int = 0
    skipped: int = 0
    missed: int = 0
    doubtful: int = 0
    likeness: float | None = None
    expression: float | None = None
    flicker: float | None = None
    samples: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class ReportSpan:
    """A moment to look at.

    Attributes:
        person: Whose face, as the report calls them.
        shot: Number of the shot, from 1.
        first, last: Numbers of its frames in the film, from 0.
        start, stop: When, in seconds from the film's beginning.
        troubles: What was the matter, the most frequent first.
        reasons: Why the face could not be trusted, such as ``("profile",)``.
    """

    person: str
    shot: int
    first: int
    last: int
    start: float
    stop: float
    troubles: tuple[Trouble, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """Whether a result can be trusted.

    Attributes:
        page: The file that shows it.
        verdict: In a word.
        frames: Of the film.
        recorded: Frames of which there is a record; those rendered by an earlier run without a report have none.
        shots: How many there are.
        people: Everybody over the whole film, whoever is there longest first.
        rows: Everybody in each shot.
        spans: Every moment to look at, in order of time.
        embedder: Whether likeness could be measured.
    """

    page: Path
    verdict: Verdict
    frames: int
    recorded: int
    shots: int
    people: tuple[ReportRow, ...]
    rows: tuple[ReportRow, ...]
    spans: tuple[ReportSpan, ...]
    embedder: bool
