"""``understudy renders``: what is kept of films."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from understudy.cli.flags import Invocation, command
from understudy.cli.show import line, write_json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What is kept of films: those that were interrupted, and analyses.")
    command(group, "list")(show)
    command(group)(clean)
    app.add_typer(group, name="renders")


def show(invocation: Invocation) -> None:
    """List what is kept of films.

    What was interrupted goes on with the same 'swap' command; an analysis is what was
    found in a film, and goes by itself when it was not used for 30 days.

    \b
    [bold]Example[/bold]
      understudy renders list
    """
    from understudy.app.renders import list_analyses, list_renders

    folders = invocation.folders
    found, analyses = list_renders(folders), list_analyses(folders)
    if invocation.json:
        known = [dataclasses.asdict(each) for each in analyses]
        write_json("renders", {"renders": [dataclasses.asdict(each) for each in found], "analyses": known})
        return
    if not (found or analyses):
        line("nothing is kept")
        return
    if found:
        rows = [(each.output, each.frames, each.bytes, each.modified, each.busy) for each in found]
        _print("result", "last worked on", rows, folders.renders)
    if analyses:
        used = [(each.name, each.frames, each.bytes, each.used, False) for each in analyses]
        _print("analysis of", "last used", used, folders.analyses)


def _print(title: str, when: str, rows: Iterable[tuple[str, int, int, float, bool]], folder: Path) -> None:
    """A table of name, frames, bytes, time, and whether a process is at work."""
    table = Table(box=None, pad_edge=False)
    for heading in (title, "frames", "size", when, ""):
        table.add_column(
            heading, justify="right" if heading in ("frames", "size") else "left", overflow="fold"
        )
    for name, frames, size, then, busy in rows:
        moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(then))
        table.add_row(name, str(frames), f"{size / 1e6:.1f} MB", moment, "at work" if busy else "")
    Console().print(table, markup=False)
    line(f"folder: {folder}\n")


def clean(
    invocation: Invocation,
    older_than: Annotated[
        float,
        typer.Option(min=0, metavar="DAYS", help="Only what was last worked on, or used, so many days ago."),
    ] = 0.0,
) -> None:
    """Remove what is kept of films: of interrupted ones (those at work are left alone), and analyses.

    \b
    [bold]Examples[/bold]
      understudy renders clean
      understudy renders clean --older-than 7
    """
    from understudy.app.renders import clean_analyses, clean_renders

    age = older_than * 86_400
    removed, analyses = clean_renders(invocation.folders, age), clean_analyses(invocation.folders, age)
    freed = sum(each.bytes for each in removed) + sum(each.bytes for each in analyses)
    if invocation.json:
        names = {"renders": [each.output for each in removed], "analyses": [each.name for each in analyses]}
        write_json("cleaned", {**names, "bytes": freed})
    else:
        count = len(removed) + len(analyses)
        line(f"removed {count}, {freed / 1e6:.1f} MB" if count else "nothing to remove")
