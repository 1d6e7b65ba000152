"""``understudy doctor`` and ``understudy demo``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from understudy.cli.flags import Invocation, command
from understudy.cli.show import follow, line, show_result, write_json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app)(doctor)
    command(app)(demo)


def doctor(invocation: Invocation) -> None:
    """Look whether everything works here; each line says OK or what to do."""
    from understudy.app.doctor import examine

    healthy = True
    for check in examine(invocation.settings, invocation.folders):
        healthy = healthy and check.ok
        if invocation.json:
            write_json("check", dataclasses.asdict(check))
            continue
        line(f"{'OK  ' if check.ok else 'BAD '} {check.name}: {check.finding}")
        if check.advice:
            line(f"     {check.advice}")
    if not healthy:
        raise typer.Exit(1)


def demo(
    invocation: Invocation,
    folder: Annotated[Path, typer.Option("--folder", metavar="FOLDER", help="Where the files go.")] = Path(
        "understudy-demo"
    ),
) -> None:
    """Make a film of two people who do not exist, and swap one for the other; needs no file of yours."""
    from understudy.app.demo import demo as run_demo
    from understudy.app.engine import Engine

    engine = Engine(invocation.settings, invocation.folders)
    result = follow(run_demo(folder, engine), as_json=invocation.json)
    assert result is not None
    show_result(result, as_json=invocation.json)
    if not invocation.json:
        line("\nWith your own files:  understudy swap ACTOR.jpg TARGET.mp4")
