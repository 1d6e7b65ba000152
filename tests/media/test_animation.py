"""Animations become films, and films animations."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from films import scene
from gates import allowed
from understudy.core.errors import InputError, PlanError
from understudy.media.animate import delays_of, slowed, write_animation
from understudy.media.animation import AnimationReader, animation_info, is_animation
from understudy.media.encoders import choose_encoder
from understudy.media.probe import probe, sniff_kind
from understudy.media.source import open_moving

DELAYS = (100, 250, 50, 330)


def pictures(alpha: bool = False) -> list[np.ndarray]:
    made = [np.ascontiguousarray(scene(index, 60, 44)[..., ::-1]) for index in range(len(DELAYS))]
    if not alpha:
        return made
    with_holes = [np.dstack([pixels, np.full((44, 60), 255, np.uint8)]) for pixels in made]
    for index, pixels in enumerate(with_holes):
        pixels[10:20, 5 * index : 5 * index + 10, 3] = 0
    return with_holes


@pytest.mark.parametrize("kind", ["gif", "webp", "apng"])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("plays", [0, 1, 4])
def test_what_is_written_is_read(tmp_path: Path, kind: str, alpha: bool, plays: int) -> None:
    path = tmp_path / "an.imation"
    write_animation(lambda: pictures(alpha), DELAYS, path, kind, allowed(), plays=plays, quality=100)
    assert is_animation(path.read_bytes()[:64], path)
    assert sniff_kind(path) == "video"
    info = probe(path)
    assert (info.container, info.plays, info.frames, info.duration) == (kind, plays, 4, Fraction(730, 1000))
    assert info.pixel_format == ("gbrap" if alpha else "gbrp")
    reader = open_moving(path)
    assert isinstance(reader, AnimationReader)
    frames = list(reader)
    assert [frame.pts * frame.time_base * 1000 for frame in frames] == [0, 100, 350, 400]
    for frame, pixels in zip(frames, pictures(alpha), strict=True):
        seen = pixels[..., 3] > 0 if alpha else np.ones((44, 60), bool)
        if alpha:
            assert np.array_equal(frame.planes[-1] > 0, seen)
        error = np.abs(frame.bgr().astype(int) - pixels[..., 2::-1])[seen]
        assert error.mean() < (9 if kind == "gif" else 0.01)


def test_a_palette_for_all_does_not_flicker(tmp_path: Path) -> None:
    """Where nothing moves, every picture of a GIF has the same bytes, dithering included."""
    still = scene(0, 60, 44)[..., ::-1].copy()
    moving = []
    for index in range(6):
        pixels = still.copy()
        pixels[30:, 8 * index : 8 * index + 8] = (255, 40 * index, 0)
        moving.append(pixels)
    write_animation(lambda: moving, [100] * 6, tmp_path / "out.gif", "gif", allowed())
    first, *others = (frame.bgr()[:28] for frame in AnimationReader(tmp_path / "out.gif"))
    assert all(np.array_equal(first, other) for other in others)


def test_delays_add_up_in_hundredths() -> None:
    times = [Fraction(index, 24) for index in range(48)]
    delays = delays_of(times, Fraction(1, 24), "gif")
    assert set(delays) == {40, 50}
    assert sum(delays) == 2000
    assert delays_of(times, Fraction(1, 24), "webp").count(42) == 32


def test_what_browsers_would_slow_down_is_resampled(tmp_path: Path) -> None:
    write_animation(pictures, [20] * 4, tmp_path / "in.webp", "webp", allowed())
    info = animation_info(tmp_path / "in.webp")
    assert slowed(info, "gif") is None
    fast = tmp_path / "fast.mp4"
    with av.open(str(fast), "w") as out:
        stream = out.add_stream("libx264", rate=120)
        stream.codec_context.width, stream.codec_context.height = 60, 44
        for pixels in pictures():
            out.mux(
                stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p"))
            )
        out.mux(stream.encode(None))
    assert slowed(probe(fast), "gif") == 30
    assert slowed(probe(fast), "webp") == 60


def test_trims(tmp_path: Path) -> None:
    write_animation(pictures, DELAYS, tmp_path / "in.webp", "webp", allowed())
    kept = list(open_moving(tmp_path / "in.webp", trim_start=Fraction(1, 10), trim_end=Fraction(2, 5)))
    assert [frame.pts for frame in kept] == [100, 350]
    with pytest.raises(InputError, match="between the trims"):
        list(open_moving(tmp_path / "in.webp", trim_start=Fraction(9)))


def test_a_cut_off_animation_gives_what_there_is(tmp_path: Path) -> None:
    write_animation(pictures, DELAYS, tmp_path / "in.gif", "gif", allowed())
    data = (tmp_path / "in.gif").read_bytes()
    (tmp_path / "in.gif").write_bytes(data[: len(data) * 3 // 5])
    assert 0 < len(list(AnimationReader(tmp_path / "in.gif"))) < 4
    (tmp_path / "in.gif").write_bytes(data[:20])
    with pytest.raises(InputError):
        probe(tmp_path / "in.gif")


def test_a_still_png_or_webp_is_a_photo(tmp_path: Path) -> None:
    for name in ("in.png", "in.webp"):
        Image.fromarray(pictures()[0]).save(tmp_path / name)
        assert sniff_kind(tmp_path / name) == "photo"


def test_films_out_of_animations_play_everywhere(tmp_path: Path) -> None:
    write_animation(pictures, DELAYS, tmp_path / "in.gif", "gif", allowed())
    info = probe(tmp_path / "in.gif")
    assert choose_encoder("auto", info, "mp4").pixel_format == "yuv420p"
    assert choose_encoder("auto", info, "gif").codec == "gif"
    with pytest.raises(PlanError, match="neither crf nor presets"):
        choose_encoder("auto", info, "gif", crf=20)
