"""``understudy swap`` and ``understudy preview``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from understudy.cli.flags import Invocation, Moment, command, swap_flags
from understudy.cli.show import follow, line, show_notices, show_result, write_json

__all__ = ["register"]

Actor = Annotated[Path, typer.Argument(metavar="ACTOR", help="Photo of the person whose face goes in.")]
Also = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="PHOTO",
        help="Another photo of the same actor; may be given several times.",
        show_default=False,
    ),
]
Target = Annotated[Path, typer.Argument(metavar="TARGET", help="Photo or film of the performance.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, flags=swap_flags("casting", "source", "look", "output"))(swap)
    command(app, flags=swap_flags("casting", "look"))(preview)


def swap(
    invocation: Invocation,
    actor: Actor,
    target: Target,
    also: Also = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Where the result goes: a file, or a folder to put it in. Default: beside the target.",
            show_default=False,
        ),
    ] = None,
    **options: Any,
) -> None:
    """Put the actor's face on the target: photo or film, one face or all of them.

    \b
    [bold]Examples[/bold]
      understudy swap ada.jpg scene.mp4            writes scene-ada.mp4
      understudy swap ada.jpg scene.mp4 -o short.mp4 --trim-start 10 --trim-end 20
      understudy swap ada.jpg group.jpg --faces many --likeness 0.8
      understudy swap friends.jpg scene.mp4 --actor-face 2
      understudy swap ada.jpg scene.mp4 --encoder libx265 --crf 20 --preset slow

    \b
    'understudy faces friends.jpg' shows the numbers of its faces. Sound, frame
    times and rotation stay as they are. Nothing is overwritten unless you say
    --overwrite, and Ctrl+C leaves no half-written file.
    """
    from understudy.app.engine import Engine
    from understudy.app.request import plan_swap
    from understudy.app.service import run

    engine = Engine(invocation.settings, invocation.folders)
    plan = plan_swap(
        [actor, *(also or ())], target, output, defaults=invocation.settings.swap_defaults, **options
    )
    result = follow(run(plan, engine), as_json=invocation.json)
    assert result is not None
    show_result(result, as_json=invocation.json)


def preview(
    invocation: Invocation,
    actor: Actor,
    target: Target,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PNG", help="Where the picture goes.")],
    at: Moment = 0.5,
    also: Also = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Show the target beside the result.", show_default=False)
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the picture if it exists.", show_default=False)
    ] = False,
    **options: Any,
) -> None:
    """Swap one moment only, to see what it will look like.

    \b
    [bold]Examples[/bold]
      understudy preview ada.jpg scene.mp4 -o look.png
      understudy preview ada.jpg scene.mp4 -o look.png --at 0.25 --compare --likeness 0.8
    """
    from understudy.app.engine import Engine
    from understudy.app.preview import preview as make_preview
    from understudy.app.request import plan_swap

    engine = Engine(invocation.settings, invocation.folders)
    plan = plan_swap([actor, *(also or ())], target, defaults=invocation.settings.swap_defaults, **options)
    follow(engine.prepare(plan.look), as_json=invocation.json)
    seen = make_preview(plan, engine, output, at=at, compare=compare, overwrite=overwrite)
    if invocation.json:
        write_json("preview", dataclasses.asdict(seen))
        return
    line(str(seen.output))
    show_notices(seen.notices)
