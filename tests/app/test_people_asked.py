"""Whom numbers and names mean, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from understudy.app.people import asked_for
from understudy.app.request import input_files, plan_swap, seeing_of
from understudy.core.errors import FaceError, PlanError
from understudy.core.people import Exemplar, Person, Roster


def person(number: int, name: str | None = None) -> Person:
    there = Exemplar(0, (0, 0, 10, 10))
    return Person(number, name, (number,), 5, 0.2, (), (0, 0), (0, 0), 50, 1.0, there)


def roster(*people: Person) -> Roster:
    return Roster(people, (), 5, 0.2)


def test_a_person_by_number_and_by_name() -> None:
    ada, ben = person(1), person(2, "Ben")
    for asked in ("2", "Ben", " ben "):
        assert asked_for(roster(ada, ben), asked, Path("a.mp4")) == ben


def test_who_is_not_there_is_said_with_who_is() -> None:
    target = Path("a.mp4")
    with pytest.raises(PlanError, match=r"no person '3'.*are 2 people: 1, 2 \(Ben\).*analyse a.mp4"):
        asked_for(roster(person(1), person(2, "Ben")), "3", target)
    with pytest.raises(PlanError, match="there is 1 person: 1"):
        asked_for(roster(person(1)), "Eve", target)
    with pytest.raises(PlanError, match=r"are 30 people: 1, 2, .*12, \.\.\."):
        asked_for(roster(*map(person, range(1, 31))), "31", target)
    with pytest.raises(FaceError, match="nobody in it"):
        asked_for(roster(), "1", target)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2", ("2",)),
        (2, ("2",)),
        ("2, Ada", ("2", "Ada")),
        (["1,2", "Ada"], ("1", "2", "Ada")),
        ([3, "4"], ("3", "4")),
    ],
)
def test_people_as_they_are_said(actor: Path, scene: Path, said: Any, meant: tuple[str, ...]) -> None:
    assert plan_swap(actor, scene, person=said).casting.person == meant
    assert plan_swap(actor, scene, exclude=said).casting.exclude == meant


def test_a_role_is_a_picture_or_a_person(actor: Path, scene: Path, tmp_path: Path) -> None:
    for role, by_picture in (
        ("1", False),
        ("Ada", False),
        ("anna.jpg", True),
        (str(tmp_path / "anna"), True),
    ):
        plan = plan_swap(None, scene, cast=f"{role}={actor}")
        assert plan.casting.cast[0].by_picture is by_picture
        assert plan.casting.knows_by_picture is by_picture
        assert plan.casting.knows_people
        assert (Path(role) in input_files(plan)) is by_picture


@pytest.mark.parametrize(
    "options",
    [
        {"person": "1", "face_order": "left"},
        {"person": "1", "reference_frame": 0},
        {"person": "1", "face_position": 2},
    ],
)
def test_two_ways_to_say_who_are_one_too_many(actor: Path, scene: Path, options: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match="two ways"):
        plan_swap(actor, scene, **options)


def test_a_person_without_an_actor(actor: Path, scene: Path) -> None:
    with pytest.raises(PlanError, match="--cast 2=ACTOR"):
        plan_swap(None, scene, person="2", cast=f"1={actor}")
    assert plan_swap(None, scene, person="2", swapper="none", enhancer="x").casting.knows_people
    assert not plan_swap(actor, scene).casting.knows_people


def test_an_analysis_takes_only_what_says_how_faces_are_found() -> None:
    with pytest.raises(PlanError, match="no option 'likeness'"):
        seeing_of({}, likeness=0.5)
