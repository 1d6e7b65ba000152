"""Who is replaced, over films of squares whose brightness is who they are."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from moving import Square, SquareDetector, SquareLandmarker, frame_of

from understudy.analysis.analyse import analyse
from understudy.analysis.casting import Assignment, Chooser, LookSpan, Rules
from understudy.analysis.moments import Moment, Sample
from understudy.core.plan import FaceOrder
from understudy.core.types import Face
from understudy.media.frame import Frame

LEFT, RIGHT = (100.0, 130.0, 80.0), (350.0, 130.0, 60.0)


def x_of(face: Face) -> float:
    return float(face.bbox[0] + face.bbox[2]) / 2


def cast_of(frames: Iterable[Frame], rules: Rules) -> list[list[tuple[int, int]]]:
    """(x of the face to 10 pixels, actor) of each row, by frame."""
    films = analyse(frames, SquareDetector(), SquareLandmarker(), rules)
    return [sorted((round(x_of(row.face) / 10) * 10, row.actor) for row in rows) for _, rows in films]


def still(*squares: Square, frames: int = 8) -> list[Frame]:
    return [frame_of(squares)] * frames


@pytest.mark.parametrize(
    ("order", "position", "expected"),
    [
        (None, 1, [(100, 0)]),
        (None, 2, [(350, 0)]),
        ("left", 1, [(100, 0)]),
        ("left", 2, [(350, 0)]),
        ("left", 3, []),
        ("right", 1, [(350, 0)]),
        ("small", 1, [(350, 0)]),
        ("large", 2, [(350, 0)]),
    ],
)
def test_one_by_order_and_position(
    order: FaceOrder | None, position: int, expected: list[tuple[int, int]]
) -> None:
    found = cast_of(still(LEFT, RIGHT), Rules(order=order, position=position))
    assert found == [expected] * 8


def test_who_was_leftmost_stays_chosen_when_somebody_passes() -> None:
    moments = [[(60.0 + 30 * i, 60.0, 60.0), (200.0, 190.0, 70.0)] for i in range(9)]
    rows = list(analyse(map(frame_of, moments), SquareDetector(), SquareLandmarker(), Rules(order="left")))
    assert [x_of(row[0].face) for _, row in rows] == pytest.approx([60 + 30 * i for i in range(9)], abs=0.5)
    assert len({row[0].track for _, row in rows}) == 1


def seen(number: int, tracks: dict[int, float], follows: dict[int, int] | None = None) -> Moment:
    return Moment(number, 0, {track: sample(x) for track, x in tracks.items()}, follows or {})


def sample(x: float) -> Sample:
    points = np.array([[-12, -9], [12, -9], [0, 3], [-9, 15], [9, 15]]) + np.array([x, 100])
    face = Face(np.array([x - 30, 70, x + 30, 130], np.float32), 0.9, points.astype(np.float32))
    return Sample(face, None, np.zeros((468, 3), np.float32))


def test_who_was_chosen_stays_so_on_the_track_that_goes_on_from_theirs() -> None:
    chooser = Chooser(Rules(order="left"))
    moments = [seen(0, {1: 300.0}), seen(1, {1: 300.0, 2: 100.0}), seen(2, {2: 100.0, 3: 300.0}, {3: 1})]
    assert [list(chooser.choose(moment)) for moment in moments] == [[1], [1], [3]]
    chooser = Chooser(Rules(order="left"))
    moments[2] = seen(2, {2: 100.0, 3: 300.0})
    assert [list(chooser.choose(moment)) for moment in moments] == [[1], [1], [2]]


def test_a_track_that_follows_nobody_is_nobodys_heir() -> None:
    chooser = Chooser(Rules(order="left", position=2))
    assert chooser.choose(seen(0, {1: 100.0})) == {}
    assert list(chooser.choose(seen(1, {1: 100.0, 2: 200.0}))) == [2]


def test_people_are_played_by_their_actors_whatever_the_order() -> None:
    rules = Rules(order="left", actor=7, people={1: 1, 2: 2, 3: 3, 4: 1}, roles={1: 0, 3: 1})
    chosen = Chooser(rules).choose(seen(0, {1: 100.0, 2: 200.0, 3: 300.0, 9: 50.0}))
    assert chosen == {1: Assignment(0, 1), 3: Assignment(1, 3), 9: Assignment(7)}
    assert Chooser(rules).choose(seen(5, {4: 100.0})) == {4: Assignment(0, 1)}


def test_without_an_actor_for_the_others_they_stay_as_they_are() -> None:
    rules = Rules(actor=None, people={1: 1, 2: 2}, roles={2: 0})
    assert Chooser(rules).choose(seen(0, {1: 100.0, 2: 200.0})) == {2: Assignment(0, 2)}


def test_who_is_barred_is_nobodys_and_makes_room_in_the_order() -> None:
    rules = Rules(order="left", people={1: 1, 2: 2, 3: 3}, barred=frozenset({1}))
    assert Chooser(rules).choose(seen(0, {1: 100.0, 2: 200.0, 3: 300.0})) == {2: Assignment(0, 2)}
    rules = Rules(faces="many", people={1: 1, 2: 2, 3: 3}, barred=frozenset({1, 3}))
    assert list(Chooser(rules).choose(seen(0, {1: 100.0, 2: 200.0, 3: 300.0}))) == [2]


def test_looks_hold_for_a_person_or_a_time_and_the_last_counts() -> None:
    spans = (LookSpan(1, person=2), LookSpan(2, start=10.0, stop=20.0), LookSpan(None, 2, 15.0))
    rules = Rules(faces="many", people={1: 1, 2: 2}, looks=spans)
    both = {1: 100.0, 2: 200.0}
    at = {seconds: Chooser(rules).choose(seen(0, both), seconds) for seconds in (0.0, 10.0, 15.0, 20.0)}
    looks = {seconds: {track: part.look for track, part in chosen.items()} for seconds, chosen in at.items()}
    assert looks == {0.0: {1: 0, 2: 1}, 10.0: {1: 2, 2: 2}, 15.0: {1: 2}, 20.0: {1: 0}}
