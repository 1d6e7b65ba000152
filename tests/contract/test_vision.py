"""What every detector, landmarker and embedder must keep to, over every implementation, the fakes included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fakes import ArrayPicture, FakeDetector, FakeEmbedder, FakeLandmarker

from scenes import read_portraits, texture
from understudy.core.errors import ModelMissing
from understudy.core.types import Face
from understudy.models.pool import SessionPool
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.embed.dlib import DlibEmbedder
from understudy.vision.landmark.facemesh import FaceMesh
from understudy.vision.roles import Detector, Embedder, Landmarker

MIDDLES = ((250.0, 200.0), (640.0, 420.0))
WIDTHS = (120.0, 60.0)


@dataclass(frozen=True)
class Scene:
    """A picture with a large and a small face, and one without."""

    picture: ArrayPicture
    empty: ArrayPicture


@pytest.fixture(scope="session")
def real_scene(shared_media: Path) -> Scene:
    pixels = texture(900, 600, np.random.default_rng(4))
    empty = pixels.copy()
    first, second = read_portraits(shared_media.parent, every=20)[:2]
    first.paste(pixels, MIDDLES[0], WIDTHS[0])
    second.paste(pixels, MIDDLES[1], WIDTHS[1], roll=20)
    return Scene(ArrayPicture(pixels), ArrayPicture(empty))


@pytest.fixture(scope="session")
def fake_scene() -> Scene:
    pixels = np.zeros((600, 900, 3), np.uint8)
    for (x, y), width in zip(MIDDLES, WIDTHS, strict=True):
        half = width / 2
        pixels[int(y - half) : int(y + half), int(x - half) : int(x + half)] = 255
    return Scene(ArrayPicture(pixels), ArrayPicture(np.zeros_like(pixels)))


@dataclass(frozen=True)
class Cast:
    """Implementations that go together, and a scene for them."""

    scene: Scene
    detector: Detector
    landmarker: Landmarker
    embedder: Callable[[], Embedder]

    def faces(self) -> list[Face]:
        return self.detector.detect(self.scene.picture)


@pytest.fixture(params=["fakes", "blazeface, facemesh, dlib"])
def cast(request: pytest.FixtureRequest) -> Cast:
    if request.param == "fakes":
        scene = request.getfixturevalue("fake_scene")
        return Cast(scene, FakeDetector(), FakeLandmarker(), FakeEmbedder)
    sessions: SessionPool = request.getfixturevalue("sessions")
    rows = sessions.cache.catalog
    short, mesh = rows["blazeface-short"], rows["facemesh-468"]

    def embedder() -> Embedder:
        pytest.importorskip("dlib")
        try:
            return DlibEmbedder.open(sessions.cache, rows["dlib-resnet"])
        except ModelMissing as error:
            pytest.skip(str(error))

    return Cast(
        request.getfixturevalue("real_scene"),
        BlazeFace(sessions.session(short), short),
        FaceMesh(sessions.session(mesh), mesh),
        embedder,
    )


class TestDetector:
    def test_finds_what_is_there(self, cast: Cast) -> None:
        faces = cast.faces()
        assert len(faces) == len(MIDDLES)
        for middle, width in zip(MIDDLES, WIDTHS, strict=True):
            nearest = min(faces, key=lambda face: np.hypot(*(face.keypoints.mean(0) - middle)))
            assert np.hypot(*(nearest.keypoints.mean(0) - middle)) < width / 4
            assert 0.6 * width < nearest.size < 1.7 * width

    def test_values_are_well_formed(self, cast: Cast) -> None:
        faces = cast.faces()
        assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)
        for face in faces:
            assert 0 <= face.score <= 1
            assert face.landmarks is None
            assert face.bbox.dtype == face.keypoints.dtype == np.float32
            assert (face.bbox[2:] > face.bbox[:2]).all()
            left_eye, right_eye, nose, left_mouth, right_mouth = face.keypoints
            assert left_eye[0] < right_eye[0]
            assert left_mouth[0] < right_mouth[0]
            assert left_eye[1] < nose[1] < right_mouth[1]

    def test_nothing_is_found_in_nothing(self, cast: Cast) -> None:
        assert cast.detector.detect(cast.scene.empty) == []

    def test_the_same_picture_gives_the_same_faces(self, cast: Cast) -> None:
        once, again = cast.faces(), cast.faces()
        assert [face.score for face in once] == [face.score for face in again]
        assert all(np.array_equal(a.bbox, b.bbox) for a, b in zip(once, again, strict=True))

    @pytest.mark.parametrize("size", [(1, 1), (3, 200), (37, 53)])
    def test_tiny_pictures(self, cast: Cast, size: tuple[int, int]) -> None:
        assert cast.detector.detect(ArrayPicture(np.zeros((*size, 3), np.uint8))) == []


class TestLandmarker:
    def test_landmarks_lie_on_the_face(self, cast: Cast) -> None:
        for face in cast.faces():
            refined = cast.landmarker.refine(cast.scene.picture, face)
            assert refined.landmarks is not None
            assert refined.landmarks.dtype == np.float32
            middle = refined.landmarks[:, :2].mean(0)
            assert np.hypot(*(middle - face.keypoints.mean(0))) < 0.2 * face.size
            assert 0.5 < np.ptp(refined.landmarks[:, 0]) / face.size < 1.6
            assert 0 <= refined.confidence <= 1
            assert refined.score == face.score

    def test_the_nose_is_nearer_than_the_oval(self, cast: Cast) -> None:
        for face in cast.faces():
            landmarks = cast.landmarker.refine(cast.scene.picture, face).landmarks
            assert landmarks is not None
            assert landmarks[1, 2] < landmarks[[234, 454, 10, 152], 2].min()

    def test_the_same_face_gives_the_same_bits(self, cast: Cast) -> None:
        face = cast.faces()[0]
        once, again = (cast.landmarker.refine(cast.scene.picture, face) for _ in range(2))
        assert once.landmarks is not None
        assert np.array_equal(once.landmarks, again.landmarks)


class TestEmbedder:
    def test_descriptors(self, cast: Cast) -> None:
        embedder = cast.embedder()
        assert len(embedder.digest) == 64
        first, second = (embedder.embed(cast.scene.picture, face) for face in cast.faces())
        assert first.ndim == 1
        assert first.shape == second.shape
        assert first.dtype == np.float32
        assert np.isfinite(first).all()
        assert np.array_equal(first, embedder.embed(cast.scene.picture, cast.faces()[0]))
