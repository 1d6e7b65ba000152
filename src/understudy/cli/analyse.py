"""``understudy analyse``: who is in a film."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from understudy.cli.flags import Invocation, command, swap_flags
from understudy.cli.show import line, steps, write_json
from understudy.core.errors import PlanError

if TYPE_CHECKING:
    from understudy.app.survey import Survey

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, flags=swap_flags("seeing"))(analyse)


def analyse(
    invocation: Invocation,
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="Photo, film, or folder of numbered pictures.")
    ],
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.png",
            help="Where the contact sheet goes. Default: beside the target, as TARGET.people.png.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PERSON=NAME",
            help="Call a person so from now on; may be given several times. 'PERSON=' takes the name back.",
            show_default=False,
        ),
    ] = None,
    reanalyse: Annotated[
        bool, typer.Option("--reanalyse", help="Analyse anew, whatever is kept.", show_default=False)
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the contact sheet if it exists.", show_default=False)
    ] = False,
    **options: Any,
) -> None:
    """Find out who is in a film, and draw a contact sheet of them.

    \b
    [bold]Examples[/bold]
      understudy analyse scene.mp4
      understudy analyse scene.mp4 --sheet who.png --name 2=Ada
      understudy swap ada.jpg scene.mp4 --person 2
      understudy swap scene.mp4 --cast 1=ada.jpg --cast 2=ben.jpg

    \b
    Person 1 is who is seen most. The analysis is kept on this machine, so that
    'swap' and 'preview' need not look again; 'understudy renders list' shows it.
    """
    from understudy.app.engine import Engine
    from understudy.app.request import seeing_of
    from understudy.app.survey import survey

    settings = invocation.settings
    engine = Engine(settings, invocation.folders, seeing_of(settings.swap_defaults, **options))
    making = survey(
        target, engine, sheet=sheet, overwrite=overwrite, renew=reanalyse, names=_names(name or ())
    )
    found = steps(making, as_json=invocation.json)
    if invocation.json:
        roster = dataclasses.asdict(found.roster)
        write_json(
            "people",
            {"file": target, **roster, "sheet": found.sheet, "told_apart_by": found.told_apart_by},
        )
        return
    _show(found)


def _names(said: Sequence[str]) -> dict[str, str]:
    names = {}
    for text in said:
        person, equals, name = text.partition("=")
        if not (person.strip() and equals):
            raise PlanError(f"--name cannot be {text!r}.", next_step="It must be PERSON=NAME, such as 2=Ada.")
        names[person.strip()] = name.strip()
    return names


def _show(found: Survey) -> None:
    from understudy.app.sheet import clock, degrees, times

    roster = found.roster
    if not roster.people:
        line("nobody")
        return
    film = roster.frames > 1
    table = Table(box=None, pad_edge=False)
    titles = ["no.", "name", *(("seen", "frames", "when") if film else ()), "side", "size", "sure"]
    for title in titles:
        table.add_column(title, justify="left" if title in ("name", "when") else "right", no_wrap=True)
    for person in roster.people:
        when = [clock(person.seconds), str(person.frames), times(person)] if film else []
        measured = [degrees(person.yaw), f"{person.size:.0f} px", f"{person.confidence:.0%}"]
        table.add_row(str(person.number), person.name or "", *when, *measured)
    Console().print(table, markup=False)
    if found.told_apart_by is None and len(roster.people) > 1:
        sys.stderr.write(
            "note: Without a model that tells people apart somebody may be listed more than once; "
            "pip install 'understudy[identity]' adds one.\n"
        )
    line(f"contact sheet: {found.sheet}")
