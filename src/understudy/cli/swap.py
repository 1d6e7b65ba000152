"""``understudy swap`` and ``understudy preview``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.flags import Invocation, Moment, command, swap_flags
from understudy.cli.show import follow, line, show_notices, show_result, steps, write_json
from understudy.core.errors import PlanError

if TYPE_CHECKING:
    from understudy.app.engine import Engine
    from understudy.core.plan import Plan

__all__ = ["register"]

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="[ACTOR] TARGET",
        help="ACTOR: photo of the person whose face goes in, a folder of photos, or a faceset (.fsz); left out with "
        "--cast, or with --swapper none. TARGET: photo or film of the performance, or a folder of numbered "
        "pictures.",
        show_default=False,
    ),
]
Also = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="PHOTO",
        help="Another photo (or folder, or faceset) of the same actor; may be given several times.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, flags=swap_flags("casting", "source", "seeing", "look", "compute", "output"))(swap)
    command(app, flags=swap_flags("casting", "seeing", "look", "compute"))(preview)


def swap(
    invocation: Invocation,
    files: Files,
    also: Also = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Where the result goes: a file, a folder to put it in, or numbered pictures such as out/%04d.png. "
            "Default: beside the target.",
            show_default=False,
        ),
    ] = None,
    **options: Any,
) -> None:
    """Put the actor's face on the target: photo or film, one face, all of them, or certain people.

    \b
    [bold]Examples[/bold]
      understudy swap ada.jpg scene.mp4            writes scene-ada.mp4
      understudy swap ada.jpg scene.mp4 -o short.mp4 --trim-start 10 --trim-end 20
      understudy swap ada/ scene.mp4               a folder of photos of her
      understudy swap ada.jpg group.jpg --faces many --likeness 0.8
      understudy swap friends.jpg scene.mp4 --actor-face 2
      understudy swap ada.jpg scene.mp4 --encoder libx265 --crf 20 --preset slow
      understudy swap ada.jpg scene.mp4 --audio dubbed.wav

    \b
    [bold]Who is replaced[/bold]
      understudy swap ada.jpg scene.mp4 --face-order left
      understudy swap ada.jpg scene.mp4 --reference anna.jpg
      understudy swap ada.jpg scene.mp4 --reference-frame 120 --reference-face 2
      understudy swap scene.mp4 --cast anna.jpg=ada.jpg --cast tom.jpg=ben.jpg

    \b
    [bold]Neural engines[/bold]
      understudy swap ada.jpg scene.mp4 --swapper inswapper_128 --enhancer gfpgan_1.4
      understudy swap old.mp4 --swapper none --enhancer gfpgan_1.4

    \b
    'understudy faces friends.jpg' shows the numbers of its faces, and 'understudy
    faces scene.mp4 --frame 120' those of a frame. Sound, frame times and rotation
    stay as they are. Nothing is overwritten unless you say --overwrite, and Ctrl+C
    leaves no half-written file.
    """
    from understudy.app.service import run

    plan, engine = _plan(invocation, files, also, output, options)
    result = follow(run(plan, engine), as_json=invocation.json)
    assert result is not None
    show_result(result, as_json=invocation.json)


def preview(
    invocation: Invocation,
    files: Files,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PNG", help="Where the picture goes.")],
    at: Moment = 0.5,
    also: Also = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Show the target beside the result.", show_default=False)
    ] = False,
    mask_preview: Annotated[
        bool,
        typer.Option(
            "--mask-preview", help="Show which part of the target is replaced instead.", show_default=False
        ),
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
    from understudy.app.preview import preview_progress

    plan, engine = _plan(invocation, files, also, None, options)
    follow(engine.prepare(plan.looks, plan.casting), as_json=invocation.json)
    making = preview_progress(
        plan, engine, output, at=at, compare=compare, masks=mask_preview, overwrite=overwrite
    )
    seen = steps(making, as_json=invocation.json)
    if invocation.json:
        write_json("preview", dataclasses.asdict(seen))
        return
    line(str(seen.output))
    show_notices(seen.notices)


def _plan(
    invocation: Invocation,
    files: Sequence[Path],
    also: Sequence[Path] | None,
    output: Path | None,
    options: Mapping[str, Any],
) -> tuple[Plan, Engine]:
    """The plan, and the models for it. One file is the target; of two the first is the actor."""
    from understudy.app.engine import Engine
    from understudy.app.request import plan_swap

    *actor, target = files
    if len(actor) > 1:
        raise PlanError(
            f"There are {len(files)} files; it must be ACTOR and TARGET.",
            next_step=f"More photos of the actor: --also {actor[1]}",
        )
    settings = invocation.settings
    plan = plan_swap([*actor, *(also or ())], target, output, defaults=settings.swap_defaults, **options)
    return plan, Engine(settings, invocation.folders, plan.seeing, plan.compute)
