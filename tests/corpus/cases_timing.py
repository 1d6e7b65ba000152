"""V01 to V22: time and geometry."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from making import MATRICES, film, with_no_frames
from patches import COLOURS, box_in, colours, near, shown, turned
from room import Room, codes

from films import packets, video_pts
from understudy.core.errors import InputError, UnsupportedMedia
from understudy.media.probe import probe

VFR = (0, 3000, 6003, 7000, 13000, 13001, 20011, 29000, 29090, 40000)


def _same_times(room: Room, source: Path, name: str = "out.mp4", **options: object) -> str:
    result = room.swap(source, name, **options)
    times = video_pts(source)
    assert video_pts(room.folder / name) == times
    assert result.frames == len(times)
    assert not result.notices
    return f"OK, {len(times)} pts equal, {float(times[0]):g} to {float(times[-1]):g} s"


def v01(room: Room) -> str:
    """VFR MP4 (time base 1/90000, uneven pts) → OK, PTS kept"""
    return _same_times(room, film(room.folder / "in.mp4", pts=VFR, time_base=Fraction(1, 90000)))


def v02(room: Room) -> str:
    """VFR MKV ms → OK"""
    source = film(room.folder / "in.mkv", pts=(0, 17, 50, 51, 300), time_base=Fraction(1, 1000))
    return _same_times(room, source, "out.mkv")


def v03(room: Room) -> str:
    """0.5 fps → OK"""
    return _same_times(room, film(room.folder / "in.mp4", pts=range(4), time_base=Fraction(2)))


def v04(room: Room) -> str:
    """240 fps → OK"""
    return _same_times(room, film(room.folder / "in.mp4", pts=range(48), time_base=Fraction(1, 240)))


def v05(room: Room) -> str:
    """30000/1001 → OK, no drift"""
    base = Fraction(1001, 30000)
    said = _same_times(room, film(room.folder / "in.mp4", pts=range(240), time_base=base))
    assert video_pts(room.folder / "out.mp4")[-1] == 239 * base
    return f"{said}, the last at 239·1001/30000 exactly"


def v06(room: Room) -> str:
    """start pts +10 s → OK, sync kept"""
    pts = range(900_000, 900_000 + 24 * 3750, 3750)
    source = film(
        room.folder / "in.mp4", pts=pts, time_base=Fraction(1, 90000), audio=("aac",), audio_start=10.0
    )
    said = _same_times(room, source)
    out = room.folder / "out.mp4"
    assert packets(out, "audio") == packets(source, "audio")
    assert video_pts(out)[0] == 10
    return f"{said}, audio times equal"


def v07(room: Room) -> str:
    """raw .h264 (pts None) → OK, assumed rate reported"""
    result = room.swap(film(room.folder / "in.h264", container="h264", options={"bf": "0"}))
    times = video_pts(room.folder / "out.mp4")
    assert codes(result) == {"times-assumed"}
    assert len(times) == 12
    [step] = {later - earlier for earlier, later in itertools.pairwise(times)}
    return f"OK, {len(times)} frames every {step} s, reported"


def v08(room: Room) -> str:
    """MPEG-TS start offset → OK"""
    offset = {"output_ts_offset": "2"}
    source = film(room.folder / "in.ts", container="mpegts", audio=("aac",), container_options=offset)
    said = _same_times(room, source)
    heard, original = (packets(path, "audio")[0] for path in (room.folder / "out.mp4", source))
    assert video_pts(source)[0] > 1
    assert abs(heard[0][0] - original[0][0]) < Fraction(1, 10000)
    assert len(heard) == len(original)
    return f"{said}, audio offset kept"


def v09(room: Room) -> str:
    """B-frame MPEG-4 AVI → OK, order kept"""
    source = film(room.folder / "in.avi", codec="mpeg4", options={"bf": "2", "qscale": "2"})
    result = room.swap(source)
    before, after = list(shown(source)), list(shown(room.folder / "out.mp4"))
    assert len(before) == len(after) == result.frames
    for (_, old), (_, new) in zip(before, after, strict=True):
        near(colours(new), colours(old), 3)
    times = [time for time, _ in after]
    assert times == sorted(set(times))
    return f"OK, {len(after)} frames in order; notices {sorted(codes(result)) or 'none'}"


def v10(room: Room) -> str:
    """concatenated TS, timestamps reset → OK or clear REJ"""
    one = film(room.folder / "one.ts", container="mpegts", audio=("aac",))
    both = room.folder / "in.ts"
    both.write_bytes(one.read_bytes() * 2)
    room.swap(both)
    times = video_pts(room.folder / "out.mp4")
    heard = [time for time, _ in packets(room.folder / "out.mp4", "audio")[0]]
    assert times == sorted(set(times))
    assert heard == sorted(set(heard))
    assert len(times) == 2 * 12
    assert len(heard) == 2 * len(packets(one, "audio")[0])
    return f"OK, {len(times)} frames and {len(heard)} packets of sound, times rising"


def _turned(room: Room, numbers: tuple[int, ...]) -> str:
    for number in numbers:
        source, out = room.folder / f"in{number}.mp4", room.folder / f"out{number}.mp4"
        film(source, turn=number)
        result = room.swap(source, out.name, crf=1)
        assert not result.notices
        before, after = probe(source), probe(out)
        assert after.display_matrix == before.display_matrix == MATRICES[number]
        assert (after.stored_width, after.stored_height) == (before.stored_width, before.stored_height)
        upright = turned(next(shown(out))[1], number)
        near(colours(upright)[:3], COLOURS[:3])
        # The engine saw an upright picture: what it inverted lies in the upper left of one.
        near(box_in(upright), 255 - np.array(COLOURS[0]), 3)
    return f"OK, matrix of EXIF {', '.join(map(str, numbers))} kept once, box upright"


def v11(room: Room) -> str:
    """display rotation 90 → OK, upright, no double rotation"""
    return _turned(room, (6,))


def v12(room: Room) -> str:
    """180/270 → as V11"""
    return _turned(room, (3, 8))


def v13(room: Room) -> str:
    """mirrored display matrix → OK"""
    return _turned(room, (2, 4, 5, 7))


def _sized(
    room: Room, size: tuple[int, int], expected: tuple[int, int], notices: set[str], **made: object
) -> str:
    source = film(room.folder / "in.mkv", size=size, pts=range(2), **made)
    result = room.swap(source, "out.mp4")
    info = probe(room.folder / "out.mp4")
    assert (info.width, info.height) == expected
    assert codes(result) == notices
    assert result.frames == 2
    return f"OK, {info.width}×{info.height} {info.pixel_format}, notices {sorted(notices) or 'none'}"


def v14(room: Room) -> str:
    """odd 101×77 yuv444 → OK, size policy documented"""
    return _sized(room, (101, 77), (101, 77), set(), codec="ffv1", pixel_format="yuv444p")


def v15(room: Room) -> str:
    """odd FFV1 4:2:0 → OK by pad/crop"""
    return _sized(room, (101, 77), (102, 78), {"size-padded"}, codec="ffv1")


def v16(room: Room) -> str:
    """2×2 → OK passthrough"""
    return _sized(room, (2, 2), (2, 2), set(), codec="ffv1")


def v17(room: Room) -> str:
    """16×16 → OK"""
    return _sized(room, (16, 16), (16, 16), set(), codec="ffv1")


def v18(room: Room) -> str:
    """8192×4320, 1 frame → OK or limit REJ"""
    source = film(room.folder / "in.mp4", size=(8192, 4320), pts=(0,), options={"preset": "ultrafast"})
    room.swap(source, preset="ultrafast")
    info = probe(room.folder / "out.mp4")
    assert (info.width, info.height) == (8192, 4320)
    return "OK, 8192×4320"


def v19(room: Room) -> str:
    """SAR 4:3 → OK, SAR kept"""
    room.swap(film(room.folder / "in.mp4", sar=Fraction(4, 3)))
    with av.open(str(room.folder / "out.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
    return "OK, 4:3"


def v20(room: Room) -> str:
    """mid-stream resize (two TS joined) → OK or REJ, no crash"""
    one = film(room.folder / "one.ts", container="mpegts")
    two = film(room.folder / "two.ts", container="mpegts", size=(96, 64))
    both = room.folder / "in.ts"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    return room.refused(UnsupportedMedia, both, "size changes")


def v21(room: Room) -> str:
    """1 frame → OK"""
    return _same_times(room, film(room.folder / "in.mp4", pts=(0,)))


def v22(room: Room) -> str:
    """header only, 0 frames → REJ"""
    source = with_no_frames(room.folder / "in.mkv")
    room.refused(InputError, source)
    return room.command_refuses(source)
