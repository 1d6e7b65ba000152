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
from understudy.core.plan import Plan, Seeing, VideoOutput
from understudy.media.encoders import FILM_SUFFIXES
from understudy.media.files import check_input, check_output, is_abandoned
from understudy.media.images import PHOTO_SUFFIXES
from understudy.media.numbered import check_result, is_numbered, own_pattern
from understudy.media.probe import sniff_kind
from understudy.safety.provenance import sidecar_of

__all__ = ["FileName", "input_files", "plan_swap", "result_path", "seeing_of", "written_suffix"]

_LONGEST = 240

FileName = str | os.PathLike[str]

_KINDS = {"photo": "photos", "video": "films"}
# Saying one on the command line takes back what the settings say about the other.
_RIVALS = {"crf": "quality", "quality": "crf", "audio": "skip_audio", "skip_audio": "audio"}


def plan_swap(
    actor: FileName | Sequence[FileName] | None,
    target: FileName,
    output: FileName | None = None,
    *,
    defaults: Mapping[str, Any] | None = None,
    **options: Any,
) -> Plan:
    """Make a plan out of files and options.

    Args:
        actor: Photo, folder or faceset (.fsz), or several of one person; None when ``cast`` says who plays whom, or
            nobody is swapped.
        target: Photo or film; what it is, is told by its content.
        output: File, or folder to put it in; None is beside the target.
        defaults: What the settings say; those that the target's kind does not have are left out.
        options: Fields of the plan by name, such as ``likeness=0.7``; None is not said.

    Raises:
        PlanError: An option is unknown, out of bounds, or not for this kind of target.
        InputError: The target cannot be read.
    """
    target = Path(target)
    given = [actor] if isinstance(actor, str | os.PathLike) else actor or []
    photos = [Path(photo) for photo in given]
    said = {name: value for name, value in options.items() if value is not None}
    for name in said:
        _check_name(name)
    for photo in photos:
        _check_actor(photo)
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
        "seeing": {},
        "look": {},
        "compute": {},
        "output": {"kind": kind, "path": None if output is None else Path(output)},
    }
    for name, value in {**kept, **said}.items():
        if name in known:
            sections[known[name].section][name] = value
    try:
        plan = Plan.model_validate(sections)
    except ValidationError as error:
        raise _explain(error, {**kept, **said}) from error
    _check_casting(plan)
    return plan


def seeing_of(defaults: Mapping[str, Any], **options: Any) -> Seeing:
    """How faces are found, for what is no swap.

    Args:
        defaults: What the settings say.
        options: Fields of :class:`Seeing` by name; None is not said.

    Raises:
        PlanError: An option is unknown, or a value out of bounds.
    """
    for name in options:
        if name not in Seeing.model_fields:
            raise PlanError(
                f"There is no option {name!r} here.",
                next_step=f"Choose from: {', '.join(Seeing.model_fields)}.",
            )
    said = {**defaults, **{name: value for name, value in options.items() if value is not None}}
    kept = {name: value for name, value in said.items() if name in Seeing.model_fields}
    try:
        return Seeing.model_validate(kept)
    except ValidationError as error:
        raise _explain(error, kept) from error


def input_files(plan: Plan) -> list[Path]:
    """Every file that the plan reads, for an output must be none of them."""
    casting = plan.casting
    pictured = [role.reference for role in casting.cast if role.by_picture]
    roles = [*pictured, *(path for role in casting.cast for path in role.actor)]
    beside = sidecar_of(plan.source.path)
    sound = plan.output.sound_file if isinstance(plan.output, VideoOutput) else None
    others = [path for path in (beside, casting.reference, sound) if path is not None]
    return [plan.source.path, *casting.actor, *roles, *others]


def result_path(plan: Plan) -> Path:
    """Where the result of a plan goes, checked: nothing is in its way and its folder can be written.

    Without an output it lies beside the target as ``TARGET-ACTOR.EXT`` (``TARGET-MODEL.EXT`` when nobody is swapped),
    with a number if that name is taken; an output that is a folder gets such a name inside, or numbered pictures when
    their format is given.

    Raises:
        OutputExists: It would overwrite an input, or a file without the permission to.
        OutputError: Its folder is missing or cannot be written.
    """
    target, wanted = plan.source.path, plan.output.path
    if wanted is not None and isinstance(plan.output, VideoOutput) and _takes_pictures(wanted, plan.output):
        path = wanted / own_pattern(target, f".{plan.output.image_format}")
    elif wanted is not None and not wanted.is_dir():
        path = wanted
    else:
        photo = plan.source.kind == "photo"
        path = _free_name(
            f"{target.stem.rstrip('. ')}-{_what(plan)}", target, wanted or target.parent, photo=photo
        )
    inputs = input_files(plan)
    check = check_result if plan.output.kind == "video" else check_output
    check(path, overwrite=plan.output.overwrite, inputs=inputs)
    if (beside := sidecar_of(path)) is not None:
        check_output(beside, overwrite=plan.output.overwrite or is_abandoned(beside), inputs=inputs)
    return path


def _takes_pictures(wanted: Path, output: VideoOutput) -> bool:
    """Whether the result is a folder of numbered pictures."""
    names_a_file = wanted.suffix.lower() in FILM_SUFFIXES or is_numbered(wanted)
    return output.image_format is not None and (wanted.is_dir() or not names_a_file)


def written_suffix(target: Path, *, photo: bool) -> str:
    """The target's own suffix if such files can be written, else PNG's or MP4's."""
    kept = PHOTO_SUFFIXES if photo else FILM_SUFFIXES
    return target.suffix if target.suffix.lower() in kept else (".png" if photo else ".mp4")


def _what(plan: Plan) -> str:
    """What the result's name says was done: the first actor, or else the models."""
    look = plan.look
    if look.swapper == "none":
        return "-".join(filter(None, [look.enhancer, look.upscaler]))
    first = [*plan.casting.actor, *(path for role in plan.casting.cast for path in role.actor)][0]
    return first.resolve().stem


def _free_name(stem: str, target: Path, folder: Path, *, photo: bool) -> Path:
    # Disks take 255 bytes; some room is left for the number and the suffix.
    while len(os.fsencode(stem)) > _LONGEST:
        stem = stem[:-1]
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    suffix = written_suffix(target, photo=photo)
    paths = (folder / f"{name}{suffix}" for name in names)
    return next(path for path in paths if not os.path.lexists(path) and not _is_taken(sidecar_of(path)))


def _is_taken(beside: Path | None) -> bool:
    return beside is not None and os.path.lexists(beside) and not is_abandoned(beside)


def _check_actor(path: Path) -> None:
    """A folder of photos is an actor too."""
    if not path.is_dir():
        check_input(path)


def _check_casting(plan: Plan) -> None:
    """What contradicts itself or would be without effect, and the files that are named in options."""
    casting = plan.casting
    by_reference = casting.reference is not None or casting.reference_frame is not None
    if by_reference and (casting.face_order is not None or casting.face_position > 1):
        raise PlanError(
            "A reference and a place in an order are two ways to say who is replaced.",
            next_step="Leave out face_order and face_position, or the reference.",
        )
    if casting.person and (by_reference or casting.face_order is not None or casting.face_position > 1):
        raise PlanError(
            "A person's number and a reference or an order are two ways to say who is replaced.",
            next_step="Leave out person, or the other.",
        )
    if casting.faces == "many" and (casting.face_order is not None or casting.face_position > 1):
        raise PlanError(
            "With faces 'many' every face is replaced, in whatever order.",
            next_step="Leave out face_order and face_position, or say faces 'one'.",
        )
    if by_reference and not casting.actor and plan.look.swapper != "none":
        raise PlanError(
            "A reference says whom the actor plays, and there is no actor.",
            next_step="Give the actor, or say both in one: --cast ROLE=ACTOR.",
        )
    if casting.person and not casting.actor and plan.look.swapper != "none":
        raise PlanError(
            "A person's number says whom the actor plays, and there is no actor.",
            next_step=f"Give the actor, or say both in one: --cast {casting.person[0]}=ACTOR.",
        )
    for role in casting.cast:
        for path in role.actor:
            _check_actor(path)


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
