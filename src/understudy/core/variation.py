"""Settings of their own for somebody, or for some time: the option ``--for``."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import Field, model_validator

from understudy.core.value import Value

__all__ = ["Variation", "as_variation"]

_SAID: Final = re.compile(
    r"(?P<who>[^@:=]*)(?:@(?P<start>[\d:.]*)-(?P<stop>[\d:.]*?))?\s*:\s*(?P<what>[a-z].*)", re.DOTALL
)
_FORM: Final = (
    "it must be WHO@FROM-TO: OPTION=VALUE, ... (or 'skip'), such as '2@10-20: likeness=0.5', '2: skip' or '@1:05-1:20: "
    "enhancer-blend=0.3'"
)


class Variation(Value):
    """What is otherwise for somebody, or for some time.

    Attributes:
        who: By number or name; None is everybody.
        start, stop: When, in seconds from the target's first frame; it ends where ``stop`` begins. None is open.
        skip: Whether the face is left as it is.
        changes: Options of the look, by name with underscores, as they are typed.
    """

    who: str | None = None
    start: float | None = Field(None, ge=0)
    stop: float | None = Field(None, gt=0)
    skip: bool = False
    changes: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sound(self) -> Variation:
        if self.start is not None and self.stop is not None and self.stop <= self.start:
            raise ValueError("it must end later than it begins")
        if self.skip == bool(self.changes):
            raise ValueError("it must say what is otherwise, or 'skip'")
        return self


def as_variation(value: Any) -> Any:
    """``"2@10-20: likeness=0.5"`` as the fields of a :class:`Variation`.

    Raises:
        ValueError: It is not written so.
    """
    if not isinstance(value, str):
        return value
    said = _SAID.fullmatch(value.strip())
    if said is None:
        raise ValueError(_FORM)
    skip = said["what"].strip() == "skip"
    return {
        "who": said["who"].strip() or None,
        "start": _seconds(said["start"]),
        "stop": _seconds(said["stop"]),
        "skip": skip,
        "changes": {} if skip else _changes(said["what"]),
    }


def _changes(text: str) -> dict[str, str]:
    changes: dict[str, str] = {}
    name = ""
    for part in text.split(","):
        before, equals, after = part.partition("=")
        if equals:
            name = before.strip().replace("-", "_")
            changes[name] = after.strip()
        elif name:
            changes[name] += f",{part.strip()}"  # a list: mask=box,region
        else:
            raise ValueError(_FORM)
    return changes


def _seconds(text: str | None) -> float | None:
    """``"1:05.5"`` as 65.5."""
    if not text:
        return None
    seconds = 0.0
    for part in text.split(":"):
        try:
            seconds = 60 * seconds + float(part)
        except ValueError:
            raise ValueError(f"{text!r} is no time; seconds (65.5) or 1:05.5 are") from None
    return seconds
