"""--scale: the size changes and nothing else does."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from making import film
from patches import COLOURS, box_in, colours, near, shown, turned
from pydantic import ValidationError
from room import render

from films import packets, video_pts
from understudy.core.errors import PlanError
from understudy.core.plan import VideoOutput
from understudy.media.picture import scaled
from understudy.media.probe import probe


@pytest.mark.parametrize(
    ("scale", "size"), [("50%", (32, 24)), ("96x72", (96, 72)), ("-1x24", (32, 24)), ("128x-1", (128, 96))]
)
@pytest.mark.parametrize("turn", [1, 6])
def test_scale(tmp_path: Path, scale: str, size: tuple[int, int], turn: int) -> None:
    source = film(tmp_path / "in.mp4", turn=turn, audio=("aac",))
    if turn == 6:
        scale, size = "x".join(reversed(scale.split("x"))), (size[1], size[0])
    result = render(source, tmp_path / "out.mp4", scale=scale, crf=1)
    info = probe(tmp_path / "out.mp4")
    assert (info.width, info.height) == size
    assert info.sample_aspect_ratio == 1
    assert not result.notices
    assert video_pts(tmp_path / "out.mp4") == video_pts(source)
    assert packets(tmp_path / "out.mp4", "audio") == packets(source, "audio")
    upright = turned(next(shown(tmp_path / "out.mp4"))[1], turn)
    near(colours(upright)[:3], COLOURS[:3], 3)
    near(box_in(upright)[1], 255 - COLOURS[0][1], 40)  # a few pixels wide by now


def test_what_was_round_stays_round(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", sar=Fraction(4, 3))
    render(source, tmp_path / "out.mp4", scale="32x48")
    assert probe(tmp_path / "out.mp4").sample_aspect_ratio == Fraction(8, 3)


def test_an_animation_is_scaled_too(tmp_path: Path) -> None:
    render(film(tmp_path / "in.mp4"), tmp_path / "out.gif", scale="32x-1")
    assert (probe(tmp_path / "out.gif").width, probe(tmp_path / "out.gif").height) == (32, 24)


def test_scales_that_make_no_sense(tmp_path: Path) -> None:
    info = probe(film(tmp_path / "in.mp4"))
    for scale in ("0x0", "-1x-1", "99999x99999", "0%"):
        with pytest.raises(PlanError, match="makes pictures of"):
            scaled(info, scale)
    for scale in ("big", "10", "10x", "-5x10", "50 %"):
        with pytest.raises(ValidationError):
            VideoOutput(scale=scale)
