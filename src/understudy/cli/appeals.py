"""``understudy appeals``: what the content gate blocked."""

from __future__ import annotations

import dataclasses
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from understudy.cli.flags import Invocation, command
from understudy.cli.show import line, write_json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What the content gate blocked: list and remove the records.")
    command(group, "list")(show)
    command(group)(remove)
    app.add_typer(group, name="appeals")


def show(invocation: Invocation) -> None:
    """List the records of what the content gate blocked. They stay on this machine.

    \b
    [bold]Example[/bold]
      understudy appeals list
    """
    from understudy.app.appeals import find_appeals

    found = find_appeals(invocation.folders)
    if invocation.json:
        write_json("appeals", {"appeals": [dataclasses.asdict(each) for each in found]})
        return
    if not found:
        line("nothing was blocked")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("record", "file", "where", "class", "score", "blurred picture"):
        table.add_column(title, overflow="fold")
    for each in found:
        when = f"{each.part}, frame {each.frame}, {each.seconds:.2f} s"
        table.add_row(each.id, each.file, when, each.label, f"{each.score:.2f}", each.thumbnail or "")
    Console().print(table, markup=False)
    since = time.strftime("%Y-%m-%d", time.localtime(found[-1].created))
    line(f"\nsince {since}, folder: {invocation.folders.appeals}")


def remove(
    invocation: Invocation,
    records: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RECORD]...", help="Which; none is all.", show_default=False),
    ] = None,
) -> None:
    """Remove records and their blurred pictures.

    \b
    [bold]Examples[/bold]
      understudy appeals remove
      understudy appeals remove 20261121-081500-4f2a9c
    """
    from understudy.app.appeals import forget_appeals

    removed = forget_appeals(invocation.folders, records or ())
    if invocation.json:
        write_json("removed", {"appeals": [each.id for each in removed]})
    else:
        line(f"removed {len(removed)}" if removed else "nothing to remove")
