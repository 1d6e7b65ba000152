"""A faint change is added in a picture's own depth, and nothing else changes."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from understudy.media.color import ColorTags, Layout
from understudy.media.frame import Frame

FORMATS = ["yuv420p", "yuv422p10le", "yuv444p12le", "nv12", "yuva420p", "gray", "gbrp", "gbrp10le", "gbrap"]
BT709 = ColorTags(range=1, space=1)


def frame_of(pixel_format: str, level: int = 90, orientation: int = 1) -> Frame:
    native = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="bgr24")
    native = native.reformat(format=pixel_format, dst_colorspace=1, dst_color_range=1)
    native.pts = 0
    return Frame.from_video(native, tags=BT709, orientation=orientation, time_base=Fraction(1))


def planes_of(frame: Frame) -> list[NDArray[np.float64]]:
    return [plane.astype(np.float64) for plane in frame.planes]


def everywhere(blue: float, green: float, red: float) -> NDArray[np.float32]:
    return np.full((6, 8, 3), (blue, green, red), np.float32)


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_no_change_keeps_every_bit(pixel_format: str) -> None:
    frame = frame_of(pixel_format)
    before = planes_of(frame)
    frame.shift(everywhere(0, 0, 0))
    assert all(map(np.array_equal, before, planes_of(frame)))


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_parts_of_a_level_are_right_in_the_mean(pixel_format: str) -> None:
    frame = frame_of(pixel_format)
    before = planes_of(frame)
    blue, green, red = 0.6, -0.8, 0.7
    frame.shift(everywhere(blue, green, red))
    step = 2.0 ** (frame.layout.bits - 8)
    if frame.layout.model == "gbr":
        whole = (2**frame.layout.bits - 1) / 255
        wanted = [green * whole, blue * whole, red * whole]
    else:
        # BT.709 (H.273), limited range; grey has full range only without tags.
        luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        chroma = 224 / 255 * step
        wanted = [
            luma * 219 / 255 * step,
            chroma * (blue - luma) / 1.8556,
            chroma * (red - luma) / 1.5748,
        ][: 1 if frame.layout.model == "gray" else 3]
    for plane, after, change in zip(before, planes_of(frame), wanted, strict=False):
        assert (after - plane).mean() == pytest.approx(change, abs=0.03)
        assert np.abs(after - plane - change).max() < 1
    if frame.layout.alpha:
        assert np.array_equal(before[-1], planes_of(frame)[-1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_lies_upright(orientation: int) -> None:
    frame = frame_of("yuv444p", orientation=orientation)
    change = np.zeros((frame.height, frame.width, 3), np.float32)
    change[: frame.height // 2, : frame.width // 2] = 4
    before = frame.bgr().astype(int)
    frame.shift(change)
    grown = frame.bgr().mean(axis=2) - before.mean(axis=2)
    half = frame.height // 2, frame.width // 2
    assert grown[: half[0], : half[1]].min() > 2
    grown[: half[0], : half[1]] = 0
    assert np.abs(grown).max() == 0


def test_it_ends_where_the_numbers_do() -> None:
    for level, change in ((255, 3.0), (0, -3.0)):
        planes = tuple(np.full((8, 8), level * 257, np.uint16) for _ in range(3))
        frame = Frame(planes, Layout("gbr", 16))
        frame.shift(everywhere(change, change, change))
        assert all((plane == level * 257).all() for plane in frame.planes)


def test_the_decoders_picture_stays() -> None:
    native = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="bgr24")
    native = native.reformat(format="yuv420p")
    native.pts = 0
    shared = av.VideoFrame.from_ndarray(native.to_ndarray(), format="yuv420p")
    frame = Frame.from_video(native, tags=BT709, orientation=1, time_base=Fraction(1))
    copy = frame.copied(1, Fraction(1))
    copy.shift(everywhere(3, 3, 3))
    assert np.array_equal(native.to_ndarray(), shared.to_ndarray())
    assert copy.planes[0].mean() > frame.planes[0].mean() + 2
