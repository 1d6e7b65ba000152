"""Who is replaced, over films of squares whose brightness is who they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pytest
from moving import Square, SquareDetector, SquareLandmarker, frame_of

from understudy.analysis.analyse import analyse
from understudy.analysis.casting import Chooser, Rules, Wanted
from understudy.analysis.moments import Moment, Sample
from understudy.core.plan import FaceOrder
from understudy.core.types import Face, FloatArray
from understudy.media.frame import Frame
from understudy.vision.roles import Looks, Picture

ADA, BEN, EVE = (np.eye(4, dtype=np.float32)[index] for index in range(3))
NOBODY = np.eye(4, dtype=np.float32)[3]
LEFT, RIGHT = (100.0, 130.0, 80.0), (350.0, 130.0, 60.0)


def x_of(face: Face) -> float:
    return float(face.bbox[0] + face.bbox[2]) / 2


@dataclass
class Where:
    """Takes people for who they are by the places that a test says; counts how often it is asked."""

    places: list[tuple[float, FloatArray]]
    asked: list[float] = field(default_factory=list)
    digest: str = "0" * 64

    def embed(self, picture: Picture, face: Face) -> FloatArray:  # noqa: ARG002
        self.asked.append(x_of(face))
        return min(self.places, key=lambda place: abs(place[0] - x_of(face)))[1] * 2

    def describe(self, picture: Picture, face: Face) -> Looks:
        young = self.embed(picture, face) is not None and x_of(face) < 240
        return Looks("female", (20, 29)) if young else Looks("male", (50, 59))


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


def wanted(*people: FloatArray, similarity: float = 0.5, **rules: object) -> Rules:
    roles = tuple(Wanted(person, actor) for actor, person in enumerate(people))
    return Rules(**{"actor": None, "wanted": roles, "similarity": similarity, **rules})  # type: ignore[arg-type]


def test_each_person_is_played_by_the_right_actor() -> None:
    eyes = Where([(100, BEN), (350, ADA)])
    assert cast_of(still(LEFT, RIGHT), wanted(ADA, BEN, embedder=eyes)) == [[(100, 1), (350, 0)]] * 8


def test_who_is_not_wanted_stays_as_they_are() -> None:
    eyes = Where([(100, NOBODY), (350, BEN)])
    assert cast_of(still(LEFT, RIGHT), wanted(ADA, BEN, embedder=eyes)) == [[(350, 1)]] * 8


def test_the_actor_without_a_role_plays_one_of_the_others() -> None:
    eyes = Where([(100, NOBODY), (350, BEN)])
    rules = wanted(ADA, BEN, embedder=eyes, actor=7)
    assert cast_of(still(LEFT, RIGHT), rules) == [[(100, 7), (350, 1)]] * 8


def test_nobody_plays_twice_in_a_frame_and_the_more_alike_gets_the_role() -> None:
    nearly = np.array([0.9, 0, 0, np.sqrt(0.19)], np.float32)
    eyes = Where([(100, nearly), (350, ADA)])
    assert cast_of(still(LEFT, RIGHT), wanted(ADA, embedder=eyes)) == [[(350, 0)]] * 8


def test_similarity_is_a_bound() -> None:
    alike = np.array([0.6, 0, 0, 0.8], np.float32)
    eyes = Where([(100, alike)])
    assert cast_of(still(LEFT), wanted(ADA, embedder=eyes, similarity=0.59)) == [[(100, 0)]] * 8
    assert cast_of(still(LEFT), wanted(ADA, embedder=eyes, similarity=0.61)) == [[]] * 8


def test_a_steady_track_is_looked_at_seldom() -> None:
    eyes = Where([(100, ADA)])
    cast_of(still(LEFT, frames=40), wanted(ADA, embedder=eyes))
    assert len(eyes.asked) == 4  # three at first, and one about a second later


def test_nobody_is_looked_at_when_nobody_is_wanted() -> None:
    eyes = Where([(100, ADA)])
    cast_of(still(LEFT), Rules())
    assert eyes.asked == []


def test_a_better_view_is_looked_at_again_and_corrects_a_wrong_beginning() -> None:
    @dataclass
    class Nearsighted(Where):
        def embed(self, picture: Picture, face: Face) -> FloatArray:
            return super().embed(picture, face) if face.size > 70 else NOBODY

    sizes = [50.0] * 6 + [90.0] * 8
    found = cast_of(
        [frame_of([(150.0, 130.0, size)]) for size in sizes], wanted(ADA, embedder=Nearsighted([(0, ADA)]))
    )
    assert found == [[]] * 6 + [[(150, 0)]] * 8


def test_by_gender_and_by_age() -> None:
    film = still(LEFT, RIGHT)
    looks = Where([(0, ADA)])
    assert cast_of(film, Rules(gender="male", attributes=looks)) == [[(350, 0)]] * 8
    assert cast_of(film, Rules(faces="many", gender="female", attributes=looks)) == [[(100, 0)]] * 8
    assert cast_of(film, Rules(faces="many", age=(55, 70), attributes=looks)) == [[(350, 0)]] * 8
    assert cast_of(film, Rules(faces="many", age=(30, 40), attributes=looks)) == [[]] * 8


def sample(x: float) -> Sample:
    points = np.array([[-12, -9], [12, -9], [0, 3], [-9, 15], [9, 15]]) + np.array([x, 100])
    face = Face(np.array([x - 30, 70, x + 30, 130], np.float32), 0.9, points.astype(np.float32))
    return Sample(face, None, np.zeros((468, 3), np.float32))


@dataclass
class Told:
    """Tells who is whom from what the test says of this frame."""

    who: dict[float, FloatArray] = field(default_factory=dict)
    digest: str = "0" * 64

    def embed(self, picture: Picture, face: Face) -> FloatArray:  # noqa: ARG002
        return self.who[x_of(face)]


def played(
    moments: list[dict[int, tuple[float, FloatArray]]], rules: Rules, told: Told, behind: int = 3
) -> list[dict[int, int]]:
    """What a chooser says of each frame, given out some frames late as analysis does."""
    chooser, cast = Chooser(rules), []
    seen = [
        Moment(frame, 0, {number: sample(x) for number, (x, _) in moment.items()})
        for frame, moment in enumerate(moments)
    ]
    for frame in range(len(moments) + behind):
        if frame < len(moments):
            told.who = dict(moments[frame].values())
            chooser.look(None, seen[frame])  # type: ignore[arg-type]
        if frame >= behind:
            cast.append({n: part.actor for n, part in chooser.choose(seen[frame - behind]).items()})
    return cast


def test_tracks_that_change_people_where_they_meet_change_actors_in_that_very_frame() -> None:
    told = Told()
    apart = [{1: (100.0 + 10 * i, ADA), 2: (300.0 - 10 * i, BEN)} for i in range(9)]
    # From here on each track follows the other person.
    after = [{1: (190.0 - 10 * i, BEN), 2: (210.0 + 10 * i, ADA)} for i in range(6)]
    cast = played(apart + after, wanted(ADA, BEN, embedder=told), told)
    assert cast == [{1: 0, 2: 1}] * 9 + [{1: 1, 2: 0}] * 6


def test_a_track_that_goes_over_to_the_one_in_front_is_noticed() -> None:
    told = Told()
    apart = [{1: (100.0, ADA), 2: (200.0 - 15 * i, BEN)} for i in range(5)]
    # Ben hides Ada: her track is now on his face, and his own is gone.
    hidden = [{1: (120.0, BEN)} for _ in range(6)]
    again = [{1: (110.0 - 10 * i, BEN), 3: (130.0 + 40 * i, ADA)} for i in range(5)]
    cast = played(apart + hidden + again, wanted(ADA, BEN, embedder=told), told)
    assert cast == [{1: 0, 2: 1}] * 5 + [{1: 1}] * 6 + [{1: 1, 3: 0}] * 5


def test_one_odd_look_changes_nobody() -> None:
    told = Told()
    moments = [{1: (100.0, ADA), 2: (150.0, EVE)} for _ in range(12)]
    moments[5] = {1: (100.0, BEN), 2: (150.0, EVE)}
    assert played(moments, wanted(ADA, BEN, embedder=told), told) == [{1: 0}] * 12
