"""What swapper, enhancer, masks and upscaler make of photos and films together, with generated networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from render_fakes import Box, TintBox, find_nothing

from films import make_film, packets, scene, video_pts
from gates import passing
from graphs_catalog import pool_with
from graphs_enhance import FFHQ_512, restorer, upscaler, xseg
from signing import signing_key
from understudy.core.errors import FaceError
from understudy.core.plan import (
    Content,
    Look,
    PhotoOutput,
    PhotoSource,
    ResolvedPlan,
    VideoOutput,
    VideoSource,
)
from understudy.core.types import Face, Region, Result, TrackedFace
from understudy.execution.local import LocalExecutor
from understudy.media.frame import Frame
from understudy.media.probe import probe
from understudy.media.read import VideoReader
from understudy.models.pool import SessionPool
from understudy.render.build import Cast, Limits
from understudy.render.run import Analysis
from understudy.render.steps import Row, Work, swap_frame
from understudy.vision.enhance.families import open_enhancer
from understudy.vision.mask.families import open_maskers
from understudy.vision.roles import Picture
from understudy.vision.upscale.families import open_upscaler

CONTENT = Content(sha256="0" * 64, size=1, media_type="video/mp4")
QUARTER_TURN = (0, 65536, 0, -65536, 0, 0, 120 * 65536, 0, 1 << 30)


def upright(size: float = 90, centre: tuple[float, float] = (80, 60), actor: int = 0) -> TrackedFace:
    # Its middle, the mean of the points, lies a tenth of the crop below the crop's.
    points = ((np.array(FFHQ_512) - 0.5) * size + centre).astype(np.float32)
    box = np.array([*points.min(0), *points.max(0)], np.float32)
    return TrackedFace(0, Face(box, 0.9, points), actor=actor)


def analyse(frames: Iterable[Frame]) -> Iterator[Row]:
    for frame in frames:
        yield frame, (upright(),)


def never(frames: Iterable[Frame]) -> Iterator[Row]:
    raise AssertionError(f"nobody looks for faces in {frames}")


def render(source: Path, out: Path, work: Work, analysis: Analysis = analyse, **output: Any) -> Result:
    photo = source.suffix == ".png"
    plan = ResolvedPlan(
        target=CONTENT,
        source=PhotoSource(path=source) if photo else VideoSource(path=source),
        look=Look(),
        models=(),
        output=PhotoOutput() if photo else VideoOutput(**output),
        software="test",
    )
    result = [
        step.result
        for step in LocalExecutor(Limits(source.parent / "renders")).run(
            plan, source, out, Cast(analysis, work, passing(), signing_key())
        )
    ][-1]
    assert result is not None
    return result


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> SessionPool:
    graphs = {
        "gfpgan_1.4": restorer(512),
        "xseg_1": xseg(),
        "real_esrgan_x2": upscaler(2),
    }
    return pool_with(graphs, tmp_path_factory.mktemp("models"))


def enhancing(pool: SessionPool, blend: float = 1.0, mask: str = "box") -> Work:
    look = Look.model_validate({"enhancer_blend": blend, "mask": mask})
    catalog = pool.cache.catalog
    return Work(
        enhancer=open_enhancer(catalog["gfpgan_1.4"], pool, look), maskers=open_maskers(look, catalog, pool)
    )


@pytest.fixture
def half_blue(tmp_path: Path) -> tuple[Path, NDArray[np.uint8]]:
    """RGB noise, of which the left half is blue: the tiny XSeg takes that for something in front of the face."""
    pixels = np.random.default_rng(0).integers(100, 130, (120, 160, 3), dtype=np.uint8)
    pixels[:, :80, 2] = 220
    path = tmp_path / "in.png"
    Image.fromarray(pixels).save(path)
    return path, pixels


def changed(path: Path, pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    with Image.open(path) as image:
        return np.asarray((np.asarray(image) != pixels).any(-1))


def test_a_photo_changes_only_where_the_masks_let_it(
    pool: SessionPool, half_blue: tuple[Path, NDArray[np.uint8]], tmp_path: Path
) -> None:
    source, pixels = half_blue
    result = render(source, tmp_path / "free.png", enhancing(pool))
    assert (result.swapped, set(result.device)) == (1, {"gfpgan_1.4"})
    free = changed(tmp_path / "free.png", pixels)
    assert free[40:80, 50:110].mean() > 0.95
    free[14:106, 34:126] = False
    assert not free.any()
    result = render(source, tmp_path / "masked.png", enhancing(pool, mask="box,occlusion"))
    assert set(result.device) == {"gfpgan_1.4", "xseg_1"}
    masked = changed(tmp_path / "masked.png", pixels)
    assert masked[40:80, 90:110].mean() > 0.95
    assert not masked[:, :80].any()


def test_a_film_changes_only_where_the_masks_let_it(pool: SessionPool, tmp_path: Path) -> None:
    source, out = make_film(tmp_path / "in.mkv", pts=range(6), codec="ffv1"), tmp_path / "out.mkv"
    work = enhancing(pool, mask="box,occlusion")
    result = render(source, out, work, encoder="ffv1")
    assert (result.frames, result.swapped) == (6, 6)
    some = 0
    for before, after in zip(VideoReader(source), VideoReader(out), strict=True):
        # Safely in front of the face, as far as the network's crop sees it.
        blue = (before.bgr()[..., 0] > 135).astype(np.uint8)
        hidden = cv2.erode(blue, np.ones((5, 5), np.uint8)).astype(bool)
        kept = np.ones_like(hidden)
        kept[14:106, 34:126] = hidden[14:106, 34:126]
        luma, *chroma = (old != new for old, new in zip(before.planes, after.planes, strict=True))
        assert not luma[kept].any()
        # A chroma sample stands for four pixels: it is kept when one of them is.
        quads = kept.reshape(60, 2, 80, 2).any((1, 3))
        assert not any(plane[quads].any() for plane in chroma)
        some += int(luma.sum())
    assert some > 6000


def test_a_blend_of_0_changes_nothing(
    pool: SessionPool, half_blue: tuple[Path, NDArray[np.uint8]], tmp_path: Path
) -> None:
    source, pixels = half_blue
    render(source, tmp_path / "out.png", enhancing(pool, blend=0))
    assert not changed(tmp_path / "out.png", pixels).any()


class Paint:
    """Paints a square of the actor's colour around the face's middle."""

    devices: Mapping[str, str] = {"paint": "cpu"}

    def prepare(self, photos: Any) -> Any:
        return photos

    def swap(self, picture: Picture, face: TrackedFace, actor: Any) -> Box | None:
        del picture
        if actor is None:
            return None
        x, y = face.face.keypoints.mean(0).astype(int).tolist()
        return Box(
            Region(x - 10, y - 10, 20, 20),
            np.full((20, 20, 3), actor, np.uint8),
            np.full((20, 20), 255, np.uint8),
        )


class Lighten:
    """Adds 10 to the square of 40 pixels around the face's middle, of what it is shown."""

    devices: Mapping[str, str] = {"lighten": "cpu"}

    def enhance(self, picture: Picture, face: TrackedFace) -> Box:
        x, y = face.face.keypoints.mean(0).astype(int).tolist()
        region = Region(x - 20, y - 20, 40, 40)
        return Box(region, picture.bgr(region) + 10, np.full((40, 40), 255, np.uint8))


class Lower:
    """Lets only what is below a line be changed."""

    devices: Mapping[str, str] = {}

    def __init__(self, line: int, weight: int = 255) -> None:
        self.line, self.weight = line, weight

    def mask(self, picture: Picture, face: TrackedFace, region: Region) -> NDArray[np.uint8]:
        del face
        assert picture.bgr(Region(80, 60, 2, 2)).max() == 50  # the target, not what is made of it
        mask = np.full((region.height, region.width), self.weight, np.uint8)
        mask[: max(self.line - region.y, 0)] = 0
        return mask


GREY = np.full((120, 160, 3), 50, np.uint8)


def test_the_enhancer_is_shown_the_swapped_face() -> None:
    done = swap_frame((Frame.from_bgr(GREY), (upright(),)), Work(Paint(), [200], Lighten()))
    pixels = done.frame.bgr()[..., 0]
    assert (pixels[65, 80], pixels[52, 80], pixels[10, 80]) == (210, 60, 50)
    assert done.replaced == 1


def test_each_face_gets_its_own_actor() -> None:
    faces = tuple(upright(30, (x, 60), actor) for x, actor in ((30, 2), (80, 0), (130, 1)))
    done = swap_frame((Frame.from_bgr(GREY), faces), Work(Paint(), [10, 110, 210]))
    assert done.frame.bgr()[60, [30, 80, 130], 0].tolist() == [210, 10, 110]


def test_each_face_gets_its_own_look() -> None:
    other = Work(Paint(), [20], Lighten())
    faces = tuple(replace(upright(30, (x, 60)), look=look) for x, look in ((30, 1), (80, 0), (130, 1)))
    work = Work(Paint(), [110], others=(other,))
    done = swap_frame((Frame.from_bgr(GREY), faces), work)
    assert done.frame.bgr()[60, [30, 80, 130], 0].tolist() == [30, 110, 30]
    assert work.on_faces
    assert Work(others=(other,)).on_faces
    assert work.devices == {"paint": "cpu", "lighten": "cpu"}


def test_a_face_that_cannot_be_drawn_is_left_to_itself() -> None:
    done = swap_frame((Frame.from_bgr(GREY), (upright(),)), Work(Paint(), [None], Lighten()))
    assert (done.found, done.replaced) == (1, 0)
    np.testing.assert_array_equal(done.frame.bgr(), GREY)


def test_neighbours_are_drawn_from_the_target() -> None:
    faces = upright(30, (70, 60)), upright(30, (90, 60))
    done = swap_frame((Frame.from_bgr(GREY), faces), Work(enhancer=Lighten()))
    assert done.frame.bgr().max() == 60


def test_the_least_of_the_masks_counts_for_swapper_and_enhancer() -> None:
    work = Work(Paint(), [150], Lighten(), (Lower(60), Lower(0, 128)))
    pixels = swap_frame((Frame.from_bgr(GREY), (upright(),)), work).frame.bgr()[..., 0].astype(int)
    assert (pixels[:60] == 50).all()
    assert abs(pixels[62, 80] - 105) <= 7
    assert pixels[62, 64] == 55


def test_a_frame_without_faces_stays_as_it_is() -> None:
    frame = Frame.from_bgr(GREY)
    done = swap_frame((frame, ()), Work(Paint(), [150], Lighten(), (Lower(60),)))
    assert done.frame is frame
    np.testing.assert_array_equal(frame.bgr(), GREY)


def upscaling(pool: SessionPool, **others: Any) -> Work:
    return Work(upscaler=open_upscaler(pool.cache.catalog["real_esrgan_x2"], pool), **others)


def test_a_photo_is_enlarged_and_nobody_looks_for_faces(pool: SessionPool, tmp_path: Path) -> None:
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    pixels = cv2.GaussianBlur(scene(0), (0, 0), 2)
    rgba = np.dstack([pixels[..., ::-1], np.arange(120, dtype=np.uint8)[:, None].repeat(160, 1)])
    Image.fromarray(rgba).save(source, dpi=(300, 300))
    result = render(source, out, upscaling(pool), never)
    assert (result.swapped, set(result.device)) == (0, {"real_esrgan_x2"})
    with Image.open(out) as image:
        assert (image.size, image.mode) == ((320, 240), "RGBA")
        assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)
        written = np.asarray(image)
    wanted = upscaling(pool).upscaler.upscale(pixels)  # type: ignore[union-attr]
    np.testing.assert_array_equal(written[..., 2::-1], wanted)
    assert np.abs(written[::2, :, 3].astype(int) - np.arange(120)[:, None]).max() <= 1


def test_a_deep_photo_stays_deep_and_it_is_said(pool: SessionPool, tmp_path: Path) -> None:
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    deep = (scene(0).astype(np.uint16) * 257)[:60, :80]
    cv2.imwrite(str(source), deep)
    result = render(source, out, upscaling(pool), never)
    assert [notice.code for notice in result.notices] == ["depth-reduced"]
    written = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert written is not None
    assert (written.dtype, written.shape) == (np.dtype(np.uint16), (120, 160, 3))


def test_a_film_is_enlarged_with_all_that_it_says(pool: SessionPool, tmp_path: Path) -> None:
    source = make_film(
        tmp_path / "in.mov",
        pts=[0, 3, 4, 9, 10],
        time_base=Fraction(1, 48),
        pixel_format="yuv422p10le",
        codec="prores_ks",
        sar=Fraction(4, 3),
        matrix=QUARTER_TURN,
        audio=("aac",),
    )
    out, stills = tmp_path / "out.mov", tmp_path / "stills"
    result = render(source, out, upscaling(pool), never, encoder="prores_ks", keep_frames=stills)
    assert result.frames == 5
    assert [notice.code for notice in result.notices] == ["depth-reduced"]
    before, after = probe(source), probe(out)
    assert (after.stored_width, after.stored_height) == (320, 240)
    assert (after.width, after.height) == (240, 320)
    assert after.orientation == before.orientation == 6
    assert after.sample_aspect_ratio == before.sample_aspect_ratio == Fraction(4, 3)
    assert before.display_matrix is not None
    assert after.display_matrix is not None
    assert after.display_matrix[:6] == before.display_matrix[:6]
    assert after.display_matrix[6] == 2 * before.display_matrix[6]
    assert (after.bit_depth, after.color) == (before.bit_depth, before.color)
    assert video_pts(out) == video_pts(source)
    assert len(packets(out, "audio")[0]) == len(packets(source, "audio")[0])
    with Image.open(stills / "000001.png") as still:
        assert still.size == (240, 320)
    model = upscaling(pool).upscaler
    assert model is not None
    for small, large in zip(VideoReader(source), VideoReader(out), strict=True):
        assert np.abs(large.bgr().astype(int) - model.upscale(small.bgr())).mean() < 4


def test_swapped_and_enlarged(pool: SessionPool, tmp_path: Path) -> None:
    source, out = make_film(tmp_path / "in.mkv", pts=range(3), codec="ffv1"), tmp_path / "out.mkv"
    work = upscaling(pool, swapper=TintBox(), actors=[None])
    result = render(source, out, work, encoder="ffv1")
    assert result.swapped == 3
    assert (probe(out).width, probe(out).height) == (320, 240)
    assert set(result.device) == {"tint", "real_esrgan_x2"}


def test_enhancing_needs_a_face_even_when_enlarging(pool: SessionPool, tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mp4", pts=range(3))
    for number, work in enumerate((enhancing(pool), upscaling(pool, enhancer=enhancing(pool).enhancer))):
        out = tmp_path / f"{number}.mp4"
        with pytest.raises(FaceError, match="No face"):
            render(source, out, work, find_nothing)
        assert not out.exists()
