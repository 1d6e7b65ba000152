"""A frame that shows a larger picture is otherwise the same frame."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from films import scene
from understudy.media.color import ColorTags, Layout
from understudy.media.frame import Frame

FORMATS = [
    *("yuv420p", "yuv422p", "yuv444p", "yuvj420p", "nv12", "yuva420p", "gbrp"),
    *("yuv420p10le", "yuva444p10le", "yuv444p12le", "gbrap10le"),
]


def film_frame(pixel_format: str, orientation: int, size: tuple[int, int] = (80, 60)) -> Frame:
    native = av.VideoFrame.from_ndarray(scene(3, *size), format="bgr24").reformat(format=pixel_format)
    native.pts, native.duration = 7, 2
    tags = ColorTags(range=1, space=1, primaries=1, transfer=1)
    frame = Frame.from_video(native, tags=tags, orientation=orientation, time_base=Fraction(1, 24))
    if frame.layout.alpha:
        y, x = np.indices(frame.planes[-1].shape)
        frame.planes[-1][...] = (x + y) * (2 ** (frame.layout.bits - 8))
    return frame


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("pixel_format", FORMATS)
def test_it_shows_the_picture_in_the_same_format(pixel_format: str, orientation: int) -> None:
    frame = film_frame(pixel_format, orientation)
    shown = cv2.GaussianBlur(scene(9, 3 * frame.width, 3 * frame.height), (0, 0), 6)
    larger = frame.enlarged(np.asarray(shown, np.uint8))
    assert (larger.width, larger.height) == (3 * frame.width, 3 * frame.height)
    assert (larger.pts, larger.time_base) == (7, Fraction(1, 24))
    assert (larger.tags, larger.layout, larger.orientation) == (frame.tags, frame.layout, orientation)
    assert np.abs(larger.bgr().astype(int) - shown).mean() < 1.6
    native = larger.native
    assert native is not None
    assert (native.format.name, native.duration) == (pixel_format, 2)
    assert (native.width, native.height) == (240, 180)
    if frame.layout.alpha:
        wanted = cv2.resize(frame.planes[-1], (240, 180), interpolation=cv2.INTER_LINEAR)
        np.testing.assert_array_equal(larger.planes[-1], wanted)


def test_photos_keep_their_depth_and_transparency() -> None:
    rng = np.random.default_rng(0)
    planes = tuple(rng.integers(0, 65536, (40, 50), dtype=np.uint16) for _ in range(4))
    frame = Frame(planes, Layout("gbr", 16, alpha=True))
    shown = rng.integers(0, 256, (80, 100, 3), dtype=np.uint8)
    larger = frame.enlarged(shown)
    np.testing.assert_array_equal(larger.bgr(), shown)
    assert [(plane.dtype, plane.shape) for plane in larger.planes] == [(np.dtype(np.uint16), (80, 100))] * 4
    np.testing.assert_array_equal(larger.planes[3], cv2.resize(planes[3], (100, 80)))
    grey = Frame((planes[0],), Layout("gray", 16)).enlarged(cv2.merge([shown[..., 0]] * 3))
    np.testing.assert_allclose(grey.planes[0], shown[..., 0] * 257.0, atol=1)


def test_the_planes_are_its_own() -> None:
    frame = film_frame("yuv420p", 1)
    before = [plane.copy() for plane in frame.planes]
    frame.enlarged(np.zeros((120, 160, 3), np.uint8))
    for plane, old in zip(frame.planes, before, strict=True):
        np.testing.assert_array_equal(plane, old)


@pytest.mark.parametrize("size", [(60, 40), (100, 120), (160, 119), (160, 180)])
def test_other_shapes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no multiple of 80×60"):
        film_frame("yuv420p", 1).enlarged(np.zeros((size[1], size[0], 3), np.uint8))
