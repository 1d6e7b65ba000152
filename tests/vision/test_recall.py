"""A network is not run again on what it has just seen, and on anything else it is."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from moving_face import MovingFace
from understudy.core.geometry import apply_affine
from understudy.media.frame import Frame
from understudy.vision.align import Alignment, fit
from understudy.vision.mask.box import box_mask
from understudy.vision.recall import Recall, Sketch, recalling
from understudy.vision.roles import BgrImage

SIZE = 128
MASK = box_mask(SIZE)
STILL = MovingFace()


def noisy(pixels: NDArray[np.uint8], sigma: float, seed: int) -> Frame:
    noise = np.random.default_rng(seed).normal(0, sigma, pixels.shape)
    return Frame.from_bgr(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def aligned(face: MovingFace, off: tuple[float, float] = (0, 0)) -> Alignment:
    points = face.row.face.keypoints + np.array(off, np.float32)
    return fit(points, "arcface_128", SIZE)


def draw(recall: Recall, frame: Frame, alignment: Alignment, key: str = "face") -> Sketch:
    def run(crop: BgrImage) -> BgrImage:
        return np.asarray(255 - crop, np.uint8)

    return recall.draw(key, frame, alignment, MASK, run)


def test_the_same_crop_is_drawn_once() -> None:
    recall = Recall()
    frame = STILL.frame()
    first, second = draw(recall, frame, aligned(STILL)), draw(recall, frame, aligned(STILL))
    assert (recall.drawn, recall.given) == (1, 1)
    assert np.array_equal(first.drawn, second.drawn)
    assert np.array_equal(first.alignment.matrix, second.alignment.matrix)


@pytest.mark.parametrize("sigma", [0, 2])
def test_a_still_face_in_a_moving_picture_is_drawn_once(sigma: float) -> None:
    recall = Recall()
    draw(recall, noisy(STILL.pixels(), sigma, 0), aligned(STILL))
    for step in range(1, 8):
        moved = replace(STILL, x=STILL.x + 3 * step, y=STILL.y + 2 * step)
        # Landmarks are off by a part of a pixel; the new face is where the picture says all the same.
        off = tuple(np.random.default_rng(step).normal(0, 0.3, 2))
        pixels = np.roll(STILL.pixels(), (2 * step, 3 * step), (0, 1))
        sketch = draw(recall, noisy(pixels, sigma, step), aligned(moved, off))
        truth = aligned(moved)
        corners = np.array([[0, 0], [SIZE, 0], [0, SIZE], [SIZE, SIZE]])
        there = apply_affine(sketch.alignment.inverse, corners)
        assert np.abs(there - apply_affine(truth.inverse, corners)).max() < 0.15
    assert (recall.drawn, recall.given) == (1, 7)


@pytest.mark.parametrize(
    "changed", [replace(STILL, shut=0.35), replace(STILL, parted=0.015), replace(STILL, yaw=3)]
)
def test_a_small_change_is_drawn(changed: MovingFace) -> None:
    recall = Recall()
    draw(recall, noisy(STILL.pixels(), 2, 0), aligned(STILL))
    draw(recall, noisy(changed.pixels(), 2, 1), aligned(changed))
    assert recall.drawn == 2


def test_a_slow_drift_never_freezes() -> None:
    recall = Recall()
    for step in range(40):
        face = replace(STILL, parted=0.0005 * step)
        sketch = draw(recall, face.frame(), aligned(face))
        # What was drawn is the negative of what it was drawn from.
        off = 255.0 - sketch.drawn - sketch.crop
        assert np.abs(cv2.GaussianBlur(off, (0, 0), 2)).max() < 6
    assert 3 <= recall.drawn < 40


def test_nothing_is_shared_between_faces_or_recalls() -> None:
    recall, frame = Recall(), STILL.frame()
    draw(recall, frame, aligned(STILL), "one")
    draw(recall, frame, aligned(STILL), "other")
    assert (recall.drawn, recall.given) == (2, 0)
    draw(Recall(), frame, aligned(STILL), "one")
    assert recall.given == 0


def test_what_lies_outside_the_mask_may_change() -> None:
    recall = Recall()
    pixels = STILL.pixels()
    draw(recall, Frame.from_bgr(pixels), aligned(STILL))
    outside = pixels.copy()
    outside[:20], outside[:, -20:] = 255, 0
    draw(recall, Frame.from_bgr(outside), aligned(STILL))
    assert (recall.drawn, recall.given) == (1, 1)


def test_models_that_cannot_recall_are_left_alone() -> None:
    model = object()
    assert recalling(model, Recall()) is model
