"""The words in the corner."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from understudy.core.types import Region
from understudy.media.color import ColorTags
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.render.steps import Work, swap_frame
from understudy.safety.visible_mark import DEFAULT_TEXT, Label, label_of


def test_what_the_option_means() -> None:
    said = ["off", "OFF", "", "on", "  made \n by AI "]
    assert [label_of(each) for each in said] == [None, None, None, Label(DEFAULT_TEXT), Label("made by AI")]


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (160, 120), (90, 1600), (40, 30), (16, 9)])
@pytest.mark.parametrize("text", ["AI-edited", "bearbeitet: Ä ж Ω", "W" * 80])
def test_it_lies_inside_every_picture(width: int, height: int, text: str) -> None:
    patch = Label(text).on(width, height)
    region = patch.region
    assert 0 <= region.x < region.right <= width
    assert 0 <= region.y < region.bottom <= height
    assert patch.bgr.shape == (region.height, region.width, 3)
    assert patch.mask.shape == patch.bgr.shape[:2]


def test_other_words_look_different() -> None:
    one, other = Label("Grünes Licht").on(640, 480), Label("Ж").on(640, 480)
    assert one.bgr.max() == other.bgr.max() == 255
    assert one.region.width > 3 * other.region.width


@pytest.mark.parametrize("text", ["AI-edited", "Ä ж"])
def test_it_is_drawn_in_the_lower_left_corner_and_nowhere_else(text: str, tmp_path: Path) -> None:
    Image.fromarray(np.full((240, 320, 3), 90, np.uint8)).save(tmp_path / "a.png")
    frame = read_image(tmp_path / "a.png").frame
    before = frame.bgr()
    after = swap_frame((frame, ()), Work(label=Label(text))).frame.bgr()
    changed = np.argwhere((before != after).any(axis=2))
    assert changed[:, 0].min() > 200
    assert changed[:, 1].max() < 160
    assert after.max() > 220  # letters
    assert after.min() < 50  # their ground


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_it_is_upright_in_a_turned_film(orientation: int) -> None:
    native = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 90, np.uint8), format="bgr24")
    native = native.reformat(format="yuv420p")
    native.pts = 0
    frame = Frame.from_video(
        native.reformat(format="yuv420p"),
        tags=ColorTags(),
        orientation=orientation,
        time_base=Fraction(1, 25),
    )
    done = swap_frame((frame, ()), Work(label=Label("AI-edited"))).frame
    patch = Label("AI-edited").on(done.width, done.height)
    seen = done.bgr(Region(*patch.region)).mean(axis=2)
    lit = patch.mask == 255
    assert seen[lit].mean() > 180 > 90 > seen[patch.mask < 170].mean()
