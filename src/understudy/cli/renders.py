"""``understudy renders``: films that were not finished."""

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
    group = typer.Typer(help="Films that were interrupted: list and remove what is kept of them.")
    command(group, "list")(show)
    command(group)(clean)
    app.add_typer(group, name="renders")


def show(invocation: Invocation) -> None:
    """List what is kept of interrupted films. The same 'swap' command goes on where it was.

    \b
    [bold]Example[/bold]
      understudy renders list
    """
    from understudy.app.renders import list_renders

    found = list_renders(invocation.folders)
    if invocation.json:
        write_json("renders", {"renders": [dataclasses.asdict(each) for each in found]})
        return
    if not found:
        line("nothing is kept")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("result", "frames", "size", "last worked on", ""):
        table.add_column(title, justify="right" if title in ("frames", "size") else "left", overflow="fold")
    for each in found:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.modified))
        state = "at work" if each.busy else ""
        table.add_row(each.output, str(each.frames), f"{each.bytes / 1e6:.1f} MB", when, state)
    Console().print(table, markup=False)
    line(f"\nfolder: {invocation.folders.renders}")


def clean(
    invocation: Invocation,
    older_than: Annotated[
        float, typer.Option(min=0, metavar="DAYS", help="Only what was last worked on so many days ago.")
    ] = 0.0,
) -> None:
    """Remove what is kept of interrupted films; those at work are left alone.

    \b
    [bold]Examples[/bold]
      understudy renders clean
      understudy renders clean --older-than 7
    """
    from understudy.app.renders import clean_renders

    removed = clean_renders(invocation.folders, older_than * 86_400)
    freed = sum(each.bytes for each in removed)
    if invocation.json:
        write_json("cleaned", {"renders": [each.output for each in removed], "bytes": freed})
    else:
        line(f"removed {len(removed)}, {freed / 1e6:.1f} MB" if removed else "nothing to remove")
