"""A film becomes an animation and an animation a film when the output's name says so."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest
from cases_animations import _DELAYS, _made
from making import film
from patches import COLOURS, box_in, colours, near
from room import codes, render

from films import video_pts
from understudy.app.request import plan_swap, result_path
from understudy.media.animation import AnimationReader
from understudy.media.probe import probe


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".apng"])
def test_a_film_becomes_an_animation(tmp_path: Path, suffix: str) -> None:
    source = film(tmp_path / "in.mp4", turn=6, audio=("aac",), tags=(1, 5, 5, 6))
    result = render(source, tmp_path / f"out{suffix}")
    assert codes(result) == {"audio-dropped"}
    frames = list(AnimationReader(tmp_path / f"out{suffix}"))
    info = probe(tmp_path / f"out{suffix}")
    # Upright in the pixels themselves, since no animation can say its turn.
    assert (info.width, info.height, info.frames, info.plays) == (48, 64, 12, 0)
    assert abs((info.duration or 0) - Fraction(1, 2)) < Fraction(1, 100)
    near(colours(frames[0].bgr())[:3], COLOURS[:3], 3)
    near(box_in(frames[0].bgr()), [255 - value for value in COLOURS[0]], 6)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_an_animation_becomes_a_film(tmp_path: Path, suffix: str) -> None:
    source = (
        _made(tmp_path / f"in{suffix}", disposal=2) if suffix == ".gif" else _made(tmp_path / f"in{suffix}")
    )
    result = render(source, tmp_path / "out.mp4")
    assert "alpha-dropped" in codes(result)
    starts = [Fraction(sum(_DELAYS[:index]), 1000) for index in range(len(_DELAYS))]
    assert video_pts(tmp_path / "out.mp4") == starts
    assert probe(tmp_path / "out.mp4").pixel_format == "yuv420p"
    header = (tmp_path / "out.mp4").read_bytes().partition(b"mvhd")[2]
    scale, length = struct.unpack_from(">II", header, 12)
    assert Fraction(length, scale) == Fraction(sum(_DELAYS), 1000)  # the last delay too


@pytest.mark.parametrize(("name", "suffix"), [("in.gif", ".gif"), ("in.webp", ".webp"), ("in.png", ".png")])
def test_an_animation_stays_one_by_default(tmp_path: Path, name: str, suffix: str) -> None:
    source, actor = _made(tmp_path / name), tmp_path / "ada.jpg"
    actor.write_bytes(b"x")
    assert result_path(plan_swap(actor, source)).suffix == suffix


def test_another_rate_and_a_trim(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", pts=range(48))
    render(source, tmp_path / "out.gif", trim=(0.5, 1.5), fps=10)
    info = probe(tmp_path / "out.gif")
    assert (info.frames, info.duration) == (10, 1)
