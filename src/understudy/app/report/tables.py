"""A report's figures as tables."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from understudy.app.report.summary import is_unlike
from understudy.app.report.words import clock, figure, reasons, said
from understudy.core.report import ReportRow, ReportSpan

__all__ = ["people_table", "shots_table", "spans_table"]

_MOST: Final = 200  # rows of a table on a page; the JSON has all
_FIGURES: Final = (
    *("seen", "swapped", "low confidence", "faded", "bridged", "not drawn", "missed"),
    *("likeness", "expression", "flicker"),
)


def people_table(rows: Sequence[ReportRow], bound: float | None) -> str:
    """Everybody over the whole film; likeness below ``bound`` stands out."""
    return _table(
        "Everybody over the whole film", ("person", *_FIGURES), [_row(row, (), bound) for row in rows[:_MOST]]
    ) + _rest(len(rows), "person", "people")


def shots_table(rows: Sequence[ReportRow], bound: float | None) -> str:
    """Everybody in each shot; those with most trouble when there are too many for a page."""
    kept = sorted(rows, key=lambda row: -(row.missed + row.skipped + row.doubtful + row.bridged))[:_MOST]
    kept.sort(key=lambda row: (row.start, row.person))
    body = [
        _row(row, (f"{row.shot}", f"{clock(row.start)}–{clock(row.stop)}", f"{row.frames:,}"), bound)
        for row in kept
    ]
    head = ("person", "shot", "time", "frames", *_FIGURES)
    return _table("Everybody in each shot", head, body) + _rest(len(rows), "row", "rows")


def spans_table(spans: Sequence[ReportSpan]) -> str:
    """Every moment to look at."""
    body = [
        [
            escape(span.person),
            f"{span.shot}",
            f"{clock(span.start)}–{clock(span.stop)}",
            f"{span.first}–{span.last}",
            said(span.troubles),
            reasons(span.reasons) or "–",
        ]
        for span in spans[:_MOST]
    ]
    head = ("person", "shot", "time", "frames", "what", "why")
    return _table("Every moment to look at", head, body) + _rest(len(spans), "moment", "moments")


def _row(row: ReportRow, more: Sequence[str], bound: float | None) -> list[str]:
    cells = [f"{number:,}" for number in (row.seen, row.swapped, row.doubtful, row.faded, row.bridged)]
    cells += [f"!{number:,}" if number else "0" for number in (row.skipped, row.missed)]
    likeness = f"{'!' if is_unlike(row.likeness, bound) else ''}{figure(row.likeness, 2)}"
    return [
        escape(row.person),
        *more,
        *cells,
        likeness,
        figure(row.expression, 1, " %"),
        figure(row.flicker, 1),
    ]


def _table(caption: str, head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table; a cell that begins with "!" stands out. Cells are markup already."""
    top = "".join(f'<th scope="col">{name}</th>' for name in head)
    rows = "".join(
        "<tr>" + "".join(_cell(cell, first=index == 0) for index, cell in enumerate(row)) + "</tr>"
        for row in body
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(text: str, *, first: bool) -> str:
    if first:
        return f'<th scope="row">{text}</th>'
    return f'<td class="bad">{text[1:]}</td>' if text.startswith("!") else f"<td>{text}</td>"


def _rest(number: int, one: str, several: str) -> str:
    left = number - _MOST
    text = f"{left:,} {one if left == 1 else several} more: --json has all."
    return f'<p class="quiet">{text}</p>' if left > 0 else ""
