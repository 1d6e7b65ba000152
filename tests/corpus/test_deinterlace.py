"""--deinterlace: the comb goes, the times stay."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from making import flagged
from patches import shown
from room import codes, render

from films import video_pts


def _combed(path: Path, *, interlaced: bool) -> Path:
    """A bright bar that moves from field to field, as a camera of interlaced film sees it."""
    with av.open(str(path), "w") as out:
        flags = {"flags": "+ildct+ilme"} if interlaced else {}
        stream = out.add_stream("ffv1", rate=25, options=flags, time_base=Fraction(1, 25))
        stream.codec_context.width, stream.codec_context.height = 64, 48
        stream.codec_context.pix_fmt = "yuv420p"
        for index in range(6):
            luma = np.full((48, 64), 60, np.uint8)
            for field in range(2):
                left = 8 * index + 4 * field
                luma[field::2, left : left + 12] = 200
            planes = np.vstack([luma, np.full((24, 64), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            out.mux(stream.encode(flagged(frame) if interlaced else frame))
        out.mux(stream.encode(None))
    return path


def _comb(path: Path) -> float:
    """How much neighbouring lines differ, below what the fake engine touches."""
    pictures = [pixels[20:].astype(int) for _, pixels in shown(path)]
    return float(np.mean([np.abs(np.diff(pixels, axis=0)).mean() for pixels in pictures[1:-1]]))


def test_deinterlace(tmp_path: Path) -> None:
    source = _combed(tmp_path / "in.mkv", interlaced=True)
    kept = render(source, tmp_path / "kept.mkv", encoder="ffv1")
    whole = render(source, tmp_path / "whole.mkv", encoder="ffv1", deinterlace=True)
    assert codes(kept) == {"interlaced"}
    assert codes(whole) == set()
    assert whole.frames == kept.frames == 6
    assert video_pts(tmp_path / "whole.mkv") == video_pts(tmp_path / "kept.mkv") == video_pts(source)
    assert _comb(tmp_path / "whole.mkv") < 0.4 * _comb(tmp_path / "kept.mkv")


def test_progressive_film_passes_as_it_is(tmp_path: Path) -> None:
    source = _combed(tmp_path / "in.mkv", interlaced=False)
    render(source, tmp_path / "out.mkv", encoder="ffv1", deinterlace=True)
    for (_, before), (_, after) in zip(shown(source), shown(tmp_path / "out.mkv"), strict=True):
        assert np.array_equal(before[20:], after[20:])
