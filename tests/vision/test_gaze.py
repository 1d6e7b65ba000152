"""Gaze, on eyes that are drawn: what is found must be what was drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from understudy.media.frame import Frame
from understudy.vision.canonical import Canonical, load_canonical
from understudy.vision.gaze import IRIS_RADIUS, eye_frames, eye_openness, measure_gaze

SIZE = 640


@dataclass(frozen=True)
class Drawing:
    """A flat face that looks somewhere; gaze in eye widths, roll and yaw in degrees."""

    gaze: tuple[float, float] = (0.0, 0.0)
    opened: tuple[float, float] = (0.3, 0.3)
    face: float = 400
    skin: int = 150
    white: int = 215
    iris: int = 70
    roll: float = 0
    yaw: float = 0
    noise: float = 0
    glint: bool = False


def landmarks_of(canonical: Canonical, drawing: Drawing) -> NDArray[np.float32]:
    """The mean face without depth, its lids as ellipses as high as said."""
    points = canonical.vertices * (1, 1, 0)
    for contour, opened in zip(canonical.eyes, drawing.opened, strict=True):
        corners = points[[contour[0], contour[8]]]
        middle, half = corners.mean(0), abs(corners[1, 0] - corners[0, 0]) / 2
        points[contour, 1] = middle[1]
        lids = np.sqrt(np.clip(1 - ((points[contour, 0] - middle[0]) / half) ** 2, 0, 1)) * opened * half
        points[contour[1:8], 1] -= lids[1:8]
        points[contour[9:], 1] += lids[9:]
    return (points * drawing.face + (SIZE / 2, SIZE / 2, 0)).astype(np.float32)


def draw(canonical: Canonical, drawing: Drawing) -> tuple[Frame, NDArray[np.float32]]:
    """Drawn frontal at four times the size, shrunk and only then turned."""
    points, fine = landmarks_of(canonical, drawing), 4
    picture = np.full((SIZE * fine, SIZE * fine), drawing.skin, np.uint8)
    for contour in canonical.eyes:
        opening = np.zeros_like(picture)
        cv2.fillPoly(opening, [np.round((points[contour, :2] + 0.5) * fine).astype(np.int32)], 255)
        corners = points[[contour[0], contour[8]], :2]
        width = float(np.ptp(corners[:, 0]))
        centre = (corners.mean(0) + np.array(drawing.gaze) * width + 0.5) * fine
        ball = np.full_like(picture, drawing.white)
        middle = tuple(np.round(centre).astype(int).tolist())
        cv2.circle(ball, middle, round(IRIS_RADIUS * width * fine), drawing.iris, -1)
        cv2.circle(ball, middle, round(0.4 * IRIS_RADIUS * width * fine), 20, -1)
        if drawing.glint:
            spot = middle[0] - round(0.08 * width * fine), middle[1] - round(0.06 * width * fine)
            cv2.circle(ball, spot, round(0.035 * width * fine), 255, -1)
        np.copyto(picture, ball, where=opening > 0)
    picture = cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    picture, points = turned(picture, points, drawing)
    rng = np.random.default_rng(1)
    noisy = np.clip(picture + rng.normal(0, drawing.noise, picture.shape), 0, 255).astype(np.uint8)
    return Frame.from_bgr(cv2.merge([noisy] * 3)), points


def turned(
    picture: NDArray[np.uint8], points: NDArray[np.float32], drawing: Drawing
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A plane that is turned: first about its upright axis (x shrinks and becomes depth), then in the picture."""
    middle = SIZE / 2
    yaw = np.deg2rad(drawing.yaw)
    linear = cv2.getRotationMatrix2D((0, 0), -drawing.roll, 1)[:, :2] @ np.diag([np.cos(yaw), 1])
    matrix = np.column_stack([linear, (middle, middle) - linear @ (middle, middle)])
    moved = points.copy()
    moved[:, :2] = points[:, :2] @ linear.T + matrix[:, 2]
    moved[:, 2] = (points[:, 0] - middle) * np.sin(yaw)
    flags = cv2.INTER_CUBIC
    warped = cv2.warpAffine(picture, matrix, (SIZE, SIZE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8), moved


@pytest.fixture(scope="module")
def canonical() -> Canonical:
    return load_canonical()


GAZES = [(0, 0), (0.1, 0), (-0.1, 0), (0.2, 0.02), (-0.2, -0.02), (0.05, 0.06), (-0.05, -0.06)]
PLAIN = Drawing()


@pytest.mark.parametrize("gaze", GAZES)
@pytest.mark.parametrize(
    "drawing",
    [
        PLAIN,
        replace(PLAIN, face=180),
        replace(PLAIN, roll=35),
        replace(PLAIN, roll=-50, face=250),
        replace(PLAIN, yaw=30),
        replace(PLAIN, skin=60, white=140, iris=40),
        replace(PLAIN, skin=200, white=225, iris=130, glint=True),
        replace(PLAIN, noise=8),
    ],
    ids=["plain", "small", "rolled", "rolled-back", "turned", "dark", "light-with-glint", "noisy"],
)
def test_the_iris_is_found_where_it_was_drawn(
    canonical: Canonical, drawing: Drawing, gaze: tuple[float, float]
) -> None:
    picture, landmarks = draw(canonical, replace(drawing, gaze=gaze))
    found = measure_gaze(canonical, picture, landmarks)
    assert found is not None
    assert np.abs(found - gaze).max() < 0.03


def test_narrowed_eyes_look_somewhere_too(canonical: Canonical) -> None:
    for gaze in (-0.15, 0.0, 0.15):
        picture, landmarks = draw(canonical, replace(PLAIN, gaze=(gaze, 0), opened=(0.17, 0.17)))
        found = measure_gaze(canonical, picture, landmarks)
        assert found is not None
        assert abs(found[0] - gaze) < 0.03


def test_shut_eyes_look_nowhere(canonical: Canonical) -> None:
    assert measure_gaze(canonical, *draw(canonical, replace(PLAIN, opened=(0.04, 0.04)))) is None


def test_with_one_eye_shut_the_other_tells(canonical: Canonical) -> None:
    picture, landmarks = draw(canonical, replace(PLAIN, gaze=(0.12, 0), opened=(0.04, 0.3)))
    found = measure_gaze(canonical, picture, landmarks)
    assert found is not None
    assert np.abs(found - (0.12, 0)).max() < 0.03


def test_eyes_too_small_to_tell_say_so(canonical: Canonical) -> None:
    assert measure_gaze(canonical, *draw(canonical, replace(PLAIN, face=40))) is None


def test_eyes_outside_the_picture_do_not_end_it(canonical: Canonical) -> None:
    picture, landmarks = draw(canonical, PLAIN)
    for shift in (-SIZE, 0.7 * SIZE, SIZE):
        found = measure_gaze(canonical, picture, landmarks + np.array([shift, 0, 0], np.float32))
        assert found is None or np.isfinite(found).all()


@pytest.mark.parametrize(("roll", "yaw"), [(0, 0), (40, 0), (0, 40)])
def test_openness_is_the_height_that_was_drawn(canonical: Canonical, roll: float, yaw: float) -> None:
    drawing = replace(PLAIN, opened=(0.15, 0.35), roll=roll, yaw=yaw)
    _, landmarks = draw(canonical, drawing)
    # The lids' vertices are beside the ellipse's highest place.
    assert np.allclose(eye_openness(canonical, landmarks), drawing.opened, rtol=0.06)


def test_the_eyes_own_coordinates_begin_between_their_corners(canonical: Canonical) -> None:
    landmarks = landmarks_of(canonical, PLAIN)
    for contour, (origin, axes) in zip(canonical.eyes, eye_frames(canonical, landmarks), strict=True):
        left, right = sorted(landmarks[[contour[0], contour[8]], :2].tolist())
        assert np.allclose(origin + axes @ (-0.5, 0), left, atol=1e-3)
        assert np.allclose(origin + axes @ (0.5, 0), right, atol=1e-3)
        assert np.linalg.det(axes) > 0
