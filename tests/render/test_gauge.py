"""Likeness, expression and flicker against what they are known to be."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from understudy.core.types import Face
from understudy.media.frame import Frame
from understudy.render.gauge import Gauge, View, flicker, mean_index, scaled, view
from understudy.vision.canonical import load_canonical
from understudy.vision.shape import face_width, five_points

INSIDE = cv2.circle(np.zeros((96, 96), np.uint8), (48, 48), 34, 1, -1).astype(bool)


def points() -> np.ndarray:
    vertices = load_canonical().vertices
    return (vertices * (200 / np.ptp(vertices[:, 0])) + (250, 250, 0)).astype(np.float32)


def face_of(landmarks: np.ndarray) -> Face:
    box = np.concatenate([landmarks[:, :2].min(0), landmarks[:, :2].max(0)])
    return Face(box, 0.9, five_points(landmarks), landmarks)


class Finds:
    """Finds these landmarks."""

    def __init__(self, landmarks: np.ndarray, confidence: float = 1.0) -> None:
        self._face = replace(face_of(landmarks), confidence=confidence)

    def track(self, picture: object, previous: np.ndarray) -> tuple[Face, None]:
        del picture, previous
        return self._face, None


def error(landmarks: np.ndarray, confidence: float = 1.0) -> float:
    frame = Frame.from_bgr(np.zeros((8, 8, 3), np.uint8))
    return Gauge(Finds(landmarks, confidence)).expression(frame, face_of(points()))


def test_a_face_that_only_moved_has_the_same_expression() -> None:
    turn = 1.3 * np.array([[math.cos(0.3), -math.sin(0.3)], [math.sin(0.3), math.cos(0.3)]])
    moved = points()
    moved[:, :2] = moved[:, :2] @ turn.T + (20, -7)
    moved[:, 2] *= 1.3
    assert error(moved) < 0.01


def test_other_bones_count_for_less_than_another_expression() -> None:
    canonical = load_canonical()
    wide, smiling = points(), points()
    wide[:, 0] = 250 + 1.12 * (wide[:, 0] - 250)
    lips = np.concatenate([canonical.outer_lips, canonical.inner_lips])
    smiling[lips, 1] -= 0.06 * 200
    plain = {
        name: np.sqrt(np.square((each - points())[:, :2]).sum(1).mean())
        for name, each in (("wide", wide), ("smiling", smiling))
    }
    assert plain["wide"] > plain["smiling"]
    assert error(smiling) > 2 * error(wide)
    # A shift of some of the landmarks is, as a root mean square, at most the shift times the root of their share.
    assert error(smiling) == pytest.approx(6 * math.sqrt(len(lips) / 468), rel=0.35)


def test_no_face_is_no_number() -> None:
    assert math.isnan(error(points(), confidence=0.2))
    frame = Frame.from_bgr(np.zeros((8, 8, 3), np.uint8))
    bare = replace(face_of(points()), landmarks=None)
    assert math.isnan(Gauge(Finds(points())).expression(frame, bare))
    assert math.isnan(Gauge(Finds(points())).likeness(frame, bare, 0))
    assert view(frame, bare) is None


def textured(shift: float = 0.0, noise: float = 0.0, seed: int = 0) -> View:
    rng = np.random.default_rng(5)
    wide = cv2.GaussianBlur(rng.normal(0, 1, (120, 120)), (0, 0), 3)
    wide = 128 + 40 * wide / wide.std()
    matrix = np.array([[1, 0, shift - 12], [0, 1, -12]], np.float64)
    picture = cv2.warpAffine(wide, matrix, (96, 96), flags=cv2.INTER_CUBIC)
    picture += np.random.default_rng(seed).normal(0, noise, picture.shape) if noise else 0
    return View(np.clip(np.rint(picture), 0, 255).astype(np.uint8), INSIDE)


def test_what_moves_like_the_target_does_not_flicker() -> None:
    before = textured(0), textured(1.5)
    assert flicker(before, before) == 0
    darker = tuple(View((each.gray * 0.8).astype(np.uint8), each.inside) for each in before)
    assert abs(flicker(before, (darker[0], darker[1]))) < 1


@pytest.mark.parametrize("noise", [4.0, 10.0])
def test_the_index_is_the_noise_in_excess_of_the_targets_own(noise: float) -> None:
    before = textured(0, 2, seed=1), textured(0, 2, seed=2)
    after = textured(0, noise, seed=3), textured(0, noise, seed=4)
    wanted = math.sqrt(2 * (noise**2 - 2**2))  # the difference of two pictures has the noise of both
    assert flicker(before, after) == pytest.approx(wanted, rel=0.12)
    assert flicker(after, before) == pytest.approx(-wanted, rel=0.3)


def test_several_indices_are_meant_by_their_squares() -> None:
    assert mean_index([3, 5]) == pytest.approx(math.sqrt(17))
    assert mean_index([-3, 5]) == pytest.approx(math.sqrt(8))
    assert mean_index([-5, 3]) == pytest.approx(-math.sqrt(8))


def test_a_view_is_the_same_wherever_the_face_is_and_however_large_the_picture() -> None:
    rng = np.random.default_rng(2)
    pixels = cv2.GaussianBlur(rng.integers(0, 256, (500, 500, 3)).astype(np.uint8), (0, 0), 9)
    pixels = cv2.normalize(pixels, None, 0, 255, cv2.NORM_MINMAX)
    landmarks = points()
    one = view(Frame.from_bgr(pixels), face_of(landmarks))
    moved = np.roll(pixels, (40, 24), (1, 0))
    shifted = landmarks + np.array([40, 24, 0], np.float32)
    two = view(Frame.from_bgr(moved), face_of(shifted))
    large = cv2.resize(pixels, (1000, 1000), interpolation=cv2.INTER_CUBIC)
    three = view(Frame.from_bgr(large), scaled(face_of(landmarks), 2))
    assert one is not None
    assert two is not None
    assert three is not None
    for other in (two, three):
        assert cv2.absdiff(one.gray, other.gray)[one.inside].mean() < 2
        assert np.array_equal(one.inside, other.inside)
    assert 0.2 < one.inside.mean() < 0.9
    assert face_width(landmarks) == pytest.approx(200, rel=0.2)
