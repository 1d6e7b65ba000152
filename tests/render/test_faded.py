"""Faces that are shown in part: they are mixed in by their weight, cost nothing without any, and are reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from render_fakes import BOX, TintBox, face, find_nothing

from gates import passing
from signing import signing_key
from understudy.core.types import TrackedFace
from understudy.media.frame import Frame
from understudy.render.build import Cast, result_of
from understudy.render.run import Tally
from understudy.render.steps import Work, swap_frame
from understudy.vision.roles import Picture


class Counting(TintBox):
    devices: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.drawn = 0

    def swap(self, picture: Picture, face: TrackedFace, actor: Any) -> Any:
        self.drawn += 1
        return super().swap(picture, face, actor)


def swapped(weights: Sequence[float]) -> tuple[list[int], Tally, int]:
    """The middle pixel of the box in each frame, the tally, and how many faces were drawn."""
    swapper, tally, levels = Counting(), Tally(), []
    for weight in weights:
        frame = Frame.from_bgr(np.full((120, 160, 3), 55, np.uint8))
        done = swap_frame((frame, (TrackedFace(0, face(), weight=weight),)), Work(swapper, [None]))
        tally = tally.plus(done)
        levels.append(int(done.frame.bgr()[BOX.y + 9, BOX.x + 9, 0]))
    return levels, tally, swapper.drawn


def test_a_face_is_mixed_in_by_its_weight_and_not_drawn_without_any() -> None:
    levels, tally, drawn = swapped([1.0, 0.5, 0.25, 0.0])
    assert levels == [200, pytest.approx(55 + 145 / 2, abs=1), pytest.approx(55 + 145 / 4, abs=1), 55]
    assert drawn == 3
    assert (tally.found, tally.swapped, tally.faded) == (4, 3, 3)


@pytest.mark.parametrize(
    ("weights", "said"), [([1.0, 1.0], ""), ([1.0, 0.5], "one frame"), ([0.0] * 3, "3 frames")]
)
def test_it_is_reported(weights: list[float], said: str) -> None:
    cast = Cast(find_nothing, Work(), passing(), signing_key())
    notices = result_of(Path("out.mp4"), swapped(weights)[1], cast, ()).notices
    assert [notice.code for notice in notices] == (["profile-faded"] if said else [])
    assert all(said in notice.message for notice in notices)
