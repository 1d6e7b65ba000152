"""YuNet with its true weights: against OpenCV's own class, small faces at 4K, lying and hanging faces."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.fakes import ArrayPicture
from scenes import Portrait, read_portraits, texture
from understudy.core.plan import Compute, Seeing
from understudy.core.types import Face
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool
from understudy.vision.detect.families import open_detector
from understudy.vision.detect.tiles import spans
from understudy.vision.detect.yunet import open_detector as open_yunet
from understudy.vision.roles import Detector, PartialDetector

ANGLES = (0, 90, 180, 270)


@pytest.fixture(scope="module")
def pool(shared_media: Path, tmp_path_factory: pytest.TempPathFactory) -> SessionPool:
    cache = Cache(tmp_path_factory.mktemp("models"), mirror=shared_media.parent / "models", offline=True)
    return SessionPool(cache, Compute(threads=1))


def opened(pool: SessionPool, seeing: Seeing | None = None) -> PartialDetector:
    return open_detector(pool.cache.catalog["yunet_dynamic"], pool, seeing or Seeing())


@pytest.fixture(scope="module")
def people(shared_media: Path) -> list[Portrait]:
    return read_portraits(shared_media.parent)


def hit(faces: list[Face], middle: tuple[float, float], width: float) -> bool:
    return any(np.hypot(*(face.keypoints.mean(0) - middle)) < width / 4 for face in faces)


def test_agrees_with_opencv(pool: SessionPool, people: list[Portrait], shared_media: Path) -> None:
    """On pictures that need no scaling, so that only the decoding is compared: worst of all boxes, 0.0001 px."""
    path = shared_media.parent / "models" / "yunet_n_dynamic.onnx"
    theirs = cv2.FaceDetectorYN.create(str(path), "", (640, 480), 0.5, 0.3)
    ours: Detector = open_yunet(pool.cache.catalog["yunet_dynamic"], pool, Seeing())
    found = 0
    for person in people:
        pixels = cv2.resize(person.pixels, (640, 640), interpolation=cv2.INTER_AREA)[:480].copy()
        rows = theirs.detect(pixels)[1]
        faces = ours.detect(ArrayPicture(pixels))
        assert len(faces) == len(rows)
        found += len(faces)
        for face, row in zip(faces, sorted(rows, key=lambda row: -row[14]), strict=True):
            assert np.abs(face.bbox - [*row[:2], *(row[:2] + row[2:4])]).max() < 1
            assert np.abs(face.keypoints.ravel() - row[4:14]).max() < 1
            assert face.score == pytest.approx(row[14], abs=1e-4)
    assert found >= len(people)


def test_the_face_of_each_portrait(pool: SessionPool, people: list[Portrait]) -> None:
    detector = opened(pool)
    others = 0
    for person in people:
        best, *rest = detector.detect(ArrayPicture(person.pixels))
        assert best.score > 0.9
        assert hit([best], person.middle, person.width)
        left_eye, right_eye, nose, left_mouth, right_mouth = best.keypoints
        assert left_eye[0] < nose[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert left_eye[1] < nose[1] < left_mouth[1]
        others += len(rest)
    assert others <= 2  # blurs in the background


def test_faces_of_40_pixels_at_4k(pool: SessionPool, people: list[Portrait]) -> None:
    scene = texture(3840, 2160, np.random.default_rng(5))
    # Every place in a tile, their seams too.
    places = [(x * 3840 / 13, y * 2160 / 8) for x in range(1, 13) for y in range(1, 8)]
    for i, place in enumerate(places):
        people[i % len(people)].paste(scene, place, 40)
    faces = opened(pool).detect(ArrayPicture(scene))
    missed = [place for place in places if not hit(faces, place, 40)]
    assert len(missed) <= len(places) * 0.03
    # Each once, and next to nothing else.
    assert len(faces) <= len(places) * 1.02
    alone = open_yunet(pool.cache.catalog["yunet_dynamic"], pool, Seeing()).detect(ArrayPicture(scene))
    assert sum(not hit(alone, place, 40) for place in places) > 4 * max(len(missed), 1)


def test_large_faces_in_large_pictures_are_found_once(pool: SessionPool, people: list[Portrait]) -> None:
    for width in (150, 600, 1500):
        scene = texture(3840, 2160, np.random.default_rng(width))
        people[1].paste(scene, (1930, 1090), width)
        faces = opened(pool).detect(ArrayPicture(scene))
        assert len(faces) == 1
        assert hit(faces, (1930, 1090), width)


@pytest.mark.parametrize("angle", ANGLES)
def test_lying_and_hanging_faces(pool: SessionPool, people: list[Portrait], angle: int) -> None:
    person = people[2]
    upright = opened(pool).detect(ArrayPicture(person.pixels))[0]
    turned = np.rot90(person.pixels, angle // 90).copy()
    faces = opened(pool, Seeing(detector_angles=ANGLES)).detect(ArrayPicture(turned))
    assert len(faces) == 1
    # The same face to the same points of the person: turned back they lie on the upright ones.
    last = person.pixels.shape[0] - 1
    points = faces[0].keypoints
    for _ in range(angle // 90):
        points = np.stack([last - points[:, 1], points[:, 0]], 1)
    assert np.abs(points - upright.keypoints).max() < 0.02 * upright.size


def test_parts_see_everything(pool: SessionPool, people: list[Portrait]) -> None:
    scene = texture(3840, 2160, np.random.default_rng(3))
    places = {(300.0, 200.0): 50.0, (3500.0, 1900.0): 50.0, (2000.0, 1000.0): 400.0}
    for person, (place, width) in zip(people, places.items(), strict=False):
        person.paste(scene, place, width)
    lying = np.rot90(scene).copy()
    detector = opened(pool, Seeing(detector_angles=(90, 270), detector_score=0.6))
    known: list[Face] = []
    for step in range(24):
        known += detector.detect_part(ArrayPicture(lying), step, [face.bbox for face in known])
    assert len(known) == len(places)
    for (x, y), width in places.items():
        assert hit(known, (y, 3839 - x), width)


@pytest.mark.parametrize("length", [1, 7, 433, 1080, 1411, 1920, 6001])
def test_tiles_cover_the_picture(length: int) -> None:
    parts = spans(length, 500, 80)
    assert parts[0][0] == 0
    assert parts[-1][0] + parts[-1][1] >= length - 1
    for (start, extent), (following, _) in itertools.pairwise(parts):
        assert start % 2 == 0
        assert start + extent - following >= 78
    assert all(start + extent <= length and extent <= 502 for start, extent in parts)
