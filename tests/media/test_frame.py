"""Frame: colours against swscale and Pillow, bits against themselves."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from PIL import Image, ImageOps

from films import scene
from understudy.core.types import Region
from understudy.media import frame as frames
from understudy.media.color import ColorTags
from understudy.media.frame import Frame

ACCURATE = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
FORMATS = [
    *("yuv420p", "yuv422p", "yuv444p", "yuv411p", "yuv440p", "yuvj420p", "nv12", "yuva420p"),
    *("yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv444p12le", "gray", "gray10le", "gbrp", "gbrp10le"),
]


def make(
    pixel_format: str,
    *,
    space: int = 1,
    span: int = 1,
    size: tuple[int, int] = (320, 240),
    orientation: int = 1,
) -> tuple[Frame, av.VideoFrame]:
    picture = cv2.GaussianBlur(scene(3, *size), (0, 0), 2)
    native = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(
        format=pixel_format, dst_colorspace=space, dst_color_range=span, interpolation=ACCURATE
    )
    native.pts = 7
    tags = ColorTags(range=span, space=space)
    return Frame.from_video(native, tags=tags, orientation=orientation, time_base=Fraction(1, 24)), native


def bits(frame: Frame) -> list[NDArray[np.generic]]:
    return [plane.copy() for plane in frame.planes]


@pytest.mark.parametrize("span", [1, 2])
@pytest.mark.parametrize("space", [1, 5, 9])
@pytest.mark.parametrize("pixel_format", ["yuv444p", "yuv444p10le", "yuv444p12le", "yuv420p", "yuv420p10le"])
def test_colours_agree_with_swscale(pixel_format: str, space: int, span: int) -> None:
    frame, native = make(pixel_format, space=space, span=span)
    theirs = native.reformat(
        format="bgr24",
        src_colorspace=space,
        dst_colorspace=space,
        src_color_range=span,
        dst_color_range=2,
        interpolation=ACCURATE,
    ).to_ndarray()
    difference = frame.bgr().astype(int) - theirs
    # No bias; but swscale takes deep full range for 8 bits shifted, which is half a level off.
    assert abs(difference.mean()) < (0.6 if span == 2 and frame.layout.bits > 8 else 0.3)
    if "444" in pixel_format:
        assert np.abs(difference).max() <= 1
    else:  # swscale interpolates chroma, this repeats it
        assert np.abs(difference).mean() < 1.5


def test_colours_agree_with_pillow() -> None:
    # JPEG's YCbCr is BT.601, full range
    y, x = np.mgrid[:256, :256].astype(np.uint8)
    ycc = np.dstack([y // 2 + 64, x // 2 + 64, 255 - y // 3])
    native = av.VideoFrame(256, 256, "yuv444p")
    for plane, values in zip(native.planes, np.moveaxis(ycc, 2, 0), strict=True):
        np.frombuffer(plane, np.uint8).reshape(256, -1)[:, :256] = values
    native.pts = 0
    frame = Frame.from_video(native, tags=ColorTags(range=2, space=5), orientation=1, time_base=Fraction(1))
    bands = [Image.fromarray(np.ascontiguousarray(ycc[..., index])) for index in range(3)]
    theirs = np.asarray(Image.merge("YCbCr", bands).convert("RGB"))[..., ::-1]
    assert np.abs(frame.bgr().astype(int) - theirs).max() <= 1


def test_untagged_film_is_601_when_small_and_709_when_large() -> None:
    for height, space in ((480, 5), (720, 1)):
        tagged, native = make("yuv444p", space=space, size=(64, height))
        untagged = Frame.from_video(native, tags=ColorTags(range=1), orientation=1, time_base=Fraction(1))
        np.testing.assert_array_equal(tagged.bgr(), untagged.bgr())


@pytest.mark.parametrize("pixel_format", FORMATS)
@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_blend_keeps_every_bit_outside_the_mask(pixel_format: str, orientation: int) -> None:
    frame, _ = make(pixel_format, orientation=orientation)
    before, seen = bits(frame), frame.bgr()
    region = Region(41, 33, 87, 95)  # odd on purpose
    mask = np.zeros((95, 87), np.uint8)
    cv2.ellipse(mask, (43, 47), (30, 37), 20, 0, 360, 255, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 3)
    frame.blend(region, 255 - frame.bgr(region), mask)
    after = frame.bgr()
    untouched = np.ones(after.shape[:2], bool)
    untouched[33:128, 41:128] = mask == 0
    np.testing.assert_array_equal(after[untouched], seen[untouched])
    assert (after[~untouched] != seen[~untouched]).mean() > 0.5
    for plane, old in zip(frame.planes, before, strict=True):
        # no sample outside the region's own part of any plane
        turned = Frame((plane,), frame.layout, orientation=orientation)
        assert (plane != old).mean() < 0.2
        assert turned.width in (plane.shape[1], plane.shape[0])
    if pixel_format == "yuva420p":
        np.testing.assert_array_equal(frame.planes[3], before[3])


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("pixel_format", FORMATS)
def test_blending_in_bands_is_blending_at_once(
    pixel_format: str, orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = np.zeros((95, 87), np.uint8)
    cv2.ellipse(mask, (43, 47), (38, 40), 20, 0, 360, 255, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 3)
    blended = []
    for pixels in (1, 700, 1 << 20):
        monkeypatch.setattr(frames, "_BAND", pixels)
        frame, _ = make(pixel_format, orientation=orientation)
        region = Region(41, 33, 87, 95)
        frame.blend(region, 255 - frame.bgr(region), mask)
        blended.append(bits(frame))
    for one, some, whole in zip(*blended, strict=True):
        np.testing.assert_array_equal(one, whole)
        np.testing.assert_array_equal(some, whole)


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_an_unchanged_patch_moves_nothing_by_more_than_one_level(pixel_format: str) -> None:
    frame, _ = make(pixel_format)
    before = bits(frame)
    region = Region(40, 32, 88, 96)
    for _ in range(3):  # and it does not drift
        frame.blend(region, frame.bgr(region), np.full((96, 88), 255, np.uint8))
    level = 2 ** (frame.layout.bits - 8)
    for plane, old in zip(frame.planes, before, strict=True):
        assert np.abs(plane.astype(int) - old.astype(int)).max() <= level


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_what_is_blended_is_what_is_seen(pixel_format: str) -> None:
    frame, _ = make(pixel_format)
    region = Region(64, 48, 96, 80)
    patch = cv2.GaussianBlur(scene(9, 96, 80), (0, 0), 8)
    if pixel_format.startswith("gray"):
        patch = cv2.merge([cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY)] * 3)
    frame.blend(region, patch, np.full((80, 96), 255, np.uint8))
    assert np.abs(frame.bgr(region).astype(int) - patch).mean() < 1.6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_agrees_with_pillow(orientation: int) -> None:
    stored, _ = make("yuv420p")
    turned, _ = make("yuv420p", orientation=orientation)
    image = Image.fromarray(stored.bgr())
    image.getexif()[274] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    assert (turned.width, turned.height) == (expected.shape[1], expected.shape[0])
    np.testing.assert_array_equal(turned.bgr(), expected)
    np.testing.assert_array_equal(turned.bgr(Region(30, 20, 50, 70)), expected[20:90, 30:80])
    small = turned.bgr(Region(30, 20, 60, 80), (30, 40))
    area = cv2.resize(expected[20:100, 30:90], (30, 40), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - area).mean() < 1.5


@pytest.mark.parametrize("size", [(101, 77), (2, 2), (1, 1), (16, 17)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    for pixel_format in ("yuv420p", "yuv444p", "yuv420p10le"):
        native = av.VideoFrame(*size, pixel_format)
        for plane in native.planes:
            plane.update(bytes(plane.buffer_size))
        native.pts = 0
        frame = Frame.from_video(native, tags=ColorTags(1, 1), orientation=1, time_base=Fraction(1))
        whole = Region(0, 0, *size)
        assert frame.bgr().shape == (size[1], size[0], 3)
        frame.blend(whole, np.full((size[1], size[0], 3), 200, np.uint8), np.full(size[::-1], 255, np.uint8))
        assert np.abs(frame.bgr().astype(int) - 200).max() <= 1
        assert frame.bgr(size=(5, 3)).shape == (3, 5, 3)


def test_thumbnails_agree_with_an_area_average() -> None:
    frame, _ = make("yuv420p", size=(640, 480))
    full = frame.bgr()
    for size in ((160, 120), (100, 75), (213, 160), (64, 64)):
        theirs = cv2.resize(full, size, interpolation=cv2.INTER_AREA)
        assert np.abs(frame.bgr(size=size).astype(int) - theirs).mean() < 1.5


def test_a_decoders_planes_are_copied_before_the_first_write() -> None:
    _, native = make("yuv420p")
    first = Frame.from_video(native, tags=ColorTags(1, 1), orientation=1, time_base=Fraction(1))
    other = first.copied(3, Fraction(1, 5))
    other.blend(Region(0, 0, 8, 8), np.zeros((8, 8, 3), np.uint8), np.full((8, 8), 255, np.uint8))
    assert (other.pts, other.time_base) == (3, Fraction(1, 5))
    assert (first.planes[0][:8, :8] != other.planes[0][:8, :8]).any()


def test_wrong_arguments_are_refused() -> None:
    frame, native = make("yuv420p")
    with pytest.raises(ValueError, match="inside"):
        frame.bgr(Region(300, 0, 40, 40))
    with pytest.raises(ValueError, match="fit the region"):
        frame.blend(Region(0, 0, 8, 8), np.zeros((8, 9, 3), np.uint8), np.zeros((8, 8), np.uint8))
    with pytest.raises(ValueError, match="cannot wrap"):
        Frame.from_video(
            native.reformat(format="yuyv422"), tags=ColorTags(), orientation=1, time_base=Fraction(1)
        )
