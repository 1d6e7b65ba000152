"""A report as one HTML file: nothing in it is fetched, and nothing in it runs."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from understudy.app.report.summary import Story
from understudy.app.report.tables import people_table, shots_table, spans_table
from understudy.app.report.timeline import HEIGHTS, bar, curve
from understudy.app.report.words import MEANINGS, STATES, bounds, clock, count, figure, reasons, said, share
from understudy.core.report import Report, ReportSpan
from understudy.render.record import Glimpse, Record
from understudy.safety.xmp import COMPOSITE

__all__ = ["Subject", "page_of"]

_LANES: Final = 12
_PICTURES: Final = 12


@dataclass(frozen=True)
class Subject:
    """What a report is about.

    Attributes:
        target, output: Names of the files.
        actors: Names of who goes in.
        embedder: Name of what measures likeness; None when nothing that does is installed.
        same_person: Likeness from which two pictures count as one person's.
        software: What made it.
    """

    target: str
    output: str
    actors: tuple[str, ...]
    embedder: str | None
    same_person: float | None
    software: str


def page_of(
    report: Report, subject: Subject, record: Record, stories: Sequence[Story], doubts: Sequence[str]
) -> str:
    """The page.

    Args:
        report: The figures.
        subject: What they are about.
        record: What they were made from.
        stories: Of everybody, whoever is there longest first.
        doubts: What else speaks against the result, as sentences.
    """
    title = f"Report on {escape(subject.output)}"
    style = resources.files("understudy.app.report").joinpath("page.css").read_text("utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="digitalSourceType" content="{COMPOSITE}">
<meta name="generator" content="{escape(subject.software)}">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<h1>{title}</h1>
<main>
{_verdict(report, stories, doubts)}
<p class="notice">This page shows synthetic media: the faces in its pictures were replaced by software.</p>
{_timeline(report, subject, record, stories)}
{_moments(report, record, stories)}
<h2>Figures</h2>
{people_table(report.people, subject.same_person)}
<details><summary>Shot by shot</summary>
{shots_table(report.rows, subject.same_person)}
</details>
{_facts(report, subject, record)}
</main>
</body>
</html>
"""


def _verdict(report: Report, stories: Sequence[Story], doubts: Sequence[str]) -> str:
    there = sum(story.there for story in stories)
    good = there - sum(story.bad for story in stories)
    spans = len(report.spans)
    heads = {
        "sound": "Nothing stands out",
        "look": f"Look at {count(spans, 'moment')} before you use it"
        if spans
        else "Look at it before you use it",
        "poor": "Do not trust it as it is",
    }
    lines = [
        f"{share(good, there)} of {count(there, 'face')} to replace can be trusted ({there - good:,} cannot)."
    ]
    if not there:
        lines = ["Nobody was to be replaced in any frame that is on record."]
    lines += [f"{count(spans, 'moment')} to look at, below."] if spans and report.verdict == "poor" else []
    points = "".join(f"<li>{escape(line)}</li>" for line in [*lines, *doubts])
    return f'<div class="verdict {report.verdict}"><strong>{heads[report.verdict]}</strong><ul>{points}</ul></div>'


def _timeline(report: Report, subject: Subject, record: Record, stories: Sequence[Story]) -> str:
    if report.frames < 2 or not stories:
        return ""
    end = report.people[0].stop
    lanes = "".join(_lane(story, subject, record, end) for story in stories[:_LANES])
    rest = len(stories) - _LANES
    more = f'<p class="quiet">{rest} more, each there for less time.</p>' if rest > 0 else ""
    legend = "".join(f"<li>{_key(name)}{words}</li>" for name, words in STATES.items())
    legend += '<li><svg viewBox="0 0 16 20" aria-hidden="true"><path class="cut" d="M8 0V20"/></svg>cut</li>'
    if report.recorded < report.frames:
        legend += '<li><svg viewBox="0 0 16 20" aria-hidden="true"><rect class="blank" width="16" height="20"/></svg>'
        legend += "not recorded</li>"
    unknown = any(story.who.name.startswith("Face ") for story in stories)
    note = (
        '<p class="quiet">People were not told apart: a face is whoever is in its place.</p>'
        if unknown
        else ""
    )
    return f'<h2>Over time</h2><ul class="legend">{legend}</ul>{note}{lanes}{more}'


def _key(name: str) -> str:
    height = HEIGHTS[name]
    return (
        f'<svg viewBox="0 0 22 28" aria-hidden="true"><rect class="{name}" y="{28 - height}" width="22" '
        f'height="{height}"/></svg>'
    )


def _lane(story: Story, subject: Subject, record: Record, end: float) -> str:
    who, whole = story.who, story.whole
    named = "" if not who.actor or who.actor in who.name else f"played by {escape(who.actor)}"
    troubles = [
        f"{STATES[name]} {number:,}"
        for name, number in (
            *(("missed", whole.missed), ("skipped", whole.skipped), ("bridged", whole.bridged)),
            *(("faded", whole.faded), ("doubtful", whole.doubtful)),
        )
        if number
    ]
    words = f"swapped in {count(whole.swapped, 'frame')}" + "".join(f", {each}" for each in troubles)
    label = f"{escape(who.name)}: {words}"
    samples = who.samples
    times = record.frames["time"][np.searchsorted(record.frames["number"], samples["frame"])]
    curves = "".join(_curves(times, samples, end, subject.same_person))
    parts = 4 if end > 4 else 2
    axis = "".join(f"<span>{clock(end * part / parts)}</span>" for part in range(parts + 1))
    return (
        f"<figure><figcaption><h3>{escape(who.name)}</h3><small>{named}</small><small>{words}</small></figcaption>"
        f'{bar(story.states, record.frames, end, label)}<div class="axis" aria-hidden="true">{axis}</div>'
        f'<div class="curves">{curves}</div></figure>'
    )


def _curves(times: NDArray[Any], samples: NDArray[Any], end: float, bound: float | None) -> Iterator[str]:
    """Likeness and flicker of one person, where they were measured."""
    for name, digits, mark in (("likeness", 2, bound), ("flicker", 1, 0.0)):
        values = samples[name]
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        low, high = float(known.min()), float(known.max())
        scale = (min(low, 1.0 if mark is None else mark) - 0.05, 1.0)
        if name == "flicker":
            scale = (min(low, -1.0), max(high, 4.0))
        text = f"{name} {bounds(low, high, digits)}"
        dashed = "" if mark is None else f" (dashed: {figure(mark, digits)})"
        yield f"<span>{text}{dashed}</span>{curve(times, values, end, scale, text, mark)}"


def _moments(report: Report, record: Record, stories: Sequence[Story]) -> str:
    if not report.spans:
        return ""
    tracks = {story.who.name: story.who.tracks for story in stories}
    shown = [(span, _glimpse(span, tracks[span.person], record.glimpses)) for span in report.spans]
    pictured = [(span, glimpse) for span, glimpse in shown if glimpse is not None]
    pictured.sort(key=lambda each: (each[1].trust, each[0].first - each[0].last))
    chosen = sorted(pictured[:_PICTURES], key=lambda each: each[0].first)
    cards = "".join(_card(span, glimpse, record) for span, glimpse in chosen)
    whole = spans_table(report.spans)
    if len(chosen) > 1:
        whole = f"<details><summary>As a list, with all {len(report.spans):,}</summary>{whole}</details>"
    return f'<h2>Moments to look at</h2><ul class="moments">{cards}</ul>{whole}'


def _glimpse(span: ReportSpan, tracks: frozenset[int], glimpses: Sequence[Glimpse]) -> Glimpse | None:
    """The picture of a moment in which it can be trusted least."""
    fitting = [
        glimpse
        for glimpse in glimpses
        if glimpse.track in tracks and span.first <= glimpse.frame <= span.last
    ]
    return min(fitting, key=lambda glimpse: glimpse.trust, default=None)


def _card(span: ReportSpan, glimpse: Glimpse, record: Record) -> str:
    time = clock(float(record.frames["time"][np.searchsorted(record.frames["number"], glimpse.frame)]))
    person = escape(span.person)
    pictures = "".join(
        f'<div><img src="data:image/jpeg;base64,{base64.b64encode(data).decode()}" width="160" height="160" '
        f'alt="{person} at {time}, {side}"><span>{side}</span></div>'
        for side, data in (("target", glimpse.before), ("result", glimpse.after))
    )
    why = f"<p>Why: {reasons(span.reasons)}</p>" if span.reasons else ""
    return (
        f'<li><div class="pair">{pictures}</div><h3>{clock(span.start)}–{clock(span.stop)} · {said(span.troubles)}</h3>'
        f"<p>{person}, shot {span.shot}, frames {span.first}–{span.last}</p>{why}"
        f'<p class="quiet">pictures: {time}, frame {glimpse.frame}</p></li>'
    )


def _facts(report: Report, subject: Subject, record: Record) -> str:
    length = f"{count(report.frames, 'frame')}, {count(report.shots, 'shot')}"
    if report.people and report.frames > 1:
        length += f", {clock(report.people[0].stop)}"
    measured = {
        name: int(np.isfinite(record.samples[name]).sum()) for name in ("likeness", "expression", "flicker")
    }
    embedder = (
        f"by {subject.embedder}; from {figure(subject.same_person, 2)} on two pictures count as one person's"
        if subject.embedder
        else "not measured: nothing that tells people apart is installed (pip install 'understudy[identity]')"
    )
    facts = {
        "Target": subject.target,
        "Result": subject.output,
        "Actors": ", ".join(subject.actors) or "none",
        "Length": length,
        "Likeness": embedder,
        "Measured at": ", ".join(f"{name} {count(number, 'moment')}" for name, number in measured.items())
        + "; twice a second at the most, and in 3 % of the render's time",
        "Made by": subject.software,
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    words = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in MEANINGS.items())
    return f"<h2>What this is about</h2><dl>{rows}</dl><h2>What the figures mean</h2><dl>{words}</dl>"
