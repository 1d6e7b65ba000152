"""Neural detectors on graphs whose right answer is known: a coloured patch is a face with known box and points."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.fakes import ArrayPicture
from graphs_catalog import pool_with
from graphs_detect import ANALYTIC, BOX, POINTS
from understudy.core.errors import ModelError
from understudy.core.plan import Seeing
from understudy.core.types import Face
from understudy.models.spec import load_catalog
from understudy.vision.detect.candidates import Candidates, DetectorSettings, merged, unknown
from understudy.vision.detect.families import open_detector
from understudy.vision.detect.tiles import Tiles
from understudy.vision.roles import PartialDetector, Picture

ROWS = ("det_10g", "scrfd_2.5g", "yunet_2023mar", "yunet_dynamic", "yoloface_8n", "retinaface_r50")
CELLS = {8: (30, 20), 16: (11, 10), 32: (3, 9)}
LEVEL = 240
RED, GREEN, BLUE = 2, 1, 0


def patches(family: str) -> dict[int, int]:
    """Stride to the colour (index of BGR) that its map looks at."""
    rgb, bgr = {8: RED, 16: GREEN, 32: BLUE}, {8: BLUE, 16: GREEN, 32: RED}
    return {"scrfd": rgb, "retinaface": rgb, "yunet": bgr, "yoloface": {32: RED}}[family]


def scene(family: str, size: tuple[int, int], side: int) -> ArrayPicture:
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    enlarged = max(size) / side
    for stride, colour in patches(family).items():
        x, y = (round(cell * stride * enlarged) for cell in CELLS[stride])
        extent = round(stride * enlarged)
        pixels[y : y + extent, x : x + extent, colour] = LEVEL
    return ArrayPicture(pixels)


def expected(family: str, stride: int) -> tuple[list[float], list[float], float]:
    """Box, points and score in pixel indices of the network's input."""
    cell = np.array(CELLS[stride], float)
    corner = cell * stride
    score = LEVEL / 255
    if family == "retinaface":
        side = {8: 16, 16: 64, 32: 256}[stride]
        middle = corner + stride / 2 - 0.5
        moved, half = middle + np.multiply((0.05, -0.1), side), np.multiply((0.75, 1.0), side)
        points = np.reshape(POINTS, (5, 2)) * side + middle
        mean = {8: 123, 16: 117, 32: 104}[stride]
        return [*(moved - half), *(moved + half)], points.ravel().tolist(), (LEVEL - mean) / 255 + 0.2
    shift = 0.5 if family == "yoloface" else 0.0
    left, top, right, bottom = np.multiply(BOX, stride)
    box = np.array([corner[0] - left, corner[1] - top, corner[0] + right, corner[1] + bottom]) - shift
    points = np.reshape(POINTS, (5, 2)) * stride + corner - shift
    score = {"scrfd": (LEVEL - 127.5) / 128, "yunet": np.sqrt(0.81 * score), "yoloface": score}[family]
    return box.tolist(), points.ravel().tolist(), score


def opened(row: str, folder: Path, seeing: Seeing | None = None) -> PartialDetector:
    spec = load_catalog()[row]
    pool = pool_with({row: ANALYTIC[spec.family](spec)}, folder)
    return open_detector(pool.cache.catalog[row], pool, seeing or Seeing())


def matches(face: Face, box: list[float], points: list[float], score: float, ratio: float) -> bool:
    outwards = [(np.array(values) + 0.5) * ratio - 0.5 for values in (box, points)]
    return (
        bool(np.abs(face.bbox - outwards[0]).max() < 0.01)
        and bool(np.abs(face.keypoints.ravel() - outwards[1]).max() < 0.01)
        and abs(face.score - score) < 1e-3
    )


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("enlarged", [1, 2])
def test_every_map_is_decoded(row: str, enlarged: int, tmp_path: Path) -> None:
    spec = load_catalog()[row]
    assert spec.input_size
    side = spec.input_size[0]
    picture = scene(spec.family, (side * enlarged, side * enlarged * 3 // 4), side)
    faces = opened(row, tmp_path).detect(picture)
    strides = patches(spec.family)
    assert len(faces) == len(strides)
    for stride in strides:
        right = expected(spec.family, stride)
        assert any(matches(face, *right, ratio=enlarged) for face in faces), (stride, right, faces)
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)


def test_the_least_score_is_the_users(tmp_path: Path) -> None:
    picture = scene("yoloface", (640, 640), 640)
    assert len(opened("yoloface_8n", tmp_path, Seeing(detector_score=0.93)).detect(picture)) == 1
    assert opened("yoloface_8n", tmp_path, Seeing(detector_score=0.95)).detect(picture) == []


def test_the_size_is_the_users_where_the_network_takes_any(tmp_path: Path) -> None:
    seeing = Seeing(detector_size=320)
    faces = opened("det_10g", tmp_path, seeing).detect(scene("scrfd", (640, 640), 320))
    assert len(faces) == 3
    assert any(matches(face, *expected("scrfd", 16), ratio=2) for face in faces)
    with pytest.raises(ModelError, match="only works at 640"):
        opened("scrfd_2.5g", tmp_path, seeing)


def test_no_more_faces_than_wanted(tmp_path: Path) -> None:
    picture = scene("scrfd", (640, 640), 640)
    all_of_them = opened("det_10g", tmp_path).detect(picture)
    one = opened("det_10g", tmp_path, Seeing(max_faces=1)).detect(picture)
    assert len(all_of_them) == 3
    assert [face.size for face in one] == [max(face.size for face in all_of_them)]


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (37, 53)])
@pytest.mark.parametrize("row", ROWS)
def test_tiny_pictures(row: str, size: tuple[int, int], tmp_path: Path) -> None:
    assert opened(row, tmp_path).detect(ArrayPicture(np.zeros((*size, 3), np.uint8))) == []


def test_a_row_with_settings_of_another_family_is_refused(tmp_path: Path) -> None:
    spec = load_catalog()["det_10g"]
    pool = pool_with({"det_10g": ANALYTIC["scrfd"](spec)}, tmp_path)
    wrong = pool.cache.catalog["det_10g"].model_copy(update={"settings": {"same_person": 1}})
    with pytest.raises(ModelError, match="det_10g"):
        open_detector(wrong, pool, Seeing())


def test_candidates_go_by_intersection_over_union() -> None:
    def left(boxes: list[list[float]]) -> int:
        many = np.array(boxes, np.float32)
        scores = np.linspace(0.9, 0.8, len(boxes)).astype(np.float32)
        found = Candidates(many, scores, np.zeros((len(boxes), 5, 2), np.float32))
        return len(found.faces(DetectorSettings(), np.ones(2, np.float32)))

    # 100 wide: moved by 42 they share 58 of 142, by 44 they share 56 of 144.
    assert left([[0, 0, 99, 99], [42, 0, 141, 99]]) == 1
    assert left([[0, 0, 99, 99], [44, 0, 143, 99]]) == 2
    assert left([[0, 0, 0, 0], [0, 0, 10, 10]]) == 1  # an empty box is nobody


def face(left: float, top: float, side: float, score: float) -> Face:
    box = np.array([left, top, left + side, top + side], np.float32)
    return Face(box, score, np.zeros((5, 2), np.float32))


def test_views_show_a_face_once() -> None:
    whole, tile = [face(100, 100, 50, 0.8)], [face(102, 99, 52, 0.9)]
    assert [each.score for each in merged([whole, tile])] == [0.9]
    # A part of a face is none, two heads in one view are two.
    assert len(merged([[face(0, 0, 300, 0.9)], [face(80, 80, 60, 0.6)]])) == 1
    assert len(merged([[face(0, 0, 300, 0.7), face(180, 180, 90, 0.9)], []])) == 2


def test_known_faces_are_not_found_again() -> None:
    found = [face(100, 100, 50, 0.8), face(300, 100, 50, 0.7)]
    assert unknown(found, [np.array([105, 95, 160, 150], np.float32)]) == found[1:]


class Brightest:
    """A detector that takes what it sees of a white patch for a face, and is the surer the less it sees."""

    def detect(self, picture: Picture) -> list[Face]:
        x, y, width, height = cv2.boundingRect((picture.bgr()[..., 0] > 200).astype(np.uint8))
        box = np.array([x, y, x + width - 1, y + height - 1], np.float32)
        return [Face(box, 1 / (1 + width * height), np.zeros((5, 2), np.float32))] if width else []


@pytest.mark.parametrize("middle", [(500, 250), (1000, 500), (30, 40)])
def test_what_a_tile_cuts_is_seen_whole_elsewhere(middle: tuple[int, int]) -> None:
    pixels = np.zeros((1000, 2000, 3), np.uint8)
    low, high = np.maximum(np.subtract(middle, 120), 0), np.add(middle, 120)
    pixels[low[1] : high[1], low[0] : high[0]] = 255
    (found,) = Tiles(Brightest(), side=320).detect(ArrayPicture(pixels))
    assert found.bbox.tolist() == [*low, *(high - 1)]
