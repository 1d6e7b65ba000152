"""Glasses are painted over, or painted on; either way the user is told."""

from __future__ import annotations

from pathlib import Path

import understudy
from understudy.app.engine import Engine
from understudy.app.faces import find_faces


def test_a_swap_with_glasses_is_of_low_confidence(home: Path, portraits: list[Path], tmp_path: Path) -> None:
    people = {path.stem: path for path in portraits}
    onto, of, none = [
        understudy.swap(people[actor], people[target], tmp_path / f"{actor}.jpg", home=home, offline=True)
        for actor, target in (("man-32", "man-95"), ("woman-69", "man-44"), ("man-36", "man-44"))
    ]
    assert [result.low_confidence for result in (onto, of, none)] == [1, 1, 0]
    assert [notice.code for notice in onto.notices] == ["consent-absent"]
    assert [notice.message for notice in of.notices if notice.code == "doubtful-actor-face"] == [
        "The face in woman-69.jpg wears glasses, which are painted on without their arms; "
        "a sharp photo from the front gives a better likeness (--also adds one)."
    ]


def test_faces_names_them(engine: Engine, portraits: list[Path]) -> None:
    flags = {path.stem: [face.flags for face in find_faces(path, engine).faces] for path in portraits[-12:]}
    assert [name for name, each in flags.items() if ("glasses",) in each] == ["woman-69"]
