"""F07 to F09 and F13: what goes wrong around the files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from making import film
from room import CannotBeMade, Invert, Room

from understudy.core.errors import ModelCorrupt, ModelError
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool

_MODEL = "blazeface-short"


class _Failing(Invert):
    """The accelerator goes away at the sixth frame."""

    def __init__(self) -> None:
        self._left = 5

    def swap(self, picture: Any, face: Any, actor: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ModelError("The device was lost.", next_step="Try --provider cpu.")
        return super().swap(picture, face, actor)


def f07(room: Room) -> str:
    """GPU provider fails mid-job → a typed error, no output"""
    source = film(room.folder / "in.mp4")
    before = set(room.folder.iterdir())
    try:
        room.swap(source, engine=_Failing())
    except ModelError as error:
        assert set(room.folder.iterdir()) == before
        assert not [one for one in threading.enumerate() if one.name.startswith("understudy-")]
        return f"REJ {error.exit_code} ModelError, no output, no thread left (simulated: no accelerator is needed)"
    raise AssertionError("it was not refused")


def _damaged(room: Room, damage: Callable[[bytes], bytes]) -> str:
    home = Path(os.environ.get("UNDERSTUDY_HOME", Path(__file__).parents[2] / ".cache" / "understudy"))
    given, own = Cache(home / "models", offline=True), Cache(room.folder / "models", offline=True)
    found = given.path(given.catalog[_MODEL])
    if not found.is_file():
        raise CannotBeMade("the weights are not cached here (set UNDERSTUDY_HOME)")
    path = own.path(own.catalog[_MODEL])
    path.parent.mkdir(parents=True)
    path.write_bytes(damage(found.read_bytes()))
    for use in (own.ensure, SessionPool(own).session):
        try:
            use(own.catalog[_MODEL])
        except ModelCorrupt as error:
            said = f"REJ {error.exit_code} ModelCorrupt: {error.message}"
        else:
            raise AssertionError("it was loaded")
    return said


def f08(room: Room) -> str:
    """model bit-flip → never loaded"""
    return _damaged(room, lambda data: data[:999] + bytes([data[999] ^ 4]) + data[1000:])


def f09(room: Room) -> str:
    """model truncated → never loaded"""
    return _damaged(room, lambda data: data[: len(data) // 2])


def f13(room: Room) -> str:
    """clock set backwards → OK"""
    source = film(room.folder / "in.mp4")
    ticks = iter(range(2_000_000_000, 0, -3600))
    with mock.patch("time.time", side_effect=lambda: float(next(ticks))):
        result = room.swap(source)
    assert result.frames == 12
    assert 0 < result.seconds < 30
    return "OK, time is taken from a clock that only goes on"
