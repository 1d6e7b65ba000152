"""Segments that were encoded apart join into the film that one encoding would have made."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from films import make_film, packets, pictures, video_pts
from gates import allowed
from understudy.core.errors import OutputError
from understudy.media.encoders import choose_encoder, container_of
from understudy.media.probe import probe
from understudy.media.read import VideoReader
from understudy.media.segments import Segment, SegmentWriter, check_joined, join, segment_suffix

VFR = tuple(itertools.accumulate([900_000, *[1501, 3003, 4504, 2000, 7001] * 8]))


def render(source: Path, folder: Path, name: str, container: str, cuts: tuple[int, ...]) -> list[Segment]:
    """Encode the source in segments that begin at these frames."""
    reader = VideoReader(source)
    encoding = choose_encoder(name, reader.info, container)
    segments: list[Segment] = []
    writer: SegmentWriter | None = None
    for index, frame in enumerate(reader):
        if index in cuts:
            if writer is not None:
                segments.append(writer.finish())
            path = folder / f"{index:04d}{segment_suffix(encoding)}"
            writer = SegmentWriter(path, reader.info, encoding)
        assert writer is not None
        writer.write(frame)
    assert writer is not None
    return [*segments, writer.finish()]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("libx264", ".mp4"),
        ("libx264", ".mkv"),
        ("libx265", ".mp4"),
        ("libsvtav1", ".mp4"),
        ("libvpx-vp9", ".webm"),
        ("prores_ks", ".mov"),
        ("ffv1", ".mkv"),
    ],
)
def test_joined_segments_are_the_film(tmp_path: Path, name: str, suffix: str) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / f"out{suffix}"
    audio = ("libopus",) if suffix == ".webm" else ("aac", "aac")
    make_film(source, pts=VFR, time_base=Fraction(1, 90000), audio=audio)
    info = probe(source)
    container = container_of(out)
    encoding = choose_encoder(name, info, container)
    segments = render(source, tmp_path, name, container, (0, 1, 20, 22))
    assert [len(segment.pts) for segment in segments] == [1, 19, 2, len(VFR) - 22]
    for _ in join(segments, out, info, encoding, allowed()):
        pass
    check_joined(out, segments)

    if suffix in (".mp4", ".mov"):
        assert video_pts(out) == video_pts(source)
    apart = [picture for segment in segments for picture in pictures(segment.path)]
    assert len(apart) == len(VFR)
    for mine, theirs in zip(pictures(out), apart, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    if suffix in (".mp4", ".mov"):
        assert packets(out, "audio") == packets(source, "audio")
    assert len(packets(out, "audio")) == len(audio)


def test_rotation_and_shape_are_those_of_the_source(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    matrix = (0, 65536, 0, -65536, 0, 0, 120 << 16, 0, 1 << 30)
    make_film(source, matrix=matrix, sar=Fraction(4, 3), metadata={"title": "A day"})
    info = probe(source)
    segments = render(source, tmp_path, "libx264", "mp4", (0, 12))
    for _ in join(segments, out, info, choose_encoder("libx264", info, "mp4"), allowed()):
        pass
    after = probe(out)
    assert after.orientation == info.orientation == 6
    assert after.sample_aspect_ratio == Fraction(4, 3)
    assert after.color == info.color
    assert (after.width, after.height) == (info.width, info.height)
    with av.open(str(out)) as container:
        assert container.metadata["title"] == "A day"


def test_a_segment_from_elsewhere_is_refused(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mp4")
    info = probe(source)
    first, second = render(source, tmp_path, "libx264", "mp4", (0, 12))
    other = make_film(tmp_path / "0012.mp4", pts=range(12, 24), options={"profile": "baseline", "refs": "1"})
    assert other == second.path
    with pytest.raises(OutputError):
        list(
            join(
                [first, second], tmp_path / "out.mp4", info, choose_encoder("libx264", info, "mp4"), allowed()
            )
        )


def test_lost_frames_are_noticed(tmp_path: Path) -> None:
    source, out = make_film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    info = probe(source)
    segments = render(source, tmp_path, "libx264", "mp4", (0, 12))
    for _ in join(segments[:1], out, info, choose_encoder("libx264", info, "mp4"), allowed()):
        pass
    with pytest.raises(OutputError, match="12 frames where 24"):
        check_joined(out, segments)
