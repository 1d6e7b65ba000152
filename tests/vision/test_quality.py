"""What makes a face doubtful, and that it says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from understudy.core.types import Face
from understudy.media.frame import Frame
from understudy.vision.canonical import Canonical, load_canonical
from understudy.vision.quality import assess, yaw


@pytest.fixture(scope="module")
def canonical() -> Canonical:
    return load_canonical()


@pytest.fixture(scope="module")
def picture() -> Frame:
    return Frame.from_bgr(np.full((480, 640, 3), 128, np.uint8))


def face_at(
    canonical: Canonical, width: float = 200, turned: float = 0, middle: tuple[float, float] = (320, 240)
) -> Face:
    shape = Rotation.from_euler("y", turned, degrees=True).apply(canonical.vertices)
    points = (shape * width + (*middle, 0)).astype(np.float32)
    bbox = np.r_[points[:, :2].min(0), points[:, :2].max(0)]
    return Face(bbox, 0.9, points[[159, 386, 1, 61, 291], :2], points, confidence=0.96)


def test_a_plain_face_is_trusted(canonical: Canonical, picture: Frame) -> None:
    face = face_at(canonical)
    judged = assess(canonical, picture, face)
    assert judged.flags == ()
    assert judged.confidence == face.confidence


@pytest.mark.parametrize(
    ("changed", "flag"),
    [
        ({"width": 24}, "small"),
        ({"turned": 50}, "profile"),
        ({"turned": -50}, "profile"),
        ({"middle": (30, 240)}, "cut"),
        ({"middle": (320, 460)}, "cut"),
    ],
)
def test_doubts_have_names_and_lower_the_confidence(
    canonical: Canonical, picture: Frame, changed: dict[str, float], flag: str
) -> None:
    judged = assess(canonical, picture, face_at(canonical, **changed))
    assert judged.flags == (flag,)
    assert judged.confidence < 0.5


def test_glasses_are_a_doubt(canonical: Canonical, picture: Frame) -> None:
    judged = assess(canonical, picture, face_at(canonical, width=24), glasses=True)
    assert judged.flags == ("small", "glasses")
    judged = assess(canonical, picture, face_at(canonical), glasses=True)
    assert judged.flags == ("glasses",)
    assert judged.confidence < 0.5


def test_without_landmarks_nothing_is_said(canonical: Canonical, picture: Frame) -> None:
    face = replace(face_at(canonical), landmarks=None)
    assert assess(canonical, picture, face) is face


@pytest.mark.parametrize("angle", [-40, -10, 0, 25, 60])
def test_yaw_is_the_angle_that_it_was_turned_by(canonical: Canonical, angle: float) -> None:
    landmarks: NDArray[np.float32] | None = face_at(canonical, turned=angle).landmarks
    assert landmarks is not None
    assert abs(yaw(canonical, landmarks)) == pytest.approx(abs(angle), abs=0.5)
    mirrored = (landmarks * (-1, 1, 1))[canonical.mirror]
    assert yaw(canonical, mirrored) == pytest.approx(-yaw(canonical, landmarks), abs=1e-3)
