"""P01 to P18: names, pipes, folders and outputs."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from making import film
from room import CannotBeMade, Room, render

from films import video_pts
from understudy.app.request import plan_swap, result_path
from understudy.core.errors import OutputError, OutputExists
from understudy.media.files import check_output


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _named(room: Room, name: str) -> str:
    """The name works relative and absolute, as input and as output, and nothing else appears."""
    if sys.platform == "win32" and set(name) & set('<>:"|?*\n'):
        raise CannotBeMade("Windows has no such names")
    (room.folder / "out").mkdir()
    actor = room.folder / "ada.jpg"
    actor.write_bytes(b"x")
    made = film(room.folder / "plain.mp4", pts=range(2))
    source = room.folder / name
    made.rename(source)
    with _inside(room.folder):
        output = result_path(plan_swap(actor, Path(name)))
        render(Path(name), output)
        render(source, room.folder / "out" / (name if source.suffix else f"{name}.mp4"))
    for written in (room.folder / output, *(room.folder / "out").iterdir()):
        assert video_pts(written) == video_pts(source)
    assert set(room.folder.iterdir()) == {source, actor, room.folder / output, room.folder / "out"}
    assert len(list((room.folder / "out").iterdir())) == 1
    return f"OK, {output.name!r}" if len(output.name) < 60 else f"OK, {len(os.fsencode(output.name))} bytes"


def p01(room: Room) -> str:
    """`-x.mp4` → OK"""
    return _named(room, "-x.mp4")


def p02(room: Room) -> str:
    """spaces + emoji → OK"""
    return _named(room, " two  spaces 🎭 .mp4")


def p03(room: Room) -> str:
    """relative `a:b.mp4` → OK"""
    return _named(room, "a:b.mp4")


def p04(room: Room) -> str:
    """`pc%04d.mp4` → OK"""
    return _named(room, "pc%04d.mp4")


def p05(room: Room) -> str:
    """`[1]{2}*` → OK"""
    return _named(room, "[1]{2}*.mp4")


def p06(room: Room) -> str:
    """newline → OK"""
    return _named(room, "n\new.mp4")


def p07(room: Room) -> str:
    """both quotes → OK"""
    return _named(room, "q'\".mp4")


def p08(room: Room) -> str:
    """254-byte name → OK"""
    return _named(room, "x" * 248 + "é" + ".mp4")


def p09(room: Room) -> str:
    """NFC/NFD pair → OK"""
    names = [unicodedata.normalize(form, "é.mp4") for form in ("NFC", "NFD")]
    lengths = (2, 3)
    for name, length in zip(names, lengths, strict=True):
        film(room.folder / name, pts=range(length))
    if len(list(room.folder.iterdir())) == 1:
        raise CannotBeMade("this disk takes both names for one")
    for name, length in zip(names, lengths, strict=True):
        render(room.folder / name, room.folder / f"out-{name}")
        assert len(video_pts(room.folder / f"out-{name}")) == length
    return "OK, two films"


def p10(room: Room) -> str:
    """`.MP4` → OK"""
    return _named(room, "SCENE.MP4")


def p11(room: Room) -> str:
    """no extension → OK"""
    return _named(room, "scene")


def p13(room: Room) -> str:
    """FIFO or /dev/zero → REJ < 5 s"""
    if not hasattr(os, "mkfifo"):
        raise CannotBeMade("this system has no named pipes")
    pipe = room.folder / "in.mp4"
    os.mkfifo(pipe)
    room.command_refuses("/dev/zero", "pipe or device", within=5)
    return room.command_refuses(pipe, "pipe or device", within=5)


def p14(room: Room) -> str:
    """directory as file → REJ"""
    folder = room.folder / "in.mp4"
    folder.mkdir()
    return room.command_refuses(folder, "in.mp4")


def p15(room: Room) -> str:
    """output = input → REJ, input intact"""
    source = film(room.folder / "in.mp4", pts=range(2))
    actor = room.folder / "ada.jpg"
    actor.write_bytes(b"x")
    links = room.folder / "hard.mp4", room.folder / "soft.mp4"
    os.link(source, links[0])
    links[1].symlink_to(source)
    before = source.read_bytes()
    for output in (source, *links):
        try:
            result_path(plan_swap(actor, source, output, overwrite=True))
        except OutputExists as error:
            said = f"REJ {error.exit_code} OutputExists: {error.message}"
        else:
            raise AssertionError(f"{output} was allowed")
    assert source.read_bytes() == before
    return f"{said} Also through links"


def p16(room: Room) -> str:
    """read-only output directory → REJ before work"""
    if not hasattr(os, "geteuid"):
        raise CannotBeMade("permissions of folders work otherwise here")
    locked = room.folder / "locked"
    locked.mkdir(mode=0o555)
    # Permissions do not bind root; anybody else is bound by them.
    nobody = 65534 if os.geteuid() == 0 else os.geteuid()
    mine = os.geteuid()
    room.folder.chmod(0o755)
    os.seteuid(nobody)
    try:
        with pytest.raises(OutputError) as caught:
            check_output(locked / "out.mp4", overwrite=True)
    finally:
        os.seteuid(mine)
        shutil.rmtree(locked)
    return f"REJ {caught.value.exit_code} OutputError: {caught.value.message}"


def p18(room: Room) -> str:
    """`CON` / trailing dot → safe name"""
    actor = room.folder / "CON.jpg"
    actor.write_bytes(b"x")
    names = []
    for index, name in enumerate(("CON.mp4", "nul", "scene.", "scene .mp4", "aux.")):
        if sys.platform == "win32" and not name.startswith("scene .mp4"):
            continue  # cannot lie on such a disk in the first place
        source = film(room.folder / "plain.mp4", pts=range(1)).rename(room.folder / name)
        output = result_path(plan_swap(actor, source))
        stem = output.name.partition(".")[0].upper()
        assert stem not in {"CON", "NUL", "AUX", "PRN"}, output
        assert output.name[-1] not in ". ", output
        assert output.suffix == ".mp4", (index, output)
        names.append(output.name)
    return f"OK, {', '.join(names)}"
