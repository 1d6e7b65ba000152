"""Who is in a target: analysed, named, and put on a contact sheet."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from understudy.app.analysis import Whole, analyse_whole, rename
from understudy.app.content import content_of
from understudy.app.engine import Engine
from understudy.app.people import asked_for
from understudy.app.pictures import check_png, write_drawing
from understudy.app.sheet import contact_sheet
from understudy.core.errors import PlanError
from understudy.core.people import Roster
from understudy.core.types import Progress
from understudy.media.files import check_input
from understudy.media.sequence import sequence_files

__all__ = ["Survey", "survey"]

_NAME: Final = re.compile(r"(?!\d+$)[^./\\=,@:]{1,40}")


@dataclass(frozen=True)
class Survey:
    """What was found.

    Attributes:
        target: Where it lies.
        roster: Who is in it.
        sheet: The contact sheet; None when there is nobody.
        told_apart_by: The embedder's name; None when only motion and the faces' shapes were there to go by.
    """

    target: Path
    roster: Roster
    sheet: Path | None
    told_apart_by: str | None


def survey(
    target: Path,
    engine: Engine,
    *,
    sheet: Path | None = None,
    overwrite: bool = False,
    renew: bool = False,
    names: Mapping[str, str] | None = None,
) -> Generator[Progress, None, Survey]:
    """Analyse a photo or film, and draw who is in it.

    Args:
        target: The photo, film or folder of numbered pictures.
        engine: The models.
        sheet: The picture to write; None is beside the target, under a name that is free.
        overwrite: Replace the picture if it exists.
        renew: Analyse it anew, whatever is kept.
        names: By number (or the name so far): how somebody is to be called from now on; nothing takes a name back.

    Yields:
        Progress.

    Raises:
        InputError: It cannot be read.
        PlanError: A name is none, or there is nobody to give it to.
        OutputExists, OutputError: The picture cannot be written.
        ModelError: Weights are missing or corrupt.
    """
    if not sequence_files(target):
        check_input(target)
    for name in (names or {}).values():
        if name and not _NAME.fullmatch(name):
            raise PlanError(
                f"{name!r} cannot be a name.",
                next_step="Use a few letters; no number alone, and no dot, comma, slash, @, : or =.",
            )
    path = _free_name(target) if sheet is None else sheet
    check_png(path, overwrite=overwrite, inputs=[target])
    yield from engine.prepare(people=True)
    whole = yield from analyse_whole(target, engine, content_of(target), renew=renew)
    if names:
        whole = _named(whole, names, target, engine)
    if whole.roster.people:
        write_drawing(path, contact_sheet(whole, target.name), overwrite=overwrite, inputs=[target])
    identity = engine.recogniser()
    return Survey(
        target, whole.roster, path if whole.roster.people else None, identity.name if identity else None
    )


def _named(whole: Whole, names: Mapping[str, str], target: Path, engine: Engine) -> Whole:
    """The same with people renamed, which is kept."""
    if not (whole.kept and engine.keeps_analyses):
        why = (
            "A photo's analysis is not kept"
            if not whole.kept
            else "Analyses are not kept (keep_analyses is off)"
        )
        raise PlanError(
            f"{why}, so that nobody in it can be given a name.",
            path=target,
            next_step="Say them by number: --person 1, --cast 1=ada.jpg.",
        )
    called = {person.number: person.name for person in whole.roster.people}
    for asked, name in names.items():
        number = asked_for(whole.roster, asked, target).number
        if name.casefold() in {
            (other or "").casefold() for key, other in called.items() if key != number and name
        }:
            raise PlanError(
                f"Somebody else is called {name!r} already.", path=target, next_step="Choose another name."
            )
        called[number] = name or None
    people = tuple(replace(person, name=called[person.number]) for person in whole.roster.people)
    rename(whole, engine, {person.name: person.exemplar for person in people if person.name})
    return replace(whole, roster=replace(whole.roster, people=people))


def _free_name(target: Path) -> Path:
    stem = target.stem.rstrip(". ") or "target"
    folder = target.absolute().parent
    names = itertools.chain([f"{stem}.people"], (f"{stem}.people-{number}" for number in itertools.count(2)))
    return next(path for name in names if not os.path.lexists(path := folder / f"{name}.png"))
