"""Numbered pictures as a target: a folder, or a pattern."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from patches import colours, near, picture, shown
from PIL import Image
from room import render

from films import video_pts
from understudy.app.content import content_of
from understudy.app.request import plan_swap, result_path
from understudy.core.errors import InputError, UnsupportedMedia
from understudy.media.probe import probe, sniff_kind
from understudy.media.sequence import SequenceReader, sequence_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """shot9.png to shot14.png, so that the order of letters is not that of numbers, and something else."""
    made = tmp_path / "frames"
    made.mkdir()
    for number in range(9, 15):
        cv2.imwrite(str(made / f"shot{number}.png"), picture(number))
    (made / "notes.txt").write_text("9")
    (made / "cover.png").write_bytes(b"x")
    return made


@pytest.mark.parametrize("fps", [None, 12])
@pytest.mark.parametrize("name", ["", "shot%d.png"])
def test_a_sequence_becomes_a_film(tmp_path: Path, folder: Path, name: str, fps: int | None) -> None:
    source = folder / name if name else folder
    assert sniff_kind(source) == "video"
    result = render(source, tmp_path / "out.mp4", fps=fps, crf=1)
    assert result.frames == 6
    assert video_pts(tmp_path / "out.mp4") == [Fraction(index, fps or 25) for index in range(6)]
    assert probe(tmp_path / "out.mp4").pixel_format == "yuv420p"
    for number, (_, pixels) in zip(range(9, 15), shown(tmp_path / "out.mp4"), strict=True):
        near(colours(pixels), colours(picture(number)), 3)


def test_depth_and_transparency_are_kept_where_they_can_be(tmp_path: Path) -> None:
    for number in range(3):
        deep = np.dstack([picture(number).astype(np.uint16) * 257, np.full((48, 64), 40_000, np.uint16)])
        cv2.imwrite(str(tmp_path / f"{number:04d}.tif"), deep)
    render(tmp_path / "%04d.tif", tmp_path / "out.mov", encoder="prores_ks")
    info = probe(tmp_path / "out.mov")
    assert info.pixel_format == "yuva444p10le" or info.bit_depth > 8
    frame = next(iter(SequenceReader(tmp_path / "%04d.tif")))
    near(colours(frame.planes[-1]), [40_000] * 4, 0)


def test_what_is_no_sequence(tmp_path: Path, folder: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert sequence_files(empty) == []
    with pytest.raises(InputError, match="directory"):
        sniff_kind(empty)
    with pytest.raises(InputError, match="no such file"):
        sniff_kind(folder / "take%d.png")
    [first, *_] = sequence_files(folder)
    assert first.name == "shot9.png"
    named_so = folder / "shot%d.png"
    first.rename(named_so)
    assert sequence_files(named_so) == []


def test_pictures_that_are_not_alike(tmp_path: Path, folder: Path) -> None:
    Image.new("RGB", (32, 32)).save(folder / "shot12.png")
    with pytest.raises(UnsupportedMedia, match="than the first") as caught:
        render(folder, tmp_path / "out.mp4")
    assert caught.value.path == str(folder / "shot12.png")
    assert not (tmp_path / "out.mp4").exists()


def test_trims_and_names_and_content(tmp_path: Path, folder: Path) -> None:
    kept = SequenceReader(folder, trim_start=Fraction(1, 25), trim_end=Fraction(3, 25))
    assert [frame.pts for frame in kept] == [1, 2]
    actor = tmp_path / "ada.jpg"
    actor.write_bytes(b"x")
    assert result_path(plan_swap(actor, folder)) == tmp_path / "frames-ada.mp4"
    before = content_of(folder)
    assert before.media_type == "image/sequence"
    cv2.imwrite(str(folder / "shot14.png"), picture(1))
    assert content_of(folder) != before
