"""Who wears glasses and who only frowns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from understudy.analysis.analyse import analyse
from understudy.core.types import Face
from understudy.media.frame import BgrPixels, Frame
from understudy.media.images import read_image
from understudy.media.read import VideoReader
from understudy.models.pool import SessionPool
from understudy.vision.canonical import load_canonical
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.glasses import load_glasses
from understudy.vision.landmark.facemesh import FaceMesh
from understudy.vision.select import ranked

pytestmark = pytest.mark.thorough

WEARERS = ("man-95", "woman-69")

Networks = tuple[BlazeFace, FaceMesh]


@pytest.fixture(scope="module")
def networks(sessions: SessionPool) -> Networks:
    rows = sessions.cache.catalog
    short, mesh = rows["blazeface-short"], rows["facemesh-468"]
    return BlazeFace(sessions.session(short), short), FaceMesh(sessions.session(mesh), mesh)


@pytest.fixture(scope="module")
def demo() -> dict[str, BgrPixels]:
    """The people who come with the package, with a margin that lets them be turned."""
    folder = resources.files("understudy.app") / "data"
    people = {}
    for name in ("actor", "target"):
        with resources.as_file(folder / f"{name}.jpg") as path:
            people[name] = read_image(path).frame.bgr()
    return people


def found(networks: Networks, pixels: BgrPixels) -> Face:
    """The largest face, as a swap would find it."""
    detector, landmarker = networks
    picture = Frame.from_bgr(np.ascontiguousarray(pixels))
    return landmarker.refine(picture, ranked(detector.detect(picture))[0])


def score(networks: Networks, pixels: BgrPixels) -> float:
    picture = Frame.from_bgr(np.ascontiguousarray(pixels))
    return load_glasses().score(load_canonical(), picture, found(networks, pixels))


def mirrored(pixels: BgrPixels) -> BgrPixels:
    return pixels[:, ::-1]


def tilted(pixels: BgrPixels) -> BgrPixels:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 15, 1)
    return cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def small(pixels: BgrPixels) -> BgrPixels:
    """A face of about 80 pixels, in these photos."""
    return cv2.resize(pixels, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)


def narrow(pixels: BgrPixels) -> BgrPixels:
    """As a slight turn foreshortens."""
    return cv2.resize(pixels, None, fx=0.9, fy=1, interpolation=cv2.INTER_AREA)


VIEWS = (np.asarray, mirrored, tilted, small, narrow)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", WEARERS)
def test_people_with_glasses_are_recognised(
    networks: Networks, portraits: list[Path], name: str, view: Callable[[BgrPixels], BgrPixels]
) -> None:
    (path,) = (path for path in portraits if path.stem == name)
    assert score(networks, view(read_image(path).frame.bgr())) > 0


def test_nobody_else_is_said_to_wear_any(networks: Networks, portraits: list[Path]) -> None:
    bare = [path for path in portraits if path.stem not in WEARERS]
    scores = {
        (path.stem, view.__name__): score(networks, view(read_image(path).frame.bgr()))
        for path in bare
        for view in (np.asarray, small)
    }
    assert len(bare) > 25
    assert {who: value for who, value in scores.items() if value > 0} == {}


def test_a_bare_face_stays_bare_throughout_a_film(networks: Networks, shared_media: Path) -> None:
    film = VideoReader(shared_media / "clips" / "car-1080p.mp4")
    flags = [row.face.flags for _, rows in analyse(film, *networks) for row in rows]
    assert len(flags) == 24
    assert not any("glasses" in each for each in flags)


@pytest.mark.parametrize("view", [np.asarray, mirrored, tilted, narrow])
@pytest.mark.parametrize("name", ["actor", "target"])
def test_drawn_glasses_make_the_difference(
    networks: Networks, demo: dict[str, BgrPixels], name: str, view: Callable[[BgrPixels], BgrPixels]
) -> None:
    bare = demo[name]
    assert score(networks, view(bare)) < 0
    assert score(networks, view(with_rims(networks, bare))) > 0


def test_a_frown_and_strong_brows_are_no_glasses(networks: Networks, demo: dict[str, BgrPixels]) -> None:
    canonical = load_canonical()
    points = landmarks(networks, demo["target"])
    ink = np.zeros(demo["target"].shape[:2], np.float32)
    for brow in canonical.brows:
        cv2.fillConvexPoly(ink, cv2.convexHull(points[brow].astype(np.int32)), 0.8, cv2.LINE_AA)
    root, wide = points[9], float(np.linalg.norm(points[454] - points[234]))
    for side in (-0.03, 0.03):
        top = root + np.array([side, -0.03]) * wide
        ends = [tuple(np.round(end).astype(int).tolist()) for end in (top, top + np.array([0, 0.12]) * wide)]
        cv2.line(ink, ends[0], ends[1], 0.6, max(round(wide / 80), 1), cv2.LINE_AA)
    ink = cv2.GaussianBlur(ink, (0, 0), wide / 120)[..., None]
    assert score(networks, (demo["target"] * (1 - ink)).astype(np.uint8)) < 0


def filmed(pictures: list[BgrPixels]) -> list[Frame]:
    """Frames of which none is exactly the one before: such a one would not be looked at."""
    frames = [Frame.from_bgr(picture) for picture in pictures]
    for number, frame in enumerate(frames):
        frame.planes[0][0, 0] = number
    return frames


def test_the_verdict_does_not_flicker(networks: Networks, demo: dict[str, BgrPixels]) -> None:
    bare = demo["actor"]
    worn = with_rims(networks, bare)
    # Looked at in frames 0, 6 and 12; in frame 6 a reflection, or a hand, hides what there is.
    film = filmed([bare if number == 6 else worn for number in range(14)])
    flags = [row.face.flags for _, rows in analyse(film, *networks) for row in rows]
    assert flags == [("glasses",)] * 14


def test_glasses_taken_off_are_forgotten(networks: Networks, demo: dict[str, BgrPixels]) -> None:
    bare = demo["actor"]
    film = filmed([with_rims(networks, bare)] + [bare] * 60)
    flags = [row.face.flags for _, rows in analyse(film, *networks) for row in rows]
    assert (flags[0], flags[-1]) == (("glasses",), ())


def test_the_leading_part_may_wear_glasses(networks: Networks, demo: dict[str, BgrPixels]) -> None:
    lead = replace(found(networks, demo["actor"]), confidence=0.4, flags=("glasses",))
    passer_by = found(networks, cv2.resize(demo["target"], None, fx=0.8, fy=0.8))
    assert ranked([passer_by, lead])[0] is lead


def test_without_landmarks_or_a_picture_of_the_eyes_nothing_is_seen(
    networks: Networks, demo: dict[str, BgrPixels]
) -> None:
    canonical, glasses = load_canonical(), load_glasses()
    pixels = with_rims(networks, demo["actor"])
    face, picture = found(networks, pixels), Frame.from_bgr(pixels)
    assert glasses.score(canonical, picture, replace(face, landmarks=None)) < 0
    assert face.landmarks is not None
    outside = face.landmarks + np.float32(5000)
    assert glasses.score(canonical, picture, replace(face, landmarks=outside)) < 0


def landmarks(networks: Networks, pixels: BgrPixels) -> np.ndarray:
    points = found(networks, pixels).landmarks
    assert points is not None
    return points[:, :2]


def with_rims(networks: Networks, pixels: BgrPixels) -> BgrPixels:
    """Black round glasses on the face."""
    points, worn = landmarks(networks, pixels), pixels.copy()
    wide = float(np.linalg.norm(points[454] - points[234]))
    thick = max(round(0.02 * wide), 1)
    middles = [(points[33] + points[133]) / 2, (points[263] + points[362]) / 2]
    radius, fixed = 0.165 * wide, 16
    along = (middles[1] - middles[0]) / np.linalg.norm(middles[1] - middles[0])

    def put(point: np.ndarray) -> tuple[int, int]:
        x, y = np.round(point * fixed).astype(int).tolist()
        return x, y

    for middle in middles:
        cv2.circle(worn, put(middle), round(radius * fixed), (25, 25, 25), thick, cv2.LINE_AA, 4)
    inner = [middles[0] + along * radius, middles[1] - along * radius]
    cv2.line(worn, put(inner[0]), put(inner[1]), (25, 25, 25), thick, cv2.LINE_AA, 4)
    for middle, side, temple in zip(middles, (-1, 1), (127, 356), strict=True):
        cv2.line(
            worn,
            put(middle + side * along * radius),
            put(points[temple]),
            (25, 25, 25),
            thick,
            cv2.LINE_AA,
            4,
        )
    return worn
