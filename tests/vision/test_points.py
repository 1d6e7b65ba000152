"""Landmarkers of other layouts than the mesh's, on graphs that find the middle of what is red in their crop."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.fakes import ArrayPicture
from graphs_catalog import pool_with
from graphs_landmark import ANALYTIC, red_insight
from understudy.core.geometry import apply_affine
from understudy.core.types import Face
from understudy.models.spec import load_catalog
from understudy.vision.landmark.families import open_landmarker
from understudy.vision.landmark.fan import brightened, fan_square
from understudy.vision.landmark.insight68 import Insight68
from understudy.vision.landmark.points import PointLandmarker, five
from understudy.vision.landmark.pose import mean_shape_68, measure_pose

ROWS = ("2d106det", "1k3d68", "2dfan4", "peppa_wutz")
SPOT = (430.0, 260.0)
FACE = np.array([[330, 270], [410, 275], [372, 310], [340, 350], [405, 352]], np.float32)
BOX = np.array([300, 200, 440, 400], np.float32)


def scene() -> tuple[ArrayPicture, Face]:
    """A grey picture with a red spot on the face, a green and a blue one too, and a face that is none."""
    pixels = np.full((600, 700, 3), 100, np.uint8)
    for middle, colour in (
        (SPOT, (100, 100, 250)),
        ((330, 380), (100, 250, 100)),
        ((360, 220), (250, 100, 100)),
    ):
        cv2.circle(pixels, (round(middle[0]), round(middle[1])), 6, colour, -1)
    return ArrayPicture(pixels), Face(BOX, 0.9, FACE)


def opened(row: str, folder: Path, graph: bytes | None = None) -> PointLandmarker:
    spec = load_catalog()[row]
    pool = pool_with({row: graph or ANALYTIC[spec.family](spec)}, folder)
    landmarker = open_landmarker(pool.cache.catalog[row], pool)
    assert isinstance(landmarker, PointLandmarker)
    return landmarker


@pytest.mark.parametrize("row", ROWS)
def test_points_come_back_to_where_they_were_seen(row: str, tmp_path: Path) -> None:
    picture, face = scene()
    points = opened(row, tmp_path).place(picture, face)
    assert points.points.shape == {"2d106det": (106, 2), "1k3d68": (68, 3)}.get(row, (68, 2))
    assert np.abs(points.points[1:, :2] - SPOT).max() < 0.1
    assert np.abs(points.keypoints - SPOT).max() < 0.1


@pytest.mark.parametrize("row", ROWS)
def test_the_crop_goes_in_normalised(row: str, tmp_path: Path) -> None:
    points = opened(row, tmp_path).place(*scene())
    if row in ("2dfan4", "peppa_wutz"):
        # The mean green is the background's but for a small spot; a mean peak of 0.9 is certain.
        assert points.score == pytest.approx(100 / 255 / (0.9 if row == "2dfan4" else 1), rel=0.01)
    else:
        green = (100 - 127.5) / 128
        middle = (BOX[:2] + BOX[2:]) / 2
        assert np.abs(points.points[0, :2] - (middle + green * 150)).max() < 1
        assert points.score == 1


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_lying_and_hanging_faces(row: str, quarter: int, tmp_path: Path) -> None:
    upright, _ = scene()
    height, width = upright.height, upright.width
    pixels = np.rot90(upright.bgr(), quarter).copy()

    def turned(points: np.ndarray) -> np.ndarray:
        extent = np.array([width, height])
        for _ in range(quarter):
            points = np.stack([points[:, 1], extent[0] - 1 - points[:, 0]], 1)
            extent = extent[::-1]
        return points.astype(np.float32)

    corners = turned(BOX.reshape(2, 2))
    lying = Face(np.concatenate([corners.min(0), corners.max(0)]), 0.9, turned(FACE))
    points = opened(row, tmp_path).place(ArrayPicture(pixels), lying)
    assert np.abs(points.points[1:, :2] - turned(np.array([SPOT]))).max() < 0.1


@pytest.mark.parametrize("degrees", [-170, -100, -40, 0, 30, 80, 130])
def test_the_square_is_about_the_box_and_nearest_to_upright(degrees: float) -> None:
    turn = cv2.getRotationMatrix2D((370, 300), -degrees, 1)
    keypoints = (FACE @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    alignment = fan_square(Face(BOX, 0.9, keypoints), 256)
    corners = apply_affine(alignment.matrix, BOX.reshape(2, 2))
    assert np.allclose(corners.mean(0), 128, atol=1e-3)
    assert np.ptp(corners, axis=0).max() == pytest.approx(195, abs=1e-3)  # the box's longer side
    left, right, *_ = apply_affine(alignment.matrix, keypoints)
    assert right[0] - left[0] > abs(right[1] - left[1])


@pytest.mark.parametrize("row", ["2d106det", "1k3d68"])
def test_graphs_that_normalise_by_themselves(row: str, tmp_path: Path) -> None:
    layout = {"2d106det": (106, 2), "1k3d68": (1103, 3)}[row]
    graph = red_insight(load_catalog()[row], *layout, own_normalisation=True)
    points = opened(row, tmp_path, graph).place(*scene())
    assert np.abs(points.points[1:, :2] - SPOT).max() < 0.1
    assert np.abs(points.points[0, :2] - (370 - 27.5 / 128 * 150, 300 - 27.5 / 128 * 150)).max() < 1


def test_depth_is_in_pixels_and_smaller_is_nearer(tmp_path: Path) -> None:
    landmarker = opened("1k3d68", tmp_path)
    depth = landmarker.place(*scene()).points[:, 2]
    # Half of half the crop's side, and the crop is 1.5 times the box's 200 pixels.
    assert np.allclose(depth[1:], -0.5 * 150, atol=1e-3)
    assert isinstance(landmarker, Insight68)


def test_only_the_keypoints_change(tmp_path: Path) -> None:
    picture, face = scene()
    refined = opened("2dfan4", tmp_path).refine_keypoints(picture, face)
    assert np.abs(refined.keypoints - SPOT).max() < 0.1
    assert refined.bbox is face.bbox
    assert refined.score == face.score


def test_five_of_the_68() -> None:
    left_eye, right_eye, nose, left_mouth, right_mouth = five(mean_shape_68().astype(np.float32))
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert left_eye[1] == pytest.approx(right_eye[1], abs=0.01)
    assert left_eye[1] < nose[1] < left_mouth[1] == pytest.approx(right_mouth[1], abs=0.01)


def test_only_dark_crops_are_brightened() -> None:
    rng = np.random.default_rng(0)
    dark, light = (rng.integers(0, top, (64, 64, 3), dtype=np.uint8) for top in (30, 200))
    assert brightened(dark).mean() > 1.5 * dark.mean()
    assert brightened(light) is light


@pytest.mark.parametrize(
    ("pitch", "yaw", "roll"), [(0, 0, 0), (15, 0, 0), (0, 25, 0), (0, 0, -40), (-10, 40, 20)]
)
def test_pose_of_a_turned_head(pitch: float, yaw: float, roll: float) -> None:
    shape = mean_shape_68()
    x, y, z = np.radians([pitch, yaw, roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    points = (shape @ (about_z @ about_y @ about_x).T * 200 + 500).astype(np.float32)
    assert measure_pose(points, shape) == pytest.approx((pitch, yaw, roll), abs=0.01)
    if yaw > 0 and roll == 0:  # to the picture's right
        assert points[30, 0] > points[[0, 16], 0].mean()
    if pitch > 0:  # up
        assert points[30, 1] - 500 < 200 * shape[30, 1]
