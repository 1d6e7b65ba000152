"""What is in front of a face stays there, and bare faces are replaced whole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sitters import Sitter

from understudy.app.mask_preview import replaced_area
from understudy.core.plan import Look
from understudy.core.types import FloatArray, Region, TrackedFace
from understudy.media.frame import Frame
from understudy.models.pool import SessionPool
from understudy.vision.canonical import Canonical
from understudy.vision.mask.families import open_maskers
from understudy.vision.mask.skin import SkinMasker
from understudy.vision.shape import face_width
from understudy.vision.swap.mesh import MeshSwapper
from understudy.vision.swap.mesh.occlusion import find_occlusion
from understudy.vision.swap.mesh.skin import SkinModel, load_skin
from understudy.vision.swap.mesh.surface import GRID

GREEN, BLACK, BLUE = (60, 150, 50), (28, 26, 25), (170, 80, 40)
PEOPLE = ("man-00", "man-15", "man-32", "roop-source", "woman-42", "woman-64", "man-11")


@pytest.fixture(scope="module")
def skin(canonical: Canonical) -> SkinModel:
    return load_skin(canonical)


def with_ball(
    sitter: Sitter, colour: tuple[int, int, int], shift: float = 0.0
) -> tuple[Frame, NDArray[np.bool_]]:
    """A ball before the mouth and the cheek beside it, and where it is."""
    width = face_width(sitter.landmarks)
    x, y = sitter.landmarks[61, :2] + (shift, 0)
    cover = np.zeros((sitter.frame.height, sitter.frame.width), np.uint8)
    cv2.circle(cover, (round(x * 16), round(y * 16)), round(0.16 * width * 16), 255, -1, cv2.LINE_AA, 4)
    weight = cv2.GaussianBlur(cover, (0, 0), 1.2)[..., None] / 255
    pixels = sitter.frame.bgr() * (1 - weight) + np.array(colour) * weight
    return Frame.from_bgr(np.rint(pixels).astype(np.uint8)), cover > 127


def seen(skin: SkinModel, frame: Frame, landmarks: FloatArray, known: FloatArray | None = None) -> FloatArray:
    """(h, w) 0 to 1: how much of each pixel is in front of the face."""
    found = find_occlusion(skin, frame, landmarks, skin.observe(frame, landmarks), known)
    if found is None:
        return np.zeros((frame.height, frame.width), np.float32)
    return 1 - found.over(Region(0, 0, frame.width, frame.height)).astype(np.float32) / 255


@pytest.mark.parametrize("width", [400, 120, 60])
def test_bare_faces_are_replaced_whole(skin: SkinModel, sitters: dict[str, Sitter], width: int) -> None:
    for name, sitter in sitters.items():
        small = sitter.scaled(width)
        for one in (small, small.mirrored()):
            assert seen(skin, one.frame, one.landmarks).max() == 0, name


@pytest.mark.parametrize("colour", [GREEN, BLACK, BLUE])
@pytest.mark.parametrize("name", ["man-15", "man-32", "roop-source", "woman-64"])
def test_a_ball_is_found_along_its_edge(
    skin: SkinModel, sitters: dict[str, Sitter], name: str, colour: tuple[int, int, int]
) -> None:
    sitter = sitters[name]
    frame, ball = with_ball(sitter, colour)
    alpha = seen(skin, frame, sitter.landmarks)
    face = cv2.fillConvexPoly(np.zeros(ball.shape, np.uint8), hull_of(sitter), 1) > 0
    found = (alpha > 0.5) & face
    assert (found & ball).sum() / (found | (ball & face)).sum() > 0.9
    core = cv2.erode((ball & face).astype(np.uint8), np.ones((13, 13))) > 0
    far = cv2.dilate(ball.astype(np.uint8), np.ones((101, 101))) == 0
    assert alpha[core].min() > 0.9
    assert alpha[far & face].max() < 0.1


def hull_of(sitter: Sitter) -> NDArray[np.int32]:
    return np.asarray(cv2.convexHull(sitter.landmarks[:, :2].astype(np.int32)), np.int32)


def test_the_edge_does_not_flicker(skin: SkinModel, sitters: dict[str, Sitter]) -> None:
    sitter, random = sitters["man-32"], np.random.default_rng(1)
    areas = []
    for _ in range(4):
        frame, _ = with_ball(sitter, BLACK)
        noisy = np.clip(frame.bgr() + random.normal(0, 3, (frame.height, frame.width, 3)), 0, 255)
        moved = (sitter.landmarks + random.normal(0, 0.3, sitter.landmarks.shape)).astype(np.float32)
        areas.append(seen(skin, Frame.from_bgr(noisy.astype(np.uint8)), moved))
    steady = float(np.mean(areas[0] > 0.5))
    for other in areas[1:]:
        assert float(np.abs(other - areas[0]).mean()) < 0.03 * steady


def test_a_track_learns_its_face_and_not_what_is_before_it(
    skin: SkinModel, sitters: dict[str, Sitter]
) -> None:
    sitter = sitters["roop-source"]
    bare = skin.observe(sitter.frame, sitter.landmarks)
    frame, _ = with_ball(sitter, GREEN)
    hidden = skin.observe(frame, sitter.landmarks)
    known = covered = None
    for _ in range(12):
        known, covered = skin.learn(known, bare), skin.learn(covered, hidden)
    assert known is not None
    assert covered is not None
    assert known.shape == (*GRID, 6)
    assert known.dtype == np.float32
    well = bare.seen > 0.9
    nearer = np.abs(bare.rest - known[..., :3])[well].mean()
    assert nearer < 0.3 * np.abs(bare.rest - skin.people[..., :3])[well].mean()
    assert (known[..., 3:] <= skin.people[..., 3:] + 1e-6).all()
    assert seen(skin, sitter.frame, sitter.landmarks, known).max() == 0
    sure = skin.doubt(hidden) > 2
    assert sure.sum() > 20
    assert np.abs(covered - skin.people)[sure].max() < 0.05 * np.abs(hidden.rest[sure]).max()
    assert (seen(skin, frame, sitter.landmarks, covered) > 0.5).any()


@pytest.mark.parametrize("likeness", [0.0, 1.0])
def test_the_ball_stays_in_front_of_the_new_face(sitters: dict[str, Sitter], likeness: float) -> None:
    sitter = sitters["man-32"]
    frame, ball = with_ball(sitter, GREEN)
    swapper = MeshSwapper(likeness)
    patch = swapper.swap(frame, sitter.row, swapper.prepare([sitters["roop-source"].photo]))
    assert patch is not None
    before = frame.bgr().astype(int)
    area = replaced_area(frame.width, frame.height, [(sitter.row, (patch,))])
    frame.blend(patch.region, patch.bgr, patch.mask)
    # The surroundings are bent to the new proportions: look where the ball is whichever way it moved.
    core = cv2.erode(ball.astype(np.uint8), np.ones((71, 71))) > 0
    changed = np.abs(frame.bgr().astype(int) - before).max(-1)
    assert changed[core].max() <= (6 if likeness else 3)
    assert area[core].max() < 10
    cheek = sitter.landmarks[280, :2].round().astype(int)
    assert area[cheek[1], cheek[0]] > 250


def test_occlusion_needs_no_model(sessions: SessionPool, sitters: dict[str, Sitter]) -> None:
    """Engines that cannot see what is in front get a masker that can; the mesh engine has looked by itself."""

    def opened(**look: object) -> list[object]:
        chosen = Look.model_validate({"mask": "occlusion", **look})
        return [type(one) for one in open_maskers(chosen, sessions.cache.catalog, sessions)]

    assert opened(swapper="inswapper_128") == [SkinMasker]
    assert opened(swapper="none") == [SkinMasker]
    assert opened(swapper="mesh") == []
    assert opened(swapper="mesh", enhancer="gfpgan_1.4") == [SkinMasker]
    sitter = sitters["man-32"]
    frame, ball = with_ball(sitter, BLUE)
    region = Region(100, 50, frame.width - 150, frame.height - 100)
    mask = SkinMasker().mask(frame, sitter.row, region)
    inside = ball[region.y : region.bottom, region.x : region.right]
    assert mask.shape == inside.shape
    found = mask < 128
    assert (found & inside).sum() / (found | inside).sum() > 0.9
    unknown = TrackedFace(0, sitter.row.face.__class__(sitter.row.face.bbox, 1.0, sitter.row.face.keypoints))
    assert SkinMasker().mask(frame, unknown, region).min() == 255
