"""``understudy config``: what is set, and where."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from understudy.app.settings import describe
from understudy.cli.flags import Invocation, command
from understudy.cli.show import line, write_json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Show what is set, and where.")
    command(group)(show)
    command(group)(path)
    app.add_typer(group, name="config")


def show(invocation: Invocation) -> None:
    """List every setting: its value and where that comes from.

    \b
    [bold]Three places for the same, the last one wins[/bold]
      likeness = 0.7                in config.toml
      UNDERSTUDY_LIKENESS=0.7       in the environment
      --likeness 0.7                on the command line
    """
    rows = describe(invocation.settings, invocation.folders)
    if invocation.json:
        settings = {name: {"value": value, "origin": origin} for name, value, origin, _ in rows}
        write_json("config", {"path": invocation.folders.config, "settings": settings})
        return
    table = Table(box=None, pad_edge=False)
    for title in ("setting", "value", "from", "what it does"):
        table.add_column(title)
    for name, value, origin, text in rows:
        table.add_row(name, "" if value is None else str(value), origin, text)
    Console().print(table, markup=False)
    line(f"\nsettings file: {invocation.folders.config}")


def path(invocation: Invocation) -> None:
    """Say where the settings file is; it need not exist.

    \b
    [bold]Example[/bold]
      $EDITOR "$(understudy config path)"
    """
    if invocation.json:
        write_json("config", {"path": invocation.folders.config})
    else:
        line(str(invocation.folders.config))
