"""Maskers: what they are shown, and where what they saw lies in the picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from graphs_catalog import pool_with
from graphs_enhance import FFHQ_512, PALETTE, occluder, parser_of_colours, parser_of_places, xseg
from understudy.core.errors import ModelMissing
from understudy.core.plan import Look, MaskRegion
from understudy.core.types import Face, Region, TrackedFace
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec, load_catalog
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.landmark.facemesh import FaceMesh
from understudy.vision.mask.families import choose_maskers, open_maskers
from understudy.vision.mask.mouth import MouthKeeper
from understudy.vision.mask.region import CLASSES
from understudy.vision.roles import Masker

SIZE = 400
WHOLE = Region(0, 0, SIZE, SIZE)


def upright(scale: float = 400, centre: tuple[float, float] = (200, 200)) -> TrackedFace:
    """A face whose crop is a square of ``scale`` pixels."""
    points = ((np.array(FFHQ_512) - 0.5) * scale + centre).astype(np.float32)
    return TrackedFace(0, Face(np.array([*points.min(0), *points.max(0)], np.float32), 0.9, points))


def masker(folder: Path, graphs: dict[str, bytes], **look: object) -> Masker:
    pool = pool_with(graphs, folder)
    (only,) = open_maskers(Look.model_validate(look), pool.cache.catalog, pool)
    return only


def seen(masker: Masker, rgb: NDArray[np.uint8], face: TrackedFace | None = None) -> NDArray[np.uint8]:
    frame = Frame.from_bgr(np.ascontiguousarray(rgb[..., ::-1]))
    return masker.mask(frame, face or upright(), Region(0, 0, frame.width, frame.height))


def halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> NDArray[np.uint8]:
    picture = np.empty((SIZE, SIZE, 3), np.uint8)
    picture[:, : SIZE // 2], picture[:, SIZE // 2 :] = left, right
    return picture


# Just on either side of the network's bound of one half, in the channel that it looks at.
BLUE = (250, 250, 140), (250, 250, 115)
RED = (140, 0, 250), (115, 0, 250)


@pytest.mark.parametrize(
    ("name", "graph", "colours"),
    [("xseg_1", xseg(), BLUE), ("xseg_dfl", xseg(), BLUE), ("occluder", occluder(), RED)],
)
def test_what_hides_the_face_is_kept(
    tmp_path: Path, name: str, graph: bytes, colours: tuple[tuple[int, int, int], tuple[int, int, int]]
) -> None:
    mask = seen(masker(tmp_path, {name: graph}, mask="occlusion"), halves(*colours))
    # Nothing on the hiding side, not even at its edge; all of the other but for a soft edge on the inside.
    assert not mask[:, :198].any()
    assert (mask[40:-40, 230:-4] == 255).all()
    rising = mask[200, 198:230].astype(int)
    assert (np.diff(rising) >= 0).all()
    assert 0 < rising[6] < 255


def test_a_crop_that_covers_little_says_nothing_of_the_rest(tmp_path: Path) -> None:
    plain = np.full((SIZE, SIZE, 3), 100, np.uint8)
    mask = seen(masker(tmp_path, {"xseg_1": xseg()}, mask="occlusion"), plain, upright(200, (250, 150)))
    assert (mask[60:240, 160:340] == 255).all()
    outside = np.ones_like(mask, bool)
    outside[48:252, 148:352] = False
    assert not mask[outside].any()


def test_parts_are_told_by_the_published_numbers(tmp_path: Path) -> None:
    # A board of 19 squares, each in the colour of its class.
    board = np.zeros((SIZE, SIZE, 3), np.uint8)
    cells = {index: (80 * (index // 5), 80 * (index % 5)) for index in range(19)}
    for index, (y, x) in cells.items():
        board[y : y + 80, x : x + 80] = PALETTE[index]
    board[320:, 320:] = PALETTE[0]
    published: dict[MaskRegion, tuple[int, ...]] = {
        "skin": (1,),
        "brows": (2, 3),
        "eyes": (4, 5),
        "glasses": (6,),
        "nose": (10,),
        "mouth": (11,),
        "lips": (12, 13),
    }
    assert dict(CLASSES) == published
    for wanted in (*((name,) for name in published), ("skin", "lips"), tuple(published)):
        mask = seen(
            masker(tmp_path, {"bisenet_resnet_34": parser_of_colours()}, mask="region", mask_region=wanted),
            board,
        )
        chosen = {number for name in wanted for number in published[name]}
        for index, (y, x) in cells.items():
            assert mask[y + 40, x + 40] == (255 if index in chosen else 0), (wanted, index)


def test_the_least_counts_in_a_fixed_order(tmp_path: Path) -> None:
    pool = pool_with({"xseg_2": xseg(), "bisenet_resnet_18": parser_of_colours()}, tmp_path)
    look = Look.model_validate({"mask": "mouth,box,region,occlusion"})
    opened = open_maskers(look, pool.cache.catalog, pool)
    assert [list(one.devices) for one in opened] == [["xseg_2"], ["bisenet_resnet_18"], []]
    assert open_maskers(Look(), pool.cache.catalog, pool) == ()


def test_the_first_that_is_installed_is_taken_else_the_first() -> None:
    catalog = load_catalog()
    look = Look.model_validate({"mask": "occlusion,region"})

    def names(*here: str) -> list[str]:
        def installed(spec: ModelSpec) -> bool:
            return spec.name in here

        return [spec.name for spec in choose_maskers(look, catalog, installed)]

    assert names() == ["bisenet_resnet_34"]  # what is in front is found without a network, too
    assert names("occluder", "xseg_3", "faceparser_resnet34") == ["xseg_3", "faceparser_resnet34"]


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    pool = pool_with({}, tmp_path)
    with pytest.raises(ModelMissing) as caught:
        open_maskers(Look.model_validate({"mask": "region"}), pool.cache.catalog, pool)
    assert "bisenet_resnet_34" in str(caught.value)


@pytest.fixture(scope="module")
def laughing(sessions: SessionPool, portraits: list[Path]) -> tuple[Frame, TrackedFace]:
    return portrait(sessions, next(path for path in portraits if path.stem == "roop-source"))


def portrait(sessions: SessionPool, path: Path) -> tuple[Frame, TrackedFace]:
    rows = sessions.cache.catalog
    short, mesh = rows["blazeface-short"], rows["facemesh-468"]
    frame = read_image(path).frame
    found = BlazeFace(sessions.session(short), short).detect(frame)[0]
    return frame, TrackedFace(0, FaceMesh(sessions.session(mesh), mesh).refine(frame, found))


def test_an_open_mouth_is_kept(laughing: tuple[Frame, TrackedFace]) -> None:
    frame, face = laughing
    whole = Region(0, 0, frame.width, frame.height)
    mask = MouthKeeper().mask(frame, face, whole)
    landmarks = face.face.landmarks
    assert landmarks is not None
    middle = landmarks[[13, 14], :2].mean(0).round().astype(int)
    assert mask[middle[1], middle[0]] == 0
    # Nothing else than the mouth: half way between it and the chin, and at the nose, all is replaced.
    for vertex in (1, 152, 61, 291):
        x, y = landmarks[vertex, :2].round().astype(int)
        assert mask[y, x] == 255
    # A part of the picture is cut out of the whole.
    part = Region(middle[0] - 31, middle[1] - 20, 60, 40)
    inner = MouthKeeper().mask(frame, face, part)
    assert np.abs(inner.astype(int) - mask[part.y : part.bottom, part.x : part.right]).max() <= 12
    assert MouthKeeper().mask(frame, face, Region(0, 0, 0, 0)).size == 0


def test_a_shut_mouth_is_replaced_whole(laughing: tuple[Frame, TrackedFace]) -> None:
    frame, face = laughing
    landmarks = face.face.landmarks
    assert landmarks is not None
    shut = landmarks.copy()
    above, below = [82, 13, 312, 81, 311, 80, 310], [87, 14, 317, 178, 402, 88, 318]
    shut[above] = shut[below] = (shut[above] + shut[below]) / 2
    whole = Region(0, 0, frame.width, frame.height)
    known = Face(face.face.bbox, 0.9, face.face.keypoints, shut)
    assert (MouthKeeper().mask(frame, TrackedFace(0, known), whole) == 255).all()
    unknown = Face(face.face.bbox, 0.9, face.face.keypoints)
    assert (MouthKeeper().mask(frame, TrackedFace(0, unknown), whole) == 255).all()


def test_parts_of_a_real_face_are_where_it_has_them(
    tmp_path: Path, laughing: tuple[Frame, TrackedFace]
) -> None:
    frame, face = laughing
    places = {}
    for classes, points in (((4, 5), FFHQ_512[:2]), ((10,), FFHQ_512[2:3])):
        for number, (x, y) in zip(classes, points, strict=True):
            place = np.zeros((512, 512), np.uint8)
            cv2.circle(place, (round(512 * x), round(512 * y)), 40, 1, -1)
            places[number] = place.astype(bool)
    graphs = {"bisenet_resnet_34": parser_of_places(places)}
    whole = Region(0, 0, frame.width, frame.height)
    points = face.face.keypoints.round().astype(int)
    for part, expected in (("eyes", [255, 255, 0, 0, 0]), ("nose", [0, 0, 255, 0, 0])):
        mask = masker(tmp_path, graphs, mask="region", mask_region=part).mask(frame, face, whole)
        assert np.abs(np.subtract([int(mask[y, x]) for x, y in points], expected)).max() <= 12


def test_thin_parts_are_left(tmp_path: Path) -> None:
    # As high as an eye is in a crop of 512 pixels.
    lids = np.zeros((512, 512), bool)
    lids[232:250, 150:230] = True
    mask = seen(
        masker(
            tmp_path, {"bisenet_resnet_34": parser_of_places({4: lids})}, mask="region", mask_region="eyes"
        ),
        np.zeros((SIZE, SIZE, 3), np.uint8),
    )
    assert mask[188, 148] > 200
    assert not mask[:, :115].any()
