from __future__ import annotations

import numpy as np
import pytest

from understudy.core.types import Face
from understudy.vision.select import frontality, select


def face(x: float, size: float, nose: float = 0.0, roll: float = 0.0, confidence: float = 1.0) -> Face:
    """A face of which the nose is ``nose`` eye distances aside, turned by ``roll`` radians."""
    points = np.array([[-0.2, -0.15], [0.2, -0.15], [0.4 * nose, 0.05], [-0.15, 0.25], [0.15, 0.25]])
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    points = (points @ turn.T * size + (x, 100)).astype(np.float32)
    bbox = np.array([x - size / 2, 100 - size / 2, x + size / 2, 100 + size / 2], np.float32)
    return Face(bbox, 0.9, points, confidence=confidence)


@pytest.mark.parametrize("roll", [0.0, 0.5, -1.0, 3.0])
def test_frontality_does_not_mind_roll(roll: float) -> None:
    assert frontality(face(0, 50, 0, roll)) == pytest.approx(1, abs=1e-3)
    assert frontality(face(0, 50, 0.25, roll)) == pytest.approx(0.5, abs=1e-3)
    assert frontality(face(0, 50, 0.6, roll)) == 0
    assert frontality(face(0, 50, -0.25, roll)) == pytest.approx(0.5, abs=1e-3)


def test_points_in_one_place_are_no_frontal_face() -> None:
    assert frontality(Face(np.zeros(4, np.float32), 0.5, np.zeros((5, 2), np.float32))) == 0


def test_one_is_the_largest_and_most_frontal() -> None:
    small, large, turned = face(100, 60), face(200, 100), face(300, 120, nose=0.5)
    assert select([small, large, turned], "one") == [large]
    assert select([small, face(300, 300, nose=0.5)], "one")[0].size == 300


def test_what_may_be_no_face_comes_last() -> None:
    sure, doubtful = face(100, 60), face(200, 100, confidence=0.2)
    assert select([doubtful, sure], "one") == [sure]


def test_many_is_all_and_none_is_none() -> None:
    faces = [face(100, 60), face(200, 100)]
    assert select(faces, "many") == faces[::-1]
    assert select([], "one") == select([], "many") == []
