"""Parts and turns of a picture are pictures, and faces come back from them to where they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from contract.fakes import ArrayPicture
from understudy.core.types import Face, Region
from understudy.vision.views import Angle, Part, Turned

ANGLES: tuple[Angle, ...] = (0, 90, 180, 270)


@pytest.fixture
def pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (60, 100, 3), dtype=np.uint8)


def rotated(pixels: NDArray[np.uint8], angle: Angle) -> NDArray[np.uint8]:
    return np.rot90(pixels, -angle // 90)


@pytest.mark.parametrize("angle", ANGLES)
def test_a_turn_shows_the_turned_pixels(pixels: NDArray[np.uint8], angle: Angle) -> None:
    view, whole = Turned(ArrayPicture(pixels), angle), rotated(pixels, angle)
    assert (view.height, view.width) == whole.shape[:2]
    assert np.array_equal(view.bgr(), whole)
    x, y, width, height = 8, 14, 22, 30
    assert np.array_equal(view.bgr(Region(x, y, width, height)), whole[y : y + height, x : x + width])
    small = view.bgr(Region(x, y, width, height), (11, 10))
    wanted = cv2.resize(whole[y : y + height, x : x + width], (11, 10), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize("angle", ANGLES)
def test_a_face_of_a_turn_comes_back(pixels: NDArray[np.uint8], angle: Angle) -> None:
    marked = np.zeros_like(pixels)
    marked[21, 37] = 255
    view = Turned(ArrayPicture(marked), angle)
    (y, x), *_ = np.argwhere(view.bgr()[..., 0])
    box = np.array([x - 3, y - 4, x + 5, y + 6], np.float32)
    back = view.outwards(Face(box, 1.0, np.tile(np.array([x, y], np.float32), (5, 1))))
    assert np.array_equal(back.keypoints, np.tile([37, 21], (5, 1)))
    assert back.bbox[0] < 37 < back.bbox[2]
    assert back.bbox[1] < 21 < back.bbox[3]
    assert np.array_equal(view.inwards(back.bbox), box)


def test_a_part_is_a_picture(pixels: NDArray[np.uint8]) -> None:
    part = Part(ArrayPicture(pixels), Region(10, 20, 40, 30))
    assert (part.width, part.height) == (40, 30)
    assert np.array_equal(part.bgr(), pixels[20:50, 10:50])
    assert np.array_equal(part.bgr(Region(2, 4, 6, 8)), pixels[24:32, 12:18])
    moved = part.outwards(Face(np.array([1, 2, 3, 4], np.float32), 1.0, np.ones((5, 2), np.float32)))
    assert np.array_equal(moved.bbox, [11, 22, 13, 24])
    assert np.array_equal(moved.keypoints, np.tile([11, 21], (5, 1)))
