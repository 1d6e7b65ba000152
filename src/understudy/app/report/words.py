"""How a report says things."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from understudy.core.report import Trouble

__all__ = ["MEANINGS", "STATES", "bounds", "clock", "count", "figure", "reasons", "said", "share"]

STATES: Final[Mapping[str, str]] = {
    "fine": "swapped",
    "doubtful": "low confidence",
    "faded": "faded",
    "bridged": "bridged",
    "skipped": "not drawn",
    "missed": "missed",
}
"""What becomes of a face, in the order of the legend."""

MEANINGS: Final[Mapping[str, str]] = {
    "frames": "of the shot or film; a person need not be in all of them.",
    "seen": "frames in which the person's face was found.",
    "swapped": "frames in which it was replaced or restored.",
    "low confidence": "swapped frames in which the face is small, in profile, cut off or hard to make out.",
    "faded": "frames that show less than all of the new face, because the head turns away too far.",
    "bridged": "frames in which the face was not seen, and was drawn where it must be by those before and after.",
    "not drawn": "frames in which the face was found, but the engine could not draw on it.",
    "missed": "frames without a swap between others of the same person and shot, for two seconds at the most and away "
    "from the picture's edge.",
    "likeness": "cosine of the new face's embedding to the actor's, median; 1 is the same picture.",
    "expression": "how far the landmarks found again on the result are from the target's, after aligning both and "
    "taking off their proportions: root mean square, in percent of the face's width, median.",
    "flicker": "what of the new face changes from one frame to the next in excess of the target's own, with the "
    "target's motion taken off: root mean square in levels of 255, over the face cut out at 96 pixels; 0 is as steady "
    "as the target, and below 0 steadier.",
}
"""One sentence for each figure."""

_REASONS: Final = {
    "small": "small",
    "profile": "turned to the side",
    "cut": "cut off by the picture's edge",
    "glasses": "glasses",
}


def clock(seconds: float) -> str:
    """A time as players show it, with tenths: ``"1:02.5"``, ``"1:00:02.5"``."""
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    rest = f"{tenths // 10:02d}.{tenths % 10}"
    return f"{hours}:{minutes:02d}:{rest}" if hours else f"{minutes}:{rest}"


def count(number: int, what: str) -> str:
    """``"1 frame"``, ``"1,234 frames"``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def share(part: int, whole: int) -> str:
    """Percent that never says all or nothing when it is not."""
    if part in (0, whole):
        return "0 %" if part == 0 else "100 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %"


def figure(value: float | None, digits: int, unit: str = "") -> str:
    """A measured value, or a dash."""
    return "–" if value is None else f"{_number(value, digits)}{unit}"


def bounds(low: float, high: float, digits: int) -> str:
    """From one value to another."""
    texts = _number(low, digits), _number(high, digits)
    return texts[0] if texts[0] == texts[1] else f"{texts[0]} to {texts[1]}"


def _number(value: float, digits: int) -> str:
    # Adding 0 takes the sign off a zero.
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def said(troubles: tuple[Trouble, ...]) -> str:
    """Troubles in words."""
    return ", ".join(STATES[trouble] for trouble in troubles)


def reasons(flags: tuple[str, ...]) -> str:
    """Flags of faces in words, escaped."""
    return escape(", ".join(_REASONS.get(flag, flag) for flag in flags))
