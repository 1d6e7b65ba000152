"""Tracks and choices over films of squares: who is followed, who is replaced, and what is read when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from moving import Counted, Square, SquareDetector, SquareLandmarker, frame_of

from understudy.analysis.analyse import AHEAD, analyse
from understudy.analysis.casting import Rules
from understudy.analysis.moments import Moment
from understudy.analysis.observe import WAIT, observe
from understudy.core.types import Face, FloatArray, TrackedFace
from understudy.media.frame import Frame
from understudy.vision.crop import Crop
from understudy.vision.roles import Picture
from understudy.vision.shape import five_points

Rows = list[tuple[TrackedFace, ...]]


def rows_of(frames: Iterable[Frame], faces: Literal["one", "many"] = "one") -> Rows:
    return [row for _, row in analyse(frames, SquareDetector(), SquareLandmarker(), Rules(faces=faces))]


def film(*moments: list[Square]) -> list[Frame]:
    return [frame_of(squares) for squares in moments]


def middle(row: TrackedFace) -> tuple[float, float]:
    box = row.face.bbox
    return float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2


@pytest.mark.parametrize("length", [0, 1, 2, AHEAD, AHEAD + 1, 12])
def test_every_frame_comes_once_and_in_order(length: int) -> None:
    frames = film(*[[(120.0 + 2 * index, 130.0, 80.0)] for index in range(length)])
    given = list(analyse(frames, SquareDetector(), SquareLandmarker()))
    assert [frame for frame, _ in given] == frames
    for index, (_, row) in enumerate(given):
        assert len(row) == 1
        assert middle(row[0]) == pytest.approx((120 + 2 * index, 130), abs=0.3)


def test_it_reads_no_farther_ahead_than_it_says() -> None:
    frames = Counted(film(*[[(120.0, 130.0, 80.0)]] * 12))
    for index, _ in enumerate(analyse(frames, SquareDetector(), SquareLandmarker())):
        assert frames.read <= index + 1 + AHEAD + WAIT


def test_a_film_without_faces_has_empty_rows() -> None:
    assert rows_of(film(*[[]] * 5)) == [()] * 5


def test_a_still_film_gives_equal_bits() -> None:
    first, *others = rows_of(film(*[[(150.0, 120.0, 90.0)]] * 10))
    for row in others:
        assert row[0].track == first[0].track
        assert np.array_equal(row[0].face.landmarks, first[0].face.landmarks)
        assert np.array_equal(row[0].proportions, first[0].proportions)


def test_one_of_two_is_chosen_and_kept_when_they_are_of_like_size() -> None:
    sizes = [(80, 76), (80, 84), (78, 88), (80, 92), (80, 80), (80, 96)]
    rows = rows_of(film(*[[(120.0, 130.0, float(a)), (350.0, 130.0, float(b))] for a, b in sizes]))
    assert [round(middle(row[0])[0]) for row in rows] == [120] * len(sizes)
    assert len({row[0].track for row in rows}) == 1


def test_someone_much_larger_takes_over() -> None:
    sizes = [50, 60, 70, 80, 90, 100, 110, 120]
    rows = rows_of(film(*[[(100.0, 130.0, 60.0), (330.0, 130.0, float(size))] for size in sizes]))
    left = [middle(row[0])[0] < 200 for row in rows]
    assert left[0]
    assert not left[-1]
    assert left == sorted(left, reverse=True)  # once, not to and fro


def test_all_are_followed_when_all_are_asked_for() -> None:
    moments = [[(120.0 + 3 * i, 130.0, 80.0), (350.0 - 3 * i, 140.0, 60.0)] for i in range(8)]
    for row, squares in zip(rows_of(film(*moments), "many"), moments, strict=True):
        found = sorted(middle(face) for face in row)
        assert np.allclose(found, [square[:2] for square in squares], atol=0.3)
        assert len({face.track for face in row}) == 2


def test_a_newcomer_is_noticed_while_another_is_followed() -> None:
    moments: list[list[Square]] = [[(120.0, 130.0, 80.0)] for _ in range(12)]
    for squares in moments[3:]:
        squares.append((360.0, 130.0, 70.0))
    counts = [len(row) for row in rows_of(film(*moments), "many")]
    assert counts[:3] == [1] * 3
    assert counts[-1] == 2
    assert counts == sorted(counts)


def observed(frames: Iterable[Frame]) -> list[Moment]:
    return [moment for _, moment in observe(frames, SquareDetector(), SquareLandmarker())]


def walking(length: int, hidden: Iterable[int] = (), start: float = 90.0, pace: float = 4.0) -> list[Frame]:
    """A square that goes to the right and is out of sight in some frames."""
    gone = set(hidden)
    return [frame_of([] if i in gone else [(start + pace * i, 130.0, 80.0)]) for i in range(length)]


def test_a_short_gap_is_bridged_where_the_face_must_have_been() -> None:
    rows = rows_of(walking(40, range(15, 23)))
    assert len({row[0].track for row in rows}) == 1
    for index, (row,) in enumerate(rows):
        assert row.bridged == (15 <= index < 23)
        assert row.face.confidence < 0.5 if row.bridged else row.face.confidence > 0.5
        assert middle(row) == pytest.approx((90 + 4 * index, 130), abs=1.0)


def test_after_a_long_gap_a_new_track_follows_the_old_one_and_nothing_is_made_up() -> None:
    moments = observed(walking(60, range(12, 30), pace=2))
    (before,), (after,) = moments[0].samples, moments[-1].samples
    assert after != before
    assert [moment.number for moment in moments if not moment.samples] == list(range(12, 30))
    assert {new: old for moment in moments for new, old in moment.follows.items()} == {after: before}
    assert moments[30].follows == {after: before}


class Slow(SquareDetector):
    """A search in parts that does not come round to where the faces are."""

    def detect_part(self, picture: Picture, step: int, known: Sequence[FloatArray] = ()) -> list[Face]:
        del picture, step, known
        return []


def test_who_was_away_for_longer_is_looked_for_where_they_were() -> None:
    back = (360.0, 130.0, 70.0)
    moments: list[list[Square]] = [[(100.0 + index, 130.0, 80.0)] for index in range(96)]
    for index in (*range(20), *range(70, 96)):
        moments[index].append(back)
    seen = [len(moment.samples) for _, moment in observe(film(*moments), Slow(), SquareLandmarker())]
    assert seen == [len(squares) for squares in moments]


def test_a_newcomer_is_followed_back_to_where_it_came_from() -> None:
    films = [[(120.0, 130.0 + i % 3, 80.0)] + ([(360.0, 130.0, 70.0)] if i >= 8 else []) for i in range(40)]
    moments = observed(frame_of(squares) for squares in films)
    assert [len(moment.samples) for moment in moments] == [1] * 8 + [2] * 32
    assert all(not sample.bridged for moment in moments for sample in moment.samples.values())


def test_a_jump_is_believed_when_the_detector_sees_it_too() -> None:
    places = [150.0 + (45 if i >= 10 else 0) for i in range(24)]
    moments = observed(frame_of([(x, 130.0, 90.0)]) for x in places)
    assert len({track for moment in moments for track in moment.samples}) == 1
    for moment, x in zip(moments, places, strict=True):
        (sample,) = moment.samples.values()
        assert (sample.face.bbox[0] + sample.face.bbox[2]) / 2 == pytest.approx(x, abs=0.3)


def test_two_who_merge_and_part_are_new_tracks_that_say_whom_they_follow() -> None:
    def place(i: int) -> list[Square]:
        left, right = (100.0 + 5 * i, 130.0, 70.0), (380.0 - 5 * i, 130.0, 60.0)
        return [left] if abs(left[0] - right[0]) < 80 else [left, right]

    moments = observed(frame_of(place(i)) for i in range(58))
    first, last = moments[0], moments[-1]
    roots = {track: track for track in first.samples}
    for moment in moments:
        roots |= {new: roots[old] for new, old in moment.follows.items()}

    def left_to_right(moment: Moment) -> list[int]:
        order = sorted(moment.samples, key=lambda track: moment.samples[track].face.bbox[0])
        return [roots[track] for track in order]

    assert len(last.samples) == 2
    assert left_to_right(last) == left_to_right(first)[::-1]
    assert set(last.samples) != set(first.samples)


def test_a_repeated_frame_costs_nothing() -> None:
    class Counting(SquareLandmarker):
        looks = 0

        def _at(self, picture: Picture, crop: Crop) -> tuple[Face, Crop]:
            self.looks += 1
            return super()._at(picture, crop)

    moving = [frame_of([(120.0 + 4 * i, 130.0, 80.0)]) for i in range(8)]
    landmarker, detector = Counting(), SquareDetector()
    list(observe([moving[i // 5] for i in range(40)], detector, landmarker))
    once, searched = Counting(), SquareDetector()
    list(observe(moving, searched, once))
    assert landmarker.looks == once.looks
    # Where the picture stands still, all of it is searched, and then no more.
    assert detector.whole == 1 + 7
    assert searched.whole == 1


def test_the_search_is_spread_over_frames_once_someone_is_followed() -> None:
    detector = SquareDetector()
    list(analyse(film(*[[(120.0 + i, 130.0, 80.0)] for i in range(24)]), detector, SquareLandmarker()))
    assert detector.whole == 1
    assert 2 <= detector.parts <= 12
    detector = SquareDetector()
    list(analyse([frame_of([], slope=i / 100) for i in range(6)], detector, SquareLandmarker()))
    assert (detector.whole, detector.parts) == (1, 5)


def test_nothing_is_carried_over_a_cut() -> None:
    detector = SquareDetector()
    before = [frame_of([(120.0 + 3 * i, 130.0, 80.0)], slope=-0.35) for i in range(6)]
    after = [frame_of([(150.0 + 3 * i, 136.0, 84.0)], slope=0.35) for i in range(6)]
    rows = [row for _, row in analyse(before + after, detector, SquareLandmarker())]
    alone = rows_of(after)
    assert detector.whole == 2
    assert rows[6][0].track != rows[5][0].track
    for row, expected in zip(rows[6:], alone, strict=True):
        assert np.array_equal(row[0].face.landmarks, expected[0].face.landmarks)
    for row, expected in zip(rows[:6], rows_of(before), strict=True):
        assert np.array_equal(row[0].face.landmarks, expected[0].face.landmarks)


class Middle:
    """Puts all key points into the middle of the face; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def refine_keypoints(self, picture: Picture, face: Face) -> Face:  # noqa: ARG002
        self.asked += 1
        middle = (face.bbox[:2] + face.bbox[2:]) / 2
        return replace(face, keypoints=np.tile(middle, (5, 1)).astype(np.float32))


def test_another_landmarker_places_the_points_of_those_who_are_replaced_only() -> None:
    points = Middle()
    frames = film(*[[(120.0, 130.0, 80.0), (350.0, 130.0, 60.0)]] * 5)
    rows = list(analyse(frames, SquareDetector(), SquareLandmarker(), Rules(order="left"), points=points))
    assert points.asked == 5
    for _, (row,) in rows:
        assert np.allclose(row.face.keypoints, middle(row), atol=0.5)


def test_key_points_are_steadied_with_the_landmarks() -> None:
    rng = np.random.default_rng(3)

    class Trembling(SquareLandmarker):
        def _at(self, picture: Picture, crop: Crop) -> tuple[Face, Crop]:
            face, crop = super()._at(picture, crop)
            assert face.landmarks is not None
            landmarks = (face.landmarks + rng.normal(size=(468, 3)) * 0.15).astype(np.float32)
            return replace(face, landmarks=landmarks, keypoints=five_points(landmarks)), crop

    frames = film(*[[(150.0, 120.0, 90.0)]] * 24)
    rows = [row for _, (row,) in analyse(frames, SquareDetector(), Trembling())]
    for row in rows:
        assert row.face.landmarks is not None
        assert np.allclose(row.face.keypoints, five_points(row.face.landmarks), atol=1e-3)
    steady = np.std([row.face.keypoints for row in rows], 0).mean()
    assert steady < 0.6 * 0.15
