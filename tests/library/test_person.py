from __future__ import annotations

import numpy as np

from understudy.core.types import FloatArray
from understudy.library.person import of_one_person


def around(direction: int, count: int, spread: float, rng: np.random.Generator) -> FloatArray:
    vectors = np.eye(16)[direction] + rng.normal(size=(count, 16)) * spread
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_the_largest_group_is_the_person() -> None:
    rng = np.random.default_rng(0)
    faces = np.vstack([around(1, 2, 0.05, rng), around(0, 5, 0.05, rng), around(2, 1, 0.05, rng)])
    assert of_one_person(faces, 0.6).tolist() == [False] * 2 + [True] * 5 + [False]


def test_one_that_is_like_two_people_does_not_join_them() -> None:
    rng = np.random.default_rng(1)
    between = (np.eye(16)[0] + np.eye(16)[1])[None] / np.sqrt(2)
    faces = np.vstack([around(0, 4, 0.02, rng), between.astype(np.float32), around(1, 3, 0.02, rng)])
    assert of_one_person(faces, 0.6).tolist()[:4] == [True] * 4
    assert of_one_person(faces, 0.6).tolist()[5:] == [False] * 3


def test_when_all_differ_one_is_left() -> None:
    assert of_one_person(np.eye(4, dtype=np.float32), 0.5).sum() == 1


def test_one_face_is_a_person() -> None:
    assert of_one_person(np.eye(4, dtype=np.float32)[:1], 0.5).tolist() == [True]
