"""Detection, landmarks, pose, embedding and looks against InsightFace's own classes: same graphs, same real pictures.

With our prefilter off: theirs samples the picture as it is, and so aliases.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import graphs_detect
import graphs_landmark
from contract.fakes import ArrayPicture
from graphs_catalog import pool_with
from scenes import read_portraits
from understudy.core.plan import Seeing
from understudy.core.types import Face
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec, load_catalog
from understudy.vision.align import cut
from understudy.vision.attributes.genderage import GenderAge
from understudy.vision.crop import network_input
from understudy.vision.detect.scrfd import open_detector
from understudy.vision.embed.arcface import ArcFace
from understudy.vision.landmark.insight68 import Insight68
from understudy.vision.landmark.insight106 import Insight106
from understudy.vision.landmark.pose import mean_shape_68, measure_pose
from understudy.vision.square import plain_if_normalised, square

pytest.importorskip("insightface", reason="InsightFace is not installed: scripts/environment.sh reference")
# Its own calls of scikit-image and numpy are out of date.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

Pixels = NDArray[np.uint8]
Graph = Callable[[ModelSpec], bytes]


class TheirFace(dict[str, Any]):
    """Attributes and items are the same, as in InsightFace's own class, which needs more to import."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__  # type: ignore[assignment]


@pytest.fixture(scope="module")
def sitters(shared_media: Path) -> list[tuple[Pixels, Face]]:
    """Real portraits, and their faces as YuNet sees them."""
    path = shared_media.parent / "models" / "yunet_n_dynamic.onnx"
    yunet = cv2.FaceDetectorYN.create(str(path), "", (320, 320))
    found = []
    for person in read_portraits(shared_media.parent, every=4):
        small = cv2.resize(person.pixels, (320, 320), interpolation=cv2.INTER_AREA)
        row = yunet.detect(small)[1][0] * person.pixels.shape[0] / 320
        box = np.array([*row[:2], *(row[:2] + row[2:4])], np.float32)
        found.append((person.pixels, Face(box, 0.9, row[4:14].reshape(5, 2))))
    return found


def opened(row: str, graph: Graph, folder: Path) -> tuple[ModelSpec, SessionPool, str]:
    data = graph(load_catalog()[row])
    pool = pool_with({row: data}, folder / "models")
    spec = pool.cache.catalog[row]
    return spec, pool, str(pool.cache.path(spec))


@pytest.mark.parametrize(
    ("row", "batched", "height"),
    [("det_10g", False, 640), ("det_500m", True, 640), ("scrfd_2.5g", False, 480)],
)
def test_scrfd(
    row: str, batched: bool, height: int, sitters: list[tuple[Pixels, Face]], tmp_path: Path
) -> None:
    from insightface.model_zoo.scrfd import SCRFD

    spec, pool, path = opened(row, lambda spec: graphs_detect.scrfd(spec, batched), tmp_path)
    theirs = SCRFD(path)
    theirs.prepare(0, input_size=(640, 640))
    ours = open_detector(spec, pool, Seeing())
    for pixels, _ in sitters:
        # At the network's size, so that only the decoding is compared.
        small = np.asarray(cv2.resize(pixels, (640, 640), interpolation=cv2.INTER_AREA)[:height], np.uint8)
        boxes, points = theirs.detect(small)
        faces = ours.detect(ArrayPicture(small))
        assert len(faces) == len(boxes) > 100
        assert np.abs(np.array([face.bbox for face in faces]) - boxes[:, :4]).max() < 0.01
        assert np.abs(np.array([face.keypoints for face in faces]) - points).max() < 0.01
        assert np.abs(np.array([face.score for face in faces]) - boxes[:, 4]).max() < 1e-6


def their_crop(pixels: Pixels, face: Face, side: int) -> tuple[Pixels, NDArray[np.float64]]:
    """What InsightFace's landmarks and looks see of a face, and the matrix from the picture to it."""
    from insightface.utils import face_align

    left, top, right, bottom = face.bbox
    middle = (left + right) / 2, (top + bottom) / 2
    crop, matrix = face_align.transform(
        pixels, middle, side, side / (max(right - left, bottom - top) * 1.5), 0
    )
    return np.asarray(crop, np.uint8), np.asarray(matrix, np.float64)


@pytest.mark.parametrize("side", [96, 192])
def test_square(side: int, sitters: list[tuple[Pixels, Face]]) -> None:
    for pixels, face in sitters:
        alignment = square(face, side, side / 1.5)
        crop, matrix = their_crop(pixels, face, side)
        assert np.abs(alignment.matrix - matrix).max() < 1e-4
        away = np.abs(cut(ArrayPicture(pixels), alignment, prefilter=False).astype(int) - crop)
        assert away.max() <= 1
        assert (away > 0).mean() < 0.001


@pytest.mark.parametrize("own_normalisation", [False, True])
@pytest.mark.parametrize("row", ["2d106det", "1k3d68"])
def test_landmarks(
    row: str,
    own_normalisation: bool,
    sitters: list[tuple[Pixels, Face]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from insightface.model_zoo.landmark import Landmark

    width = {"2d106det": 212, "1k3d68": 3309}[row]
    spec, pool, path = opened(
        row, lambda spec: graphs_landmark.insight(spec, width, own_normalisation), tmp_path
    )
    theirs = Landmark(path)
    assert (theirs.input_mean == 0) == own_normalisation
    family = Insight106 if row == "2d106det" else Insight68
    ours = family(pool.session(spec), plain_if_normalised(spec, pool))
    for pixels, face in sitters:
        wanted = theirs.get(pixels, TheirFace(bbox=face.bbox))
        # The same crop, since random weights make much of the grey level by which a few pixels differ.
        crop, _ = their_crop(pixels, face, 192)
        monkeypatch.setattr(f"{family.__module__}.cut", lambda *_, crop=crop: crop)
        points = ours.place(ArrayPicture(pixels), face).points
        assert np.abs(points[:, :2] - wanted[:, :2]).max() < 0.01
        if row == "1k3d68":
            assert np.abs(-points[:, 2] - wanted[:, 2]).max() < 0.01
    assert np.ptp(points[:, 0]) > 10


@pytest.mark.parametrize("own_normalisation", [False, True])
def test_looks(own_normalisation: bool, sitters: list[tuple[Pixels, Face]], tmp_path: Path) -> None:
    from insightface.model_zoo.attribute import Attribute

    spec, pool, path = opened(
        "genderage", lambda spec: graphs_landmark.insight(spec, 3, own_normalisation), tmp_path
    )
    theirs = Attribute(path)
    ours = GenderAge(pool.session(spec), plain_if_normalised(spec, pool), prefilter=False)
    seen = set()
    for pixels, face in sitters:
        gender, age = theirs.get(pixels, TheirFace(bbox=face.bbox))
        looks = ours.describe(ArrayPicture(pixels), face)
        assert looks.gender == ("male" if gender == 1 else "female")
        assert looks.age == (max(age, 0),) * 2
        seen.add(looks)
    assert len({looks.gender for looks in seen}) == 2
    assert len(seen) > 3


@pytest.mark.parametrize("row", ["w600k_r50", "w600k_mbf"])
@pytest.mark.parametrize("own_normalisation", [False, True])
def test_embedding(
    row: str, own_normalisation: bool, sitters: list[tuple[Pixels, Face]], tmp_path: Path
) -> None:
    from insightface.model_zoo.arcface_onnx import ArcFaceONNX
    from insightface.utils import face_align

    spec, pool, path = opened(row, lambda spec: graphs_landmark.arcface(spec, own_normalisation), tmp_path)
    theirs = ArcFaceONNX(path)
    session, plain = pool.session(spec), plain_if_normalised(spec, pool)
    ours = ArcFace(session, plain, digest="", prefilter=False)
    for pixels, face in sitters:
        wanted = theirs.get(pixels, TheirFace(kps=face.keypoints))
        # From the picture: our crop is equal to theirs within a grey level.
        assert cosine(ours.embed(ArrayPicture(pixels), face), wanted) > 0.9999
        crop = face_align.norm_crop(pixels, face.keypoints)
        (same_crop,) = session.run({"input": network_input(crop, plain)}).values()
        assert cosine(same_crop.ravel(), theirs.get_feat(crop).ravel()) > 0.99999


def cosine(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


class TestPose:
    """Their mean shape is read from their package, here only."""

    @pytest.fixture(scope="class")
    def mean(self) -> NDArray[np.float64]:
        from insightface.data import get_object

        return np.asarray(get_object("meanshape_68.pkl"), np.float64)

    @staticmethod
    def their_pose(mean: NDArray[np.float64], points: NDArray[np.float64]) -> tuple[float, ...]:
        from insightface.utils import transform

        camera = transform.estimate_affine_matrix_3d23d(mean, points)
        return tuple(transform.matrix2angle(transform.P2sRt(camera)[1]))

    def heads(self, mean: NDArray[np.float64], noise: float) -> list[NDArray[np.float64]]:
        """Their mean face, turned at random by up to 30° of pitch, 60° of yaw and roll; and each point moved."""
        rng = np.random.default_rng(8)
        heads = []
        for _ in range(200):
            pitch, yaw, roll = np.radians(rng.uniform(-1, 1, 3) * (30, 60, 60))
            turns = [cv2.Rodrigues(np.eye(3)[i] * angle)[0] for i, angle in enumerate((pitch, yaw, roll))]
            moved = mean + rng.normal(size=mean.shape) * noise
            heads.append(moved @ (turns[2] @ turns[1] @ turns[0]).T * 150 + 400)
        return heads

    def test_equal_with_the_same_shape(self, mean: NDArray[np.float64]) -> None:
        for points in self.heads(mean, noise=0.03):
            ours = measure_pose(points.astype(np.float32), mean)
            assert np.abs(np.subtract(ours, self.their_pose(mean, points))).max() < 0.1

    def test_near_with_our_own_shape(self, mean: NDArray[np.float64]) -> None:
        """On average within 1.2°, at most 2.6°: people's proportions differ by as much."""
        shape = mean_shape_68()
        errors = [
            np.abs(np.subtract(measure_pose(points.astype(np.float32), shape), self.their_pose(mean, points)))
            for points in self.heads(mean, noise=0.02)
        ]
        assert np.mean(errors, axis=0).max() < 1.2
        assert np.max(errors) < 2.6

    def test_near_on_real_faces(
        self, mean: NDArray[np.float64], sessions: SessionPool, sitters: list[tuple[Pixels, Face]]
    ) -> None:
        """Points of real faces as our mesh places them, at most 2.3° apart on 33 portraits."""
        from understudy.vision.landmark.facemesh import FaceMesh
        from understudy.vision.landmark.pose import IBUG_68

        spec = sessions.cache.catalog["facemesh-468"]
        mesh = FaceMesh(sessions.session(spec), spec)
        for pixels, face in sitters:
            landmarks = mesh.refine(ArrayPicture(pixels), face).landmarks
            assert landmarks is not None
            points = landmarks[list(IBUG_68)].astype(np.float64)
            ours = measure_pose(points.astype(np.float32), mean_shape_68())
            assert np.abs(np.subtract(ours, self.their_pose(mean, points))).max() < 3
