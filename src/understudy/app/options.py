"""The options of a swap, read from the fields of ``core/plan.py``, where each is declared once.

Flags of the command line, environment variables, keys of ``config.toml`` and keywords of
:func:`understudy.swap` all have the field's name and its description.

>>> options = swap_options()
>>> options["likeness"].default, options["likeness"].choices
(1.0, '0 to 1')
>>> options["crf"].kinds
('video',)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from understudy.core.errors import PlanError
from understudy.core.plan import (
    Casting,
    Compute,
    Look,
    PhotoOutput,
    PhotoSource,
    Role,
    Seeing,
    VideoOutput,
    VideoSource,
)

__all__ = ["Option", "rejected", "swap_options"]

_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("photo", "source", PhotoSource),
    ("video", "source", VideoSource),
    *(
        (kind, section, model)
        for section, model in (
            ("casting", Casting),
            ("seeing", Seeing),
            ("look", Look),
            ("compute", Compute),
        )
        for kind in ("photo", "video")
    ),
    ("photo", "output", PhotoOutput),
    ("video", "output", VideoOutput),
)
# Given by position or by -o, and so not options.
_FILES = {"kind", "path", "actor"}
_REPEATED = {"ROLE=ACTOR", "PERSON,...", "WHO@FROM-TO: OPTION=VALUE"}


@dataclass(frozen=True)
class Option:
    """One option, wherever it is given.

    Attributes:
        name: The field's name, such as ``"trim_start"``.
        section: The part of the plan that it belongs to, such as ``"look"``.
        kinds: The kinds of target that have it: ``"photo"``, ``"video"``.
        field: Type, default, bounds and description.
    """

    name: str
    section: str
    kinds: tuple[str, ...]
    field: FieldInfo

    @property
    def annotation(self) -> Any:
        """Its type with its bounds, for a field of another model."""
        return Annotated[self.field.annotation, self.field.description, *self.field.metadata]

    @property
    def flag(self) -> str:
        """Its name on the command line; a word that Python keeps for itself has an underscore behind it there."""
        return f"--{self.name.rstrip('_').replace('_', '-')}"

    @property
    def default(self) -> Any:
        """Its value when nobody says anything; None when that depends on the target."""
        return self.field.default

    @property
    def description(self) -> str:
        """One sentence or two, for help and forms."""
        return self.field.description or ""

    @property
    def is_switch(self) -> bool:
        """Whether it is either on or off."""
        return self.field.annotation is bool

    @property
    def is_repeated(self) -> bool:
        """Whether it may be given several times."""
        return self.choices in _REPEATED

    @property
    def choices(self) -> str:
        """What it may be, in a few words; ``"N"`` for any number, ``"NAME"`` and ``"PATH"`` for text.

        Several, with commas between, end in ``",..."``.
        """
        return "|".join(_spell(part, self.field.metadata) for part in _alternatives(self.field.annotation))


def swap_options() -> Mapping[str, Option]:
    """Every option of a swap by name, in the order of the plan."""
    options: dict[str, Option] = {}
    for kind, section, model in _SECTIONS:
        for name, field in model.model_fields.items():
            if name in _FILES:
                continue
            kinds = (*options[name].kinds, kind) if name in options else (kind,)
            options[name] = Option(name, section, kinds, field)
    return options


def rejected(name: str, place: str, value: Any, reason: str) -> PlanError:
    """The error for a value that is not allowed.

    Args:
        name: Of the setting or option.
        place: Where it was said, as its user knows it: ``"--likeness"``.
        value: What was said.
        reason: Pydantic's message.
    """
    option = swap_options().get(name)
    if option and option.choices not in ("N", "NAME", "PATH", *_REPEATED):
        choices, several = option.choices.removesuffix(",..."), option.choices.endswith(",...")
        advice = (
            f"It must be {choices.replace('|', ', ')}{', or several with commas between' if several else ''}."
        )
    elif option and option.is_repeated:
        said = reason.removeprefix("Value error, ")
        advice = f"{said[0].upper()}{said[1:]}."
    else:
        said = reason.removeprefix("Value error, ").replace("Input should", "It must", 1)
        advice = f"{said[0].upper()}{said[1:].split(', ')[0]}."
    return PlanError(f"{place} cannot be {str(value)!r}.", next_step=advice)


def _alternatives(annotation: Any) -> list[Any]:
    """The members of a union, without None."""
    if get_origin(annotation) in (Union, type(int | str)):
        return [part for part in get_args(annotation) if part is not type(None)]
    return [annotation]


def _spell(annotation: Any, metadata: list[Any]) -> str:
    if get_origin(annotation) is tuple:
        each, *more = get_args(annotation)
        spelled = _spell(each, [])
        if spelled in _REPEATED:
            return spelled
        if more == [Ellipsis]:
            return f"{spelled},..."
        # Two are a span, 20-40; more are a list.
        return ("-" if len(more) == 1 else ",").join([spelled] * (1 + len(more)))
    if get_origin(annotation) is Literal:
        return "|".join(str(value) for value in get_args(annotation))
    if hasattr(annotation, "__metadata__"):  # Annotated[int, Field(ge=1)], Annotated[str, "PERSON"]
        if isinstance(spelled := annotation.__metadata__[0], str):
            return spelled
        return "|".join(_spell(part, []) for part in _alternatives(annotation.__origin__))
    if annotation in (int, float):
        low = next((part.ge for part in metadata if hasattr(part, "ge")), None)
        high = next((part.le for part in metadata if hasattr(part, "le")), None)
        return "N" if low is None or high is None else f"{low} to {high}"
    return {Path: "PATH", str: "NAME", bool: "on|off", Role: "ROLE=ACTOR"}[annotation]
