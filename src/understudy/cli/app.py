"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

import understudy
from understudy.cli import analyse, appeals, config, consent, faces, health, models, provenance, renders, swap
from understudy.cli.show import line

__all__ = ["app"]

app = typer.Typer(rich_markup_mode="rich", add_completion=False, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        line(f"understudy {understudy.__version__}")
        raise typer.Exit


@app.callback()
def _understudy(
    version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Put one consenting person's face on another's performance, from a single picture.

    \b
    [bold]A first look, with no file of yours[/bold]
      understudy demo

    \b
    [bold]Your own photo or film[/bold]
      understudy swap ada.jpg scene.mp4            writes scene-ada.mp4
      understudy swap ada.jpg group.jpg -o new.jpg --faces many

    \b
    [bold]Before a long film[/bold]
      understudy analyse scene.mp4                 who is in it, on a contact sheet
      understudy preview ada.jpg scene.mp4 -o look.png --compare

    \b
    [bold]When something does not work[/bold]
      understudy doctor

    'understudy COMMAND --help' explains each. Use it only with the consent of both people.
    """


for _commands in (swap, analyse, faces, provenance, consent, health, models, renders, config, appeals):
    _commands.register(app)
