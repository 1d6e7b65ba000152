"""BlazeFace over whole pictures: what it finds, what it does not, and that parts add up to the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scenes import Portrait, read_portraits, texture
from understudy.core.types import Face
from understudy.media.frame import Frame
from understudy.models.pool import SessionPool
from understudy.vision.detect.blazeface import BlazeFace


@pytest.fixture(scope="module")
def detector(sessions: SessionPool) -> BlazeFace:
    spec = sessions.cache.catalog["blazeface-short"]
    return BlazeFace(sessions.session(spec), spec)


@pytest.fixture(scope="module")
def people(shared_media: Path) -> list[Portrait]:
    return read_portraits(shared_media.parent, every=4)


def hit(faces: list[Face], middle: tuple[float, float], width: float) -> bool:
    return any(np.hypot(*(face.keypoints.mean(0) - middle)) < width / 4 for face in faces)


@pytest.mark.parametrize("roll", [-60, -30, 0, 30, 60])
@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)])
def test_small_faces_at_any_roll(
    detector: BlazeFace, people: list[Portrait], size: tuple[int, int], roll: int
) -> None:
    rng = np.random.default_rng(size[0] + roll)
    scene = texture(*size, rng)
    places = [(x * size[0] / 5, y * size[1] / 3) for x in (1, 2, 3, 4) for y in (1, 2)]
    for i, place in enumerate(places):
        people[i % len(people)].paste(scene, place, 42, roll)
    faces = detector.detect(Frame.from_bgr(scene))
    assert all(hit(faces, place, 42) for place in places)
    assert len(faces) == len(places)


@pytest.mark.parametrize("width", [100, 300, 700])
def test_large_faces(detector: BlazeFace, people: list[Portrait], width: int) -> None:
    for i, person in enumerate(people[:4]):
        scene = texture(1280, 1000, np.random.default_rng(i))
        person.paste(scene, (640, 520), width, roll=15 * i)
        faces = detector.detect(Frame.from_bgr(scene))
        assert len(faces) == 1
        assert hit(faces, (640, 520), width)


def test_one_face_in_a_portrait(detector: BlazeFace, people: list[Portrait]) -> None:
    for person in people:
        faces = detector.detect(Frame.from_bgr(person.pixels))
        assert len(faces) == 1
        assert hit(faces, person.middle, person.width)


def test_texture_is_no_face(detector: BlazeFace) -> None:
    for seed in range(4):
        assert detector.detect(Frame.from_bgr(texture(1280, 720, np.random.default_rng(seed)))) == []


def test_parts_see_everything(detector: BlazeFace, people: list[Portrait]) -> None:
    scene = texture(1920, 1080, np.random.default_rng(3))
    places = {(300.0, 200.0): 45.0, (1700.0, 900.0): 45.0, (1000.0, 500.0): 260.0}
    for person, (place, width) in zip(people, places.items(), strict=False):
        person.paste(scene, place, width)
    frame = Frame.from_bgr(scene)
    known: list[Face] = []
    first_seen: dict[tuple[float, float], int] = {}
    for step in range(detector.parts(frame)):
        known += detector.detect_part(frame, step, [face.bbox for face in known])
        for place, width in places.items():
            if hit(known, place, width):
                first_seen.setdefault(place, step)
    assert detector.parts(frame) <= 16  # at every sixth frame: four seconds
    assert len(known) == len(places)
    assert first_seen.keys() == places.keys()
    assert first_seen[(1000.0, 500.0)] < 2
