"""``understudy faces``: who is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from understudy.cli.flags import Invocation, Moment, command, swap_flags
from understudy.cli.show import follow, line, write_json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, flags=swap_flags("seeing"))(faces)


def faces(
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Photo or film.")],
    draw: Annotated[
        Path | None,
        typer.Option(metavar="OUT.png", help="Also draw boxes, landmarks and numbers.", show_default=False),
    ] = None,
    at: Moment = 0.5,
    frame: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Which frame of a film instead, by its number; 0 is the first.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT.png if it exists.", show_default=False)
    ] = False,
    **options: Any,
) -> None:
    """Show who is in a photo, or in one moment of a film.

    \b
    [bold]Examples[/bold]
      understudy faces group.jpg
      understudy faces scene.mp4 --at 0.25 --draw who.png
      understudy faces scene.mp4 --frame 120 --draw who.png

    \b
    The numbers are what 'swap --actor-face N' takes, and 'swap --reference-frame
    120 --reference-face N' those of a frame; 1 is the first from the left.
    """
    from understudy.app.engine import Engine
    from understudy.app.faces import draw_faces, find_faces
    from understudy.app.pictures import write_drawing
    from understudy.app.request import seeing_of

    settings = invocation.settings
    engine = Engine(settings, invocation.folders, seeing_of(settings.swap_defaults, **options))
    follow(engine.prepare(), as_json=invocation.json)
    scene = find_faces(file, engine, at=at, frame=frame)
    if draw is not None:
        write_drawing(draw, draw_faces(scene), overwrite=overwrite, inputs=[file])
    if invocation.json:
        size = {"width": scene.picture.width, "height": scene.picture.height}
        found = [
            {
                "number": number,
                "bbox": face.bbox,
                "score": face.score,
                "confidence": face.confidence,
                "flags": face.flags,
                "keypoints": face.keypoints,
                "landmarks": face.landmarks,
            }
            for number, face in enumerate(scene.faces, 1)
        ]
        write_json("faces", {"file": file, **size, "faces": found})
        return
    if not scene.faces:
        line("no face")
    else:
        table = Table(box=None, pad_edge=False)
        for title in ("number", "left", "top", "width", "height", "score", "confidence", ""):
            table.add_column(title, justify="left" if title == "" else "right")
        for number, face in enumerate(scene.faces, 1):
            left, top, right, bottom = (round(float(edge)) for edge in face.bbox)
            numbers = [str(value) for value in (number, left, top, right - left, bottom - top)]
            scores = [f"{face.score:.2f}", f"{face.confidence:.2f}"]
            table.add_row(*numbers, *scores, ", ".join(face.flags))
        Console().print(table, markup=False)
    if draw is not None:
        line(f"drawn: {draw}")
