"""The catalogue of inputs that must not hurt, generated; one test a case, named by its id."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from catalogue import all_cases
from room import CannotBeMade, Case, Room, memory_is_bounded

_SECONDS = 30


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "room"
    folder.mkdir()
    start = time.monotonic()
    try:
        case.check(Room(folder))
    except CannotBeMade as reason:
        pytest.skip(str(reason))
    assert time.monotonic() - start < _SECONDS
    assert not list(folder.rglob("*.part")), "a temporary file was left behind"
    memory_is_bounded()
