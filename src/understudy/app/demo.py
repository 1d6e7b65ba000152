"""A demonstration with nothing but the package: two people who do not exist, one of them made to perform."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import AbstractContextManager
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Literal

import understudy
from understudy.app.content import content_of
from understudy.app.engine import Engine
from understudy.app.faces import find_faces
from understudy.app.performance import perform
from understudy.app.request import plan_swap
from understudy.app.service import run
from understudy.core.errors import FaceError
from understudy.core.types import MediaInfo, Progress
from understudy.media.color import ColorTags
from understudy.media.encoders import choose_encoder
from understudy.media.files import output_error, staged
from understudy.media.frame import BgrPixels, Frame
from understudy.media.write import VideoWriter
from understudy.safety.keys import load_key
from understudy.safety.look import Place
from understudy.safety.provenance import Claim, Marker

__all__ = ["demo", "demo_picture"]

_FRAMES, _RATE = 96, 24


def demo_picture(name: Literal["actor", "target"]) -> AbstractContextManager[Path]:
    """One of the package's two people (each an average of many), as a file that is there inside the block."""
    return resources.as_file(resources.files("understudy.app") / "data" / f"{name}.jpg")


def demo(folder: Path, engine: Engine) -> Generator[Progress, None, None]:
    """Make a film out of one of the two pictures and put the other's face into it.

    Writes ``actor.jpg``, ``performance.mp4`` and ``result.mp4``; an older demonstration there is replaced.

    Args:
        folder: Where; made if it is missing.
        engine: The models.

    Raises:
        OutputError: Something cannot be written there.
        ModelError: Weights are missing or corrupt.
    """
    actor, film = folder / "actor.jpg", folder / "performance.mp4"
    yield from engine.prepare()
    yield from engine.gate.prepare()
    with demo_picture("actor") as photo, demo_picture("target") as still:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(photo, actor)
        except OSError as error:
            raise output_error(error, folder) from error
        yield from _film(still, film, engine)
    yield from run(plan_swap(actor, film, folder / "result.mp4", overwrite=True), engine)


def _film(still: Path, path: Path, engine: Engine) -> Generator[Progress, None, None]:
    """Write the performance."""
    scene = find_faces(still, engine)
    if not scene.faces:
        raise FaceError("There is no face in the demonstration's picture.", path=still)
    pixels = scene.picture.bgr()
    info = _info(path, scene.picture.width, scene.picture.height)
    encoding = choose_encoder("libx264", info, "mp4", quality=80)
    guard = engine.gate.guard
    seen = guard.inspector.look(Place("target", still.name), scene.picture, scene.faces)
    allow = guard.allow([seen], {"target"}, still.name, scene.picture)
    software = f"understudy {understudy.__version__}"
    claim = Claim(software, "A picture made to move", still, content_of(still).sha256, policy=allow.policy)
    with staged(path, overwrite=True, seal=Marker(claim, load_key(engine.keys))) as temporary:
        writer = VideoWriter(temporary, info, encoding, allow, tracks=False)
        try:
            for index, drawn in enumerate(perform(pixels, scene.faces[0], _FRAMES)):
                writer.write(_frame(drawn, index))
                yield Progress("animate", index + 1, _FRAMES)
            writer.finish()
        finally:
            writer.abort()


def _frame(pixels: BgrPixels, index: int) -> Frame:
    import av

    frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
    # Without both of these the colours would be BT.601's, and untagged.
    frame = frame.reformat(format="yuv420p", src_colorspace="ITU709", dst_colorspace="ITU709")
    frame.pts = index
    tags = ColorTags(range=1, space=1, primaries=1, transfer=1)
    return Frame.from_video(frame, tags=tags, orientation=1, time_base=Fraction(1, _RATE))


def _info(path: Path, width: int, height: int) -> MediaInfo:
    """The film that is to be, as if it had been read."""
    return MediaInfo(
        path=path,
        kind="video",
        container="mp4",
        codec="h264",
        width=width,
        height=height,
        stored_width=width,
        stored_height=height,
        orientation=1,
        pixel_format="yuv420p",
        bit_depth=8,
        time_base=Fraction(1, _RATE),
        average_rate=Fraction(_RATE),
        duration=Fraction(_FRAMES, _RATE),
        frames=_FRAMES,
        exact_frames=True,
    )
