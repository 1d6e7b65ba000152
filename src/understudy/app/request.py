"""From what a user says to a :class:`Plan`: options put where they belong, and a name for the result."""

from __future__ import annotations

import difflib
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from understudy.app.options import rejected, swap_options
from understudy.core.errors import PlanError
from understudy.core.plan import Plan
from understudy.media.encoders import FILM_SUFFIXES
from understudy.media.files import check_input, check_output
from understudy.media.images import PHOTO_SUFFIXES
from understudy.media.probe import sniff_kind

__all__ = ["FileName", "plan_swap", "result_path"]

FileName = str | os.PathLike[str]

_KINDS = {"photo": "photos", "video": "films"}
# Saying one on the command line takes back what the settings say about the other.
_RIVALS = {"crf": "quality", "quality": "crf"}


def plan_swap(
    actor: FileName | Sequence[FileName],
    target: FileName,
    output: FileName | None = None,
    *,
    defaults: Mapping[str, Any] | None = None,
    **options: Any,
) -> Plan:
    """Make a plan out of files and options.

    Args:
        actor: Photo, or several of one person.
        target: Photo or film; what it is, is told by its content.
        output: File, or folder to put it in; None is beside the target.
        defaults: What the settings say; those that the target's kind does not have are left out.
        options: Fields of the plan by name, such as ``likeness=0.7``; None is not said.

    Raises:
        PlanError: An option is unknown, out of bounds, or not for this kind of target.
        InputError: The target cannot be read.
    """
    target = Path(target)
    photos = [Path(actor)] if isinstance(actor, str | os.PathLike) else [Path(photo) for photo in actor]
    said = {name: value for name, value in options.items() if value is not None}
    for name in said:
        _check_name(name)
    for photo in photos:
        check_input(photo)
    kind = sniff_kind(target)
    known = {name: option for name, option in swap_options().items() if kind in option.kinds}
    for name in said:
        if name not in known:
            only = _KINDS[swap_options()[name].kinds[0]]
            raise PlanError(
                f"{name} is for {only} only, and the target is a {kind}.",
                path=target,
                next_step=f"Leave {name} out.",
            )
    kept = {name: value for name, value in (defaults or {}).items() if _RIVALS.get(name) not in said}
    sections: dict[str, dict[str, Any]] = {
        "source": {"kind": kind, "path": target},
        "casting": {"actor": photos},
        "look": {},
        "output": {"kind": kind, "path": None if output is None else Path(output)},
    }
    for name, value in {**kept, **said}.items():
        if name in known:
            sections[known[name].section][name] = value
    try:
        return Plan.model_validate(sections)
    except ValidationError as error:
        raise _explain(error, {**kept, **said}) from error


def result_path(plan: Plan) -> Path:
    """Where the result of a plan goes, checked: nothing is in its way and its folder can be written.

    Without an output it lies beside the target as ``TARGET-ACTOR.EXT``, with a number if that name is taken;
    an output that is a folder gets such a name inside.

    Raises:
        OutputExists: It would overwrite an input, or a file without the permission to.
        OutputError: Its folder is missing or cannot be written.
    """
    target, actors, wanted = plan.source.path, plan.casting.actor, plan.output.path
    if wanted is not None and not wanted.is_dir():
        path = wanted
    else:
        photo = plan.source.kind == "photo"
        path = _free_name(target, actors[0], wanted or target.parent, photo=photo)
    check_output(path, overwrite=plan.output.overwrite, inputs=[target, *actors])
    return path


def _free_name(target: Path, actor: Path, folder: Path, *, photo: bool) -> Path:
    """The target's own format if it can be written, else PNG or MP4."""
    stem = f"{target.stem}-{actor.stem}"
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    kept = PHOTO_SUFFIXES if photo else FILM_SUFFIXES
    suffix = target.suffix if target.suffix.lower() in kept else (".png" if photo else ".mp4")
    paths = (folder / f"{name}{suffix}" for name in names)
    return next(path for path in paths if not os.path.lexists(path))


def _check_name(name: str) -> None:
    options = swap_options()
    if name not in options:
        near = difflib.get_close_matches(name, options, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Choose from: {', '.join(options)}."
        raise PlanError(f"There is no option {name!r}.", next_step=hint)


def _explain(error: ValidationError, options: Mapping[str, Any]) -> PlanError:
    """The first complaint, as a sentence in the user's words."""
    first = error.errors()[0]
    name = next((part for part in first["loc"] if part in options), None)
    if name is not None:
        return rejected(str(name), str(name), options[str(name)], first["msg"])
    return PlanError(
        f"{first['msg'].removeprefix('Value error, ')}.",
        next_step="'understudy swap --help' lists the options.",
    )
