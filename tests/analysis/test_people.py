"""Tracks put together into people, over descriptions that a test makes up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from steps import outcome
from understudy.analysis.gallery import MOST, Gallery, facing
from understudy.analysis.grouping import Evidence, group, links
from understudy.analysis.moments import Moment, Sample
from understudy.analysis.observed import Observed
from understudy.analysis.people import Group, describe, put_together
from understudy.analysis.recorder import Recorder
from understudy.analysis.roles import recognise
from understudy.analysis.roster import person_at, roster_of
from understudy.core.people import Exemplar
from understudy.core.types import Face, FloatArray
from understudy.media.frame import Frame
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import Picture
from understudy.vision.shape import five_points

BOUND = 0.9


def unit(*angles: float) -> FloatArray:
    """Directions in the plane, by degrees."""
    radians = np.radians(angles)
    return np.stack([np.cos(radians), np.sin(radians)], 1).astype(np.float32)


def groups(means: FloatArray, *, apart: Sequence[Any] = (), follows: Sequence[Any] = ()) -> list[set[int]]:
    count = len(means)
    pairs = [np.zeros((count, count), np.bool_) for _ in range(2)]
    for matrix, said in zip(pairs, (apart, follows), strict=True):
        for one, other in said:
            matrix[one, other] = matrix[other, one] = True
    labels = group(Evidence(means, np.ones(count), pairs[0], pairs[1], BOUND)).tolist()
    return sorted(({i for i in range(count) if labels[i] == n} for n in set(labels)), key=min)


def test_who_is_alike_is_one_person() -> None:
    assert groups(unit(0, 5, 90, 95, 180)) == [{0, 1}, {2, 3}, {4}]
    assert groups(np.zeros((0, 2), np.float32)) == []


def test_who_is_seen_at_once_is_never_one_and_the_more_alike_wins() -> None:
    assert groups(unit(0, 10, 4), apart=[(0, 1)]) == [{0, 2}, {1}]
    # Nor by way of a third.
    assert groups(unit(0, 2, 4, 6), apart=[(0, 3)]) == [{0, 1}, {2, 3}]


def test_it_is_the_mean_of_all_pairs_that_counts_and_not_a_chain() -> None:
    # Each is like its neighbour (cos 20° = 0.94), the ends are not (cos 60° = 0.5).
    assert groups(unit(0, 20, 40, 60)) == [{0, 1}, {2, 3}]


def test_motion_helps_where_a_face_is_nearly_the_same_and_does_not_make_two_one() -> None:
    nearly, other = unit(0, 27), unit(0, 40)  # cosines of 0.89 and 0.77
    assert groups(nearly) == [{0}, {1}]
    assert groups(nearly, follows=[(0, 1)]) == [{0, 1}]
    assert groups(other, follows=[(0, 1)]) == [{0}, {1}]


def test_a_track_that_tells_nothing_goes_where_its_motion_comes_from() -> None:
    means = np.vstack([unit(0, 90), np.zeros((2, 2), np.float32)])
    assert groups(means, follows=[(2, 1)]) == [{0}, {1, 2}, {3}]
    assert groups(means, follows=[(2, 1)], apart=[(1, 2)]) == [{0}, {1}, {2}, {3}]
    assert groups(means, follows=[(2, 0), (3, 2)]) == [{0, 2, 3}, {1}]


def test_how_near_the_nearest_other_is() -> None:
    means = unit(0, 10, 60)
    none = np.zeros((3, 3), np.bool_)
    between = links(Evidence(means, np.ones(3), none, none, BOUND), np.array([0, 0, 1]))
    expected = (np.cos(np.radians(60)) + np.cos(np.radians(50))) / 2
    assert between == pytest.approx(np.array([[np.cos(np.radians(10)), expected], [expected, 1]]), abs=1e-6)


def test_a_picture_shows_the_most_alike_and_nobody_who_is_beside_them() -> None:
    alike = np.array([[0.95, 0.2], [0.97, 0.1], [0.92, 0.3], [0.1, 0.2]], np.float32)
    apart = np.zeros((4, 4), np.bool_)
    apart[0, 1] = apart[1, 0] = True
    assert recognise(alike, apart, 0.9) == [None, 0, 0, None]
    assert recognise(alike, apart, -1) == [1, 0, 0, 1]
    assert recognise(np.zeros((0, 1), np.float32), np.zeros((0, 0), np.bool_), 0.5) == []


def turned(yaw: float, x: float = 200.0, size: float = 100.0) -> Face:
    """The mean face turned aside, its keypoints where they then are."""
    cos, sin = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    vertices = load_canonical().vertices @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]], np.float32)
    points = (vertices * size + (x, 150, 0)).astype(np.float32)
    box = np.r_[points[:, :2].min(0), points[:, :2].max(0)]
    return Face(box, 0.9, five_points(points), points)


def noise(seed: int) -> Frame:
    return Frame.from_bgr(np.random.default_rng(seed).integers(0, 255, (300, 600, 3), np.uint8))


def seen(number: int, faces: dict[int, Face], shot: int = 0, **more: Any) -> Moment:
    flat = np.zeros((468, 3), np.float32)
    return Moment(number, shot, {track: Sample(face, None, flat) for track, face in faces.items()}, **more)


def watched(moments: Sequence[Moment]) -> Observed:
    shelf: dict[str, bytes] = {}
    recorder = Recorder(shelf)
    for moment in moments:
        recorder.add(noise(moment.number % 7), 100 * moment.number, moment)
    recorder.finish(Fraction(1, 2400), (600, 300), "film")
    return Observed(shelf)


def test_where_a_face_looks_does_not_depend_on_how_it_leans() -> None:
    upright = turned(30).keypoints
    angle = np.radians(40)
    lean = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    there, leaning, mirrored = facing(np.stack([upright, upright @ lean, turned(-30).keypoints]))
    assert there == pytest.approx(leaning, abs=1e-5)
    assert there == pytest.approx(mirrored * (-1, 1), abs=1e-4)
    assert there[0] > 0.3  # to the picture's right


def test_the_gallery_keeps_few_views_and_all_sides() -> None:
    gallery = Gallery()
    yaws = np.r_[np.linspace(-40, 40, 20), np.zeros(60)]
    for number, yaw in enumerate(yaws):
        gallery.look(noise(0), seen(8 * number, {1: turned(float(yaw))}))
    views = gallery.views[1]
    assert len(views) == MOST
    assert views[0].worth == max(view.worth for view in views)
    sides = sorted(facing(np.stack([view.face.keypoints for view in views]))[:, 0].tolist())
    assert sides[0] < -0.3
    assert sides[-1] > 0.3


def test_a_view_shows_the_face_upright_in_its_middle() -> None:
    gallery, face = Gallery(), turned(0)
    pixels = np.zeros((300, 600, 3), np.uint8)
    for x, y in face.keypoints.astype(int):
        pixels[y - 1 : y + 2, x - 1 : x + 2] = 255
    gallery.look(Frame.from_bgr(pixels), seen(0, {1: face}))
    (view,) = gallery.views[1]
    side = view.pixels.shape[0]
    assert side == round(2 * face.size)
    left, top, right, bottom = view.face.bbox.tolist()
    assert (left + right, top + bottom) == pytest.approx((side, side), abs=0.1)
    for x, y in np.round(view.face.keypoints).astype(int):
        assert view.pixels[y - 2 : y + 3, x - 2 : x + 3].max() > 200


def test_a_face_that_the_pictures_edge_cuts_is_worth_little() -> None:
    gallery = Gallery()
    gallery.look(noise(0), seen(0, {1: turned(0), 2: replace(turned(0), flags=("cut",))}))
    (whole,), (part,) = gallery.views[1], gallery.views[2]
    assert part.worth == pytest.approx(0.3 * whole.worth)


def test_bridged_faces_are_no_views() -> None:
    gallery, flat = Gallery(), np.zeros((468, 3), np.float32)
    gallery.look(noise(0), Moment(0, 0, {1: Sample(turned(0), None, flat, bridged=True)}))
    assert gallery.views == {}


class ByPlace:
    """Takes for one person who is in one half of the picture: what is there is bright or dark."""

    digest = "1" * 64

    def embed(self, picture: Picture, face: Face) -> FloatArray:
        return (
            np.array([1, 0.01 * face.size], np.float32)
            if picture.bgr().mean() > 100
            else np.array([0, 1.0], np.float32)
        )


def test_people_are_numbered_by_how_long_they_are_seen_and_measured() -> None:
    faces = {n: {1: turned(20, 450)} | ({0: turned(0, 150)} if 10 <= n < 40 else {}) for n in range(60)}
    faces |= {n: {2: turned(-20, 450)} for n in range(60, 120)}
    film = watched([seen(n, each, shot=int(n >= 60)) for n, each in faces.items()])
    roster = roster_of(
        film, [Group((0,), 1.0), Group((1, 2), 0.7)], {"Ada": Exemplar(6000, (410, 90, 490, 210))}
    )
    first, second = roster.people
    assert (first.number, first.name, first.tracks, first.frames) == (1, "Ada", (1, 2), 120)
    assert (second.number, second.name, second.tracks, second.frames) == (2, None, (0,), 30)
    assert first.seconds == pytest.approx(5.0)
    assert [(span.start, span.stop) for span in second.spans] == [pytest.approx((10 / 24, 40 / 24))]
    assert first.yaw == pytest.approx((-20, 20), abs=1.5)
    assert second.yaw == pytest.approx((0, 0), abs=1.5)
    assert first.size == pytest.approx(turned(20).size)
    assert [(shot.frame, shot.frames) for shot in roster.shots] == [(0, 60), (60, 60)]
    assert roster.who("ada") == roster.who("1") == first
    assert roster.who("3") is None
    assert person_at(film, roster.people, second.exemplar) == second
    assert person_at(film, roster.people, Exemplar(0, second.exemplar.bbox)) is None


def test_tracks_are_described_by_their_views_and_those_seen_together_kept_apart() -> None:
    both = [seen(n, {0: turned(0, 150), 1: turned(0, 450)}) for n in range(9)]
    film = watched(
        [*both, *(seen(9 + n, {2: turned(0, 450)}, follows={2: 1} if n == 0 else {}) for n in range(9))]
    )
    known = outcome(describe(film, ByPlace(), 0.9))
    assert known.tracks == (0, 1, 2)
    assert known.evidence.apart.tolist() == [
        [False, True, False],
        [True, False, False],
        [False, False, False],
    ]
    assert known.evidence.follows.tolist() == [[False] * 3, [False, False, True], [False, True, False]]
    tracks = sorted(each.tracks for each in put_together(known))
    # All look the same to it: the motion says to whom the third belongs.
    assert tracks == [(0,), (1, 2)]
