"""Faces on templates, and crops that do not flicker."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenes import texture
from understudy.core.errors import ModelError
from understudy.media.frame import Frame
from understudy.vision.align import TEMPLATES, Alignment, cut, fit

Pixels = NDArray[np.uint8]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_a_face_from_the_front(name: str) -> None:
    left_eye, right_eye, nose, left_mouth, right_mouth = TEMPLATES[name]
    assert left_eye[1] == pytest.approx(right_eye[1], abs=0.003)
    assert left_mouth[1] == pytest.approx(right_mouth[1], abs=0.003)
    for pair in (left_eye[0] + right_eye[0], left_mouth[0] + right_mouth[0]):
        assert pair / 2 == pytest.approx(nose[0], abs=0.005)
        assert pair / 2 == pytest.approx(0.5, abs=0.005)
    assert left_eye[1] < nose[1] < left_mouth[1]
    # Nose and mouth of all five templates lie alike below the eyes, measured in the eyes' distance.
    across = right_eye[0] - left_eye[0]
    assert (nose[1] - left_eye[1]) / across == pytest.approx(0.57, abs=0.04)
    assert (left_mouth[1] - left_eye[1]) / across == pytest.approx(1.12, abs=0.08)
    assert (right_mouth[0] - left_mouth[0]) / across == pytest.approx(0.86, abs=0.04)


def test_an_unknown_template_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"no alignment template 'arcface'.*arcface_128"):
        fit(TEMPLATES["arcface_128"], "arcface", 128)


def test_a_face_lands_on_its_template() -> None:
    turn = np.deg2rad(25)
    matrix = 310 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (TEMPLATES["ffhq_512"] @ matrix.T + (700, 400)).astype(np.float32)
    alignment = fit(points, "ffhq_512", 512)
    landed = points @ alignment.matrix[:, :2].T + alignment.matrix[:, 2]
    assert landed == pytest.approx(TEMPLATES["ffhq_512"] * 512, abs=0.01)
    back = landed @ alignment.inverse[:, :2].T + alignment.inverse[:, 2]
    assert back == pytest.approx(points, abs=0.01)


@pytest.mark.parametrize("prefilter", [True, False])
def test_a_face_of_the_crops_size_is_cut_pixel_for_pixel(prefilter: bool) -> None:
    pixels = texture(300, 300, np.random.default_rng(0))
    points = (TEMPLATES["arcface_128"] * 128 + (50, 70)).astype(np.float32)
    crop = cut(Frame.from_bgr(pixels), fit(points, "arcface_128", 128), prefilter)
    assert np.abs(crop.astype(int) - pixels[70:198, 50:178]).max() <= 1


@pytest.mark.parametrize("scale", [1.3, 2.2, 4.5, 9.0, 17.0])
def test_a_shrunken_crop_is_the_mean_of_its_pixels(scale: float) -> None:
    side = 64
    pixels = texture(int(scale * side * 1.5), int(scale * side * 1.5), np.random.default_rng(1))
    turned = cv2.getRotationMatrix2D((0, 0), 10, 1 / scale)
    turned[:, 2] = side / 2 - turned[:, :2] @ np.full(2, pixels.shape[0] / 2)
    crop = cut(Frame.from_bgr(pixels), Alignment(turned, side))
    assert np.abs(crop - true_crop(pixels, Alignment(turned, side))).mean() < 1


def test_outside_the_picture_it_is_black() -> None:
    white = np.full((200, 200, 3), 255, np.uint8)
    crop = cut(Frame.from_bgr(white), fit(TEMPLATES["arcface_128"] * 128 - 64, "arcface_128", 128))
    assert crop[:62, :62].max() == 0
    assert crop[66:, 66:].min() == 255


def true_crop(pixels: Pixels, alignment: Alignment) -> NDArray[np.float32]:
    """The mean over the area of each of the crop's pixels, by 256 samples of each."""
    finer = alignment.matrix * 16
    finer[:, 2] += 7.5
    side = alignment.size
    samples = cv2.warpAffine(pixels, finer, (16 * side, 16 * side)).astype(np.float32)
    return np.asarray(cv2.resize(samples, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def large_face(path: Path, shared: Path) -> tuple[Pixels, NDArray[np.float32]]:
    """A portrait scaled so that its face is 1000 pixels long, and YuNet's key points."""
    yunet = cv2.FaceDetectorYN.create(str(shared / "models" / "yunet_n_dynamic.onnx"), "", (320, 320))
    pixels = np.asarray(cv2.imread(str(path)), np.uint8)
    scale = pixels.shape[0] / 320
    face = yunet.detect(cv2.resize(pixels, (320, 320), interpolation=cv2.INTER_AREA))[1][0] * scale
    larger = 1000 / max(face[2:4])
    enlarged = cv2.resize(pixels, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged, np.uint8), np.asarray(face[4:14].reshape(5, 2) * larger, np.float32)


def rms(values: NDArray[np.generic]) -> float:
    return float(np.sqrt(np.square(values.astype(np.float64)).mean()))


@pytest.mark.parametrize("step", [(1, 0), (0, 1)])
@pytest.mark.parametrize("name", ["man-27", "woman-00", "woman-14", "roop-source"])
def test_a_large_face_that_moves_by_a_pixel_does_not_flicker(
    name: str, step: tuple[int, int], shared_media: Path
) -> None:
    pixels, points = large_face(shared_media / "portraits" / f"{name}.jpg", shared_media.parent)
    frame, alignment = Frame.from_bgr(pixels), fit(points, "arcface_128", 128)
    crop = cut(frame, alignment).astype(int)
    # The face moves, and the points with it: the crop stays, whatever grid of pixels lies under it.
    moved = fit(points + np.float32(step), "arcface_128", 128)
    pixels_moved = np.roll(pixels, step[::-1], (0, 1))
    assert rms(cut(Frame.from_bgr(pixels_moved), moved) - crop) <= 1
    # The points alone move, as a detector's do: the crop changes by what it sees and by nothing else.
    seen = true_crop(pixels, moved) - true_crop(pixels, alignment)
    assert rms(cut(frame, moved) - crop - seen) <= 1
    aliased = cut(frame, moved, False).astype(int) - cut(frame, alignment, False)
    assert rms(aliased - seen) > 2
