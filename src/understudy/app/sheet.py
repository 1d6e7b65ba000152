"""A contact sheet: who is in a film, a row each, with their best faces and when they are seen."""

from __future__ import annotations

import colorsys
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from understudy.analysis.gallery import View
from understudy.app.analysis import Whole
from understudy.core.people import Person, Roster
from understudy.media.frame import BgrPixels

__all__ = ["clock", "contact_sheet", "degrees", "times"]

_MOST_ROWS: Final = 40
_FACES: Final = 7
_FACE: Final = 128
_PAD: Final = 20
_TEXT: Final = 270  # pixels for what is said of a person
_BAR: Final = 16
_ROW: Final = _FACE + _BAR + 3 * _PAD
_WIDTH: Final = _TEXT + _FACES * (_FACE + 8) + 2 * _PAD
_HEAD: Final = 70
_PAPER, _INK, _FAINT, _LINE = (247, 246, 243), (34, 34, 38), (118, 116, 112), (222, 220, 215)
_GOOD: Final = 0.15  # of the best view's worth: what tells less is not shown
_FRAMES_IN: Final = 0.7  # share of a view's side that is shown; it is twice as wide as the face


def contact_sheet(whole: Whole, title: str) -> BgrPixels:
    """(height, width, 3) uint8 BGR.

    Args:
        whole: The target.
        title: What to call it.
    """
    roster = whole.roster
    people = roster.people[:_MOST_ROWS]
    more = len(roster.people) - len(people)
    height = _HEAD + len(people) * _ROW + (2 * _PAD if more else 0)
    sheet = Image.new("RGB", (_WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_PAD, _PAD), _cut(title, 60), _INK, _font(24))
    film = f"{_count(len(roster.people), 'person', 'people')}"
    if roster.frames > 1:
        film += f" · {_count(len(roster.shots), 'shot', 'shots')} · {clock(roster.seconds)} · {roster.frames} frames"
    draw.text((_WIDTH - _PAD, _PAD + 6), film, _FAINT, _font(16), anchor="ra")
    for row, person in enumerate(people):
        _draw_person(sheet, draw, _HEAD + row * _ROW, person, whole)
    if more:
        draw.text((_PAD, height - 2 * _PAD), f"and {more} more, who are seen less", _FAINT, _font(16))
    return np.ascontiguousarray(np.asarray(sheet)[..., ::-1])


def times(person: Person, most: int = 1) -> str:
    """When somebody is seen, in a few words."""
    said = [f"{clock(span.start)}-{clock(span.stop)}" for span in person.spans[:most]]
    more = len(person.spans) - len(said)
    return ", ".join([*said, f"+{more}"] if more else said)


def _draw_person(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, top: int, person: Person, whole: Whole
) -> None:
    draw.line((_PAD, top, _WIDTH - _PAD, top), _LINE)
    y, colour = top + _PAD, _colour(person.number)
    draw.text((_PAD, y - 6), str(person.number), colour, _font(34))
    left = _PAD + 14 + draw.textlength(str(person.number), _font(34))
    draw.text((left, y), _cut(person.name or "", 18), _INK, _font(22))
    film = whole.roster.frames > 1
    lines = [
        f"{clock(person.seconds)} · {person.frames} frames" if film else "",
        times(person, 2) if film else "",
        f"side {degrees(person.yaw)} · up {degrees(person.pitch)}",
        f"{person.size:.0f} px · sure {person.confidence:.0%}",
    ]
    for number, line in enumerate(filter(None, lines)):
        draw.text((_PAD, y + 44 + 23 * number), _cut(line, 36), _FAINT, _font(15))
    for place, view in enumerate(_best(person, whole)):
        x = _TEXT + _PAD + place * (_FACE + 8)
        sheet.paste(Image.fromarray(_face(view)[..., ::-1]), (x, y))
    if film:
        _draw_bar(draw, top + _FACE + 2 * _PAD - 6, person, whole.roster, colour)


def _draw_bar(
    draw: ImageDraw.ImageDraw, top: int, person: Person, roster: Roster, colour: tuple[int, int, int]
) -> None:
    """When they are seen, over the whole film; cuts are gaps."""
    left, right = _PAD, _WIDTH - _PAD
    scale = (right - left) / max(roster.seconds, 1e-6)
    draw.rectangle((left, top, right, top + _BAR), _LINE)
    for span in person.spans:
        start, stop = left + span.start * scale, left + span.stop * scale
        draw.rectangle((start, top, max(stop, start + 1), top + _BAR), colour)
    if len(roster.shots) < (right - left) / 6:
        for shot in roster.shots[1:]:
            x = left + shot.span.start * scale
            draw.line((x, top, x, top + _BAR), _PAPER, 2)


def _best(person: Person, whole: Whole) -> list[View]:
    """The most telling view of each part of their time, and more of these where there is room; by time."""
    views = sorted(
        (view for track in person.tracks for view in whole.observed.views.get(track, ())),
        key=lambda view: -view.worth,
    )
    views = [view for view in views if view.worth >= _GOOD * views[0].worth]
    frames = np.array([view.frame for view in views])
    edges = np.quantile(frames, np.linspace(0, 1, _FACES + 1))
    parts = np.clip(np.searchsorted(edges, frames, side="right") - 1, 0, _FACES - 1)
    first = [views[int(np.flatnonzero(parts == part)[0])] for part in np.unique(parts)]
    rest = [view for view in views if all(view is not other for other in first)]
    return sorted([*first, *rest][:_FACES], key=lambda view: view.frame)


def _face(view: View) -> BgrPixels:
    """(_FACE, _FACE, 3) the face with some hair and chin."""
    pixels = view.pixels
    side = pixels.shape[0]
    inset = round(side * (1 - _FRAMES_IN) / 2)
    middle = pixels[inset : side - inset, inset : side - inset]
    how = cv2.INTER_AREA if middle.shape[0] >= _FACE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(middle, (_FACE, _FACE), interpolation=how), np.uint8)


def _colour(number: int) -> tuple[int, int, int]:
    """One that is told from its neighbours': hues a golden section apart."""
    red, green, blue = colorsys.hls_to_rgb((0.58 + 0.618034 * (number - 1)) % 1, 0.42, 0.55)
    return round(255 * red), round(255 * green), round(255 * blue)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def degrees(angles: tuple[float, float]) -> str:
    """A range of angles, ``"-12° to +30°"``."""
    low, high = (round(angle) for angle in angles)
    return f"{low:+d}°" if low == high else f"{low:+d}° to {high:+d}°"


def clock(seconds: float) -> str:
    """``"0:07.5"``, ``"1:02:03"``."""
    minutes, rest = divmod(int(10 * seconds) / 10, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{int(rest):02d}" if hours else f"{minutes}:{rest:04.1f}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
