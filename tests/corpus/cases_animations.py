"""I17 to I19 and I27: animations."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from patches import COLOURS, near, picture
from PIL import Image, ImageSequence
from room import Room

_DELAYS = (100, 250, 40, 330, 70)
_RGB = np.array(COLOURS)[:, ::-1]


def _frame(index: int) -> Image.Image:
    """The patches; a hole that moves, so that what a picture leaves behind would show."""
    pixels = np.dstack([picture(index)[..., ::-1], np.full((48, 64), 255, np.uint8)])
    pixels[26:46, 4 + 5 * index : 10 + 5 * index, 3] = 0
    return Image.fromarray(pixels)


def _read(path: Path) -> tuple[list[NDArray[np.uint8]], list[float], object]:
    """Composed pictures, delays and the loop count, as Pillow alone sees them."""
    with Image.open(path) as image:
        frames = [
            (np.asarray(frame.convert("RGBA")), frame.info["duration"])
            for frame in ImageSequence.Iterator(image)
        ]
        return [pixels for pixels, _ in frames], [delay for _, delay in frames], image.info.get("loop")


def _made(path: Path, delays: Sequence[int] = _DELAYS, **options: object) -> Path:
    kind = "PNG" if path.suffix in (".apng", ".png") else path.suffix[1:].upper()
    first, *more = (_frame(index) for index in range(len(delays)))
    first.save(path, kind, save_all=True, append_images=more, duration=list(delays), loop=3, **options)
    return path


def _same(room: Room, source: Path, tolerance: float, name: str = "") -> str:
    out = room.folder / (name or f"out{source.suffix}")
    result = room.swap(source, out.name)
    assert not result.notices, result.notices
    before, after = _read(source), _read(out)
    assert before[1] == list(_DELAYS)
    assert after[1:] == before[1:]
    for old, new in zip(before[0], after[0], strict=True):
        hole = old[..., 3] < 128
        assert hole.sum() == 20 * 6
        assert np.array_equal(new[..., 3] < 128, hole)
        # Means of whole quarters, for dithering mixes what the palette does not have.
        near(
            new[14:22, 20:30, :3].reshape(-1, 3).mean(0),
            old[14:22, 20:30, :3].reshape(-1, 3).mean(0),
            tolerance,
        )
        near(
            new[8:22, 36:60, :3].reshape(-1, 3).mean(0),
            old[8:22, 36:60, :3].reshape(-1, 3).mean(0),
            tolerance,
        )
        near(new[7:11, 9:15, :3].reshape(-1, 3).mean(0), 255 - _RGB[0], tolerance + 6)
    return f"OK, {len(after[1])} pictures, delays {after[1]}, loop {after[2]}, holes kept"


def i17(room: Room) -> str:
    """GIF, uneven delays, disposal 2 → OK, delays kept"""
    return _same(room, _made(room.folder / "in.gif", disposal=2), 2)


def i18(room: Room) -> str:
    """animated WebP → as I17"""
    return _same(room, _made(room.folder / "in.webp", lossless=True), 3)


def i19(room: Room) -> str:
    """APNG → as I17"""
    said = _same(room, _made(room.folder / "in.png"), 0)
    _same(room, room.folder / "in.png", 0, "out.apng")
    return said


def i27(room: Room) -> str:
    """GIF 65535² canvas → REJ"""
    head = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
    picture_block = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00;"
    (room.folder / "in.gif").write_bytes(head + picture_block)
    return room.command_refuses(room.folder / "in.gif", "64 Mpx", within=10)
