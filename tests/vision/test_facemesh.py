"""The face mesh: against an independent runtime, and steady where the picture is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest

from scenes import read_portraits
from understudy.core.types import Face
from understudy.media.frame import Frame
from understudy.models.pool import SessionPool
from understudy.models.session import open_session
from understudy.vision.canonical import load_canonical
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.landmark.facemesh import FaceMesh

has_litert = importlib.util.find_spec("ai_edge_litert") is not None


@pytest.fixture(scope="module")
def mesh(sessions: SessionPool) -> FaceMesh:
    spec = sessions.cache.catalog["facemesh-468"]
    return FaceMesh(sessions.session(spec), spec)


@pytest.fixture(scope="module")
def detector(sessions: SessionPool) -> BlazeFace:
    spec = sessions.cache.catalog["blazeface-short"]
    return BlazeFace(sessions.session(spec), spec)


@pytest.fixture(scope="module")
def people(shared_media: Path, detector: BlazeFace) -> list[tuple[Frame, Face]]:
    frames = [Frame.from_bgr(person.pixels) for person in read_portraits(shared_media.parent, every=6)]
    return [(frame, detector.detect(frame)[0]) for frame in frames]


def landmarks_of(face: Face) -> np.ndarray:
    assert face.landmarks is not None
    return face.landmarks


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not has_litert, reason="ai-edge-litert, the independent reference, is not installed")
def test_landmarks_are_those_of_litert(
    sessions: SessionPool, mesh: FaceMesh, people: list[tuple[Frame, Face]]
) -> None:
    spec = sessions.cache.catalog["facemesh-468"].model_copy(update={"runtime": "litert"})
    reference = FaceMesh(open_session(sessions.cache.ensure(spec), spec), spec)
    for frame, face in people:
        ours, theirs = mesh.refine(frame, face), reference.refine(frame, face)
        assert np.abs(landmarks_of(ours) - landmarks_of(theirs)).max() < 1e-3 * face.size
        assert abs(ours.confidence - theirs.confidence) < 1e-3


def test_tracking_on_the_same_picture_gives_the_same_bits(
    mesh: FaceMesh, people: list[tuple[Frame, Face]]
) -> None:
    for frame, face in people:
        located, sight = mesh.locate(frame, face)
        assert np.array_equal(landmarks_of(located), landmarks_of(mesh.refine(frame, face)))
        previous = located
        for _ in range(9):
            crop = sight.crop
            tracked, sight = mesh.track(frame, landmarks_of(previous), sight)
            assert sight.crop is crop
            assert np.array_equal(landmarks_of(tracked), landmarks_of(located))
            previous = tracked


def test_noise_does_not_move_the_crop(mesh: FaceMesh, people: list[tuple[Frame, Face]]) -> None:
    rng = np.random.default_rng(0)
    frame, face = people[0]
    located, first = mesh.locate(frame, face)
    sight, previous, path = first, located, []
    for _ in range(12):
        noisy = frame.bgr() + rng.normal(0, 2, frame.bgr().shape)
        noisy_frame = Frame.from_bgr(np.clip(noisy, 0, 255).astype(np.uint8))
        previous, sight = mesh.track(noisy_frame, landmarks_of(previous), sight)
        path.append(landmarks_of(previous)[:, :2])
    assert sight.crop == first.crop
    assert np.std(path, axis=0).mean() < 0.002 * face.size


def test_the_crop_follows_a_face_that_moves(mesh: FaceMesh, people: list[tuple[Frame, Face]]) -> None:
    frame, face = people[0]
    start, sight = mesh.locate(frame, face)
    previous = start
    for step in range(1, 9):
        shift = np.array([[1, 0, 12.0 * step], [0, 1, 5.0 * step]])
        moved = cv2.warpAffine(
            frame.bgr(), shift, (frame.width, frame.height), borderMode=cv2.BORDER_REPLICATE
        )
        picture = Frame.from_bgr(np.asarray(moved, np.uint8))
        previous, sight = mesh.track(picture, landmarks_of(previous), sight)
        wrong = landmarks_of(previous)[:, :2] - landmarks_of(start)[:, :2] - shift[:, 2]
        assert np.sqrt((wrong**2).sum(1).mean()) < 0.015 * face.size
    assert previous.confidence > 0.9


@pytest.mark.parametrize("off", [-0.1, 0.07, 0.1])
def test_where_a_face_is_not_as_predicted_it_is_looked_at_again(
    mesh: FaceMesh, people: list[tuple[Frame, Face]], off: float
) -> None:
    """A head that stops: its landmarks are those of a head at rest in the very next frame."""
    for frame, face in people:
        start, sight = mesh.locate(frame, face)
        predicted = landmarks_of(start) + np.array([off * face.size, 0, 0], np.float32)
        tracked, _ = mesh.track(frame, predicted, sight)
        wrong = (landmarks_of(tracked) - landmarks_of(start))[:, :2]
        assert np.sqrt((wrong**2).sum(1).mean()) < 0.006 * face.size


@pytest.mark.parametrize("roll", [-60, 40, 80])
def test_rolled_faces(
    mesh: FaceMesh, detector: BlazeFace, people: list[tuple[Frame, Face]], roll: int
) -> None:
    for frame, face in people[:3]:
        upright = landmarks_of(mesh.refine(frame, face))
        turn = cv2.getRotationMatrix2D((frame.width / 2, frame.height / 2), roll, 0.7)
        pixels = cv2.warpAffine(frame.bgr(), turn, (frame.width, frame.height))
        turned = Frame.from_bgr(np.asarray(pixels, np.uint8))
        found = detector.detect(turned)
        assert len(found) == 1
        wrong = landmarks_of(mesh.refine(turned, found[0]))[:, :2] - (
            upright[:, :2] @ turn[:, :2].T + turn[:, 2]
        )
        assert np.sqrt((wrong**2).sum(1).mean()) < 0.02 * 0.7 * face.size


def test_where_there_is_no_face_the_confidence_is_low(mesh: FaceMesh) -> None:
    grey = Frame.from_bgr(np.full((400, 400, 3), 120, np.uint8))
    points = np.array([[150, 170], [250, 170], [200, 210], [160, 250], [240, 250]], np.float32)
    nobody = Face(np.array([120, 120, 280, 280], np.float32), 0.9, points)
    assert mesh.refine(grey, nobody).confidence < 0.5


def test_a_crop_may_leave_the_picture(mesh: FaceMesh, people: list[tuple[Frame, Face]]) -> None:
    frame, face = people[0]
    tracked, sight = mesh.track(frame, landmarks_of(mesh.refine(frame, face)) - (5000, 0, 0))
    assert sight.crop.x < 0
    assert np.isfinite(landmarks_of(tracked)).all()


def test_before_a_mirror_the_landmarks_are_mirrored(mesh: FaceMesh, people: list[tuple[Frame, Face]]) -> None:
    mirror = load_canonical().mirror
    for frame, face in people[:4]:
        plain = landmarks_of(mesh.refine(frame, face))
        across = np.array([frame.width - 1, 0], np.float32)
        flipped = Frame.from_bgr(np.ascontiguousarray(frame.bgr()[:, ::-1]))
        points = face.keypoints[[1, 0, 2, 4, 3]] * (-1, 1) + across
        box = np.array(
            [across[0] - face.bbox[2], face.bbox[1], across[0] - face.bbox[0], face.bbox[3]], np.float32
        )
        seen = landmarks_of(mesh.refine(flipped, Face(box, face.score, points.astype(np.float32))))
        wrong = seen[mirror, :2] * (-1, 1) + across - plain[:, :2]
        assert np.abs(wrong).max() < 0.004 * face.size
