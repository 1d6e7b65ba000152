from __future__ import annotations

import cv2
import numpy as np
import pytest

from understudy.core.plan import FaceOrder
from understudy.core.types import Face
from understudy.media.frame import Frame
from understudy.vision.select import frontality, ranked, worth


def face(
    x: float, size: float, nose: float = 0.0, roll: float = 0.0, *, y: float = 100, sure: float = 1.0
) -> Face:
    """A face of which the nose is ``nose`` eye distances aside, turned by ``roll`` radians."""
    points = np.array([[-0.2, -0.15], [0.2, -0.15], [0.4 * nose, 0.05], [-0.15, 0.25], [0.15, 0.25]])
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    points = (points @ turn.T * size + (x, y)).astype(np.float32)
    bbox = np.array([x - size / 2, y - size / 2, x + size / 2, y + size / 2], np.float32)
    return Face(bbox, 0.9, points, confidence=sure)


@pytest.mark.parametrize("roll", [0.0, 0.5, -1.0, 3.0])
def test_frontality_does_not_mind_roll(roll: float) -> None:
    assert frontality(face(0, 50, 0, roll)) == pytest.approx(1, abs=1e-3)
    assert frontality(face(0, 50, 0.25, roll)) == pytest.approx(0.5, abs=1e-3)
    assert frontality(face(0, 50, 0.6, roll)) == 0
    assert frontality(face(0, 50, -0.25, roll)) == pytest.approx(0.5, abs=1e-3)


def test_points_in_one_place_are_no_frontal_face() -> None:
    assert frontality(Face(np.zeros(4, np.float32), 0.5, np.zeros((5, 2), np.float32))) == 0


def test_the_largest_and_most_frontal_comes_first() -> None:
    small, large, turned = face(100, 60), face(200, 100), face(300, 120, nose=0.5)
    assert ranked([small, large, turned])[0] is large
    assert ranked([small, face(300, 300, nose=0.5)])[0].size == 300


def test_what_may_be_no_face_comes_last() -> None:
    sure, doubtful = face(100, 60), face(200, 100, sure=0.2)
    assert ranked([doubtful, sure]) == [sure, doubtful]


def test_none_is_none() -> None:
    assert ranked([]) == ranked([], "left") == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("left", [0, 1, 2]),
        ("right", [2, 1, 0]),
        ("top", [1, 2, 0]),
        ("bottom", [0, 2, 1]),
        ("large", [1, 0, 2]),
        ("small", [2, 0, 1]),
        ("frontal", [2, 0, 1]),
    ],
)
def test_each_order(order: FaceOrder, expected: list[int]) -> None:
    faces = [face(100, 80, 0.1, y=400), face(300, 120, 0.2, y=100), face(500, 50, y=200)]
    assert [faces.index(each) for each in ranked(faces, order)] == expected


def test_by_score() -> None:
    low, high = face(100, 80), face(300, 80)
    assert ranked([low, Face(high.bbox, 0.99, high.keypoints)], "score")[0].score == 0.99


@pytest.mark.parametrize("order", ["left", "large", "top"])
def test_among_equals_the_more_frontal_comes_first(order: FaceOrder) -> None:
    turned, frontal, far = face(100, 80, 0.4, y=100), face(110, 77, 0.1, y=110), face(400, 40, y=400)
    assert ranked([turned, far, frontal], order)[:2] == [frontal, turned]


def test_a_sharp_large_frontal_photo_is_worth_more() -> None:
    rng = np.random.default_rng(1)
    noise = cv2.GaussianBlur(rng.integers(0, 255, (300, 300, 3)).astype(np.uint8), (0, 0), 1.0)
    sharp, soft = Frame.from_bgr(noise), Frame.from_bgr(cv2.GaussianBlur(noise, (0, 0), 5.0))
    best = worth(sharp, face(150, 140, y=150))
    assert 0 < best <= 1
    assert worth(soft, face(150, 140, y=150)) < best / 2
    assert worth(sharp, face(150, 140, nose=0.4, y=150)) < best / 2
    assert worth(sharp, face(150, 50, y=150)) < best
    assert worth(sharp, face(150, 140, y=150, sure=0.4)) == pytest.approx(0.4 * best)
