"""A01 to A12: sound, subtitles, chapters, cover art."""

from __future__ import annotations

import hashlib
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from making import film, with_cover
from PIL import Image
from room import Room, codes

from films import packets, video_pts
from understudy.core.errors import InputError
from understudy.media.probe import probe

_TEXTS = ((0, 400, "Hello"), (500, 300, "Grüße ☂"))


def _digests(path: Path, kind: str) -> list[str]:
    """SHA-256 of each stream's packets."""
    return [
        hashlib.sha256(b"".join(data for _, data in stream)).hexdigest() for stream in packets(path, kind)
    ]


def _times(path: Path, kind: str) -> list[list[Fraction]]:
    return [[time for time, _ in stream] for stream in packets(path, kind)]


def _copied(room: Room, source: Path, name: str = "out.mp4") -> str:
    result = room.swap(source, name)
    out = room.folder / name
    assert not result.notices, result.notices
    assert _digests(out, "audio") == _digests(source, "audio")
    assert _times(out, "audio") == _times(source, "audio")
    assert video_pts(out) == video_pts(source)
    return f"OK, {len(_digests(out, 'audio'))} tracks of sound, bytes and times equal"


def a01(room: Room) -> str:
    """no audio → OK"""
    said = _copied(room, film(room.folder / "in.mp4"))
    with av.open(str(room.folder / "out.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    return said


def a02(room: Room) -> str:
    """two AAC tracks → OK, both kept"""
    said = _copied(room, film(room.folder / "in.mp4", audio=("aac", "aac")))
    assert [sound.language for sound in probe(room.folder / "out.mp4").audio] == ["eng", "deu"]
    return f"{said}, languages eng and deu"


def _longer_sound(path: Path) -> Path:
    """12 frames of picture, two seconds of sound."""
    short, long = film(path.with_name("short.mp4")), path.with_name("long.mp4")
    film(long, pts=range(48), audio=("aac",))
    with av.open(str(short)) as video, av.open(str(long)) as sound, av.open(str(path), "w") as out:
        streams = [
            out.add_stream_from_template(video.streams.video[0], opaque=True),
            out.add_stream_from_template(sound.streams.audio[0], opaque=True),
        ]
        for stream, given in zip(streams, (video.demux(video=0), sound.demux(audio=0)), strict=True):
            for packet in given:
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    return path


def a03(room: Room) -> str:
    """audio longer than video → OK"""
    source = _longer_sound(room.folder / "in.mp4")
    said = _copied(room, source)
    assert _times(source, "audio")[0][-1] > 3 * video_pts(source)[-1]
    return said


def a04(room: Room) -> str:
    """audio starts late → OK, offset kept"""
    source = film(room.folder / "in.mp4", pts=range(36), audio=("aac",), audio_start=0.75)
    said = _copied(room, source)
    first = _times(room.folder / "out.mp4", "audio")[0][0]
    assert first > Fraction(7, 10)
    return f"{said}, from {float(first):.3f} s"


def _silence(path: Path, codec: str, layout: str, kind: str = "s16") -> Path:
    """A film with a sound of many channels."""
    with av.open(str(film(path.with_name("plain.mp4")))) as plain, av.open(str(path), "w") as out:
        video = out.add_stream_from_template(plain.streams.video[0], opaque=True)
        sound = out.add_stream(codec, rate=48000, layout=layout)
        for packet in plain.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
        count = av.AudioLayout(layout).nb_channels
        for index in range(24):
            shape = (count, 1024) if kind.endswith("p") else (1, 1024 * count)
            frame = av.AudioFrame.from_ndarray(
                np.zeros(shape, np.int16 if kind == "s16" else np.float32), kind, layout
            )
            frame.sample_rate, frame.pts = 48000, 1024 * index
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    return path


def a05(room: Room) -> str:
    """PCM in MKV to MP4 → OK, transcode reported"""
    source = film(room.folder / "in.mkv", audio=("pcm_s16le",))
    result = room.swap(source)
    assert codes(result) == {"audio-transcoded"}
    out = room.folder / "out.mp4"
    assert [sound.codec for sound in probe(out).audio] == ["aac"]
    ends = [_times(path, "audio")[0][-1] for path in (source, out)]
    assert abs(ends[0] - ends[1]) < Fraction(1, 10)
    return "OK, aac, reported"


def a06(room: Room) -> str:
    """5.1 → OK, layout kept"""
    _copied(room, _silence(room.folder / "in.mp4", "aac", "5.1", "fltp"))
    room.swap(_silence(room.folder / "in.mkv", "pcm_s16le", "5.1"), "transcoded.mp4")
    for name in ("out.mp4", "transcoded.mp4"):
        with av.open(str(room.folder / name)) as container:
            assert container.streams.audio[0].codec_context.layout.name == "5.1"
    return "OK, 5.1 copied and transcoded"


def with_subtitles(path: Path, codec: str = "subrip") -> Path:
    with av.open(str(film(path.with_name("plain.mp4")))) as plain, av.open(str(path), "w") as out:
        video = out.add_stream_from_template(plain.streams.video[0], opaque=True)
        text = out.add_mux_stream(codec, time_base=Fraction(1, 1000))
        text.metadata["language"] = "deu"
        for packet in plain.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
        for start, duration, line in _TEXTS:
            data = line.encode()
            data = len(data).to_bytes(2, "big") + data if codec == "mov_text" else data
            packet = av.Packet(data)
            packet.stream, packet.time_base = text, Fraction(1, 1000)
            packet.pts = packet.dts = start
            packet.duration = duration
            out.mux(packet)
    return path


def _lines(path: Path) -> list[tuple[Fraction, bytes]]:
    """Times and bare text; an empty line only ends the one before it."""
    [stream] = packets(path, "subtitle")
    with av.open(str(path)) as container:
        framed = container.streams.subtitles[0].codec_context.name == "mov_text"
    plain = [(time, data[2:] if framed else data) for time, data in stream]
    return [(time, data) for time, data in plain if data]


def _subtitles(room: Room, source: Path, *names: str) -> str:
    wanted = [(Fraction(start, 1000), line.encode()) for start, _, line in _TEXTS]
    assert _lines(source) == wanted
    for name in names:
        result = room.swap(source, name)
        assert not result.notices, result.notices
        assert _lines(room.folder / name) == wanted
        with av.open(str(room.folder / name)) as container:
            assert container.streams.subtitles[0].metadata["language"] in ("deu", "ger")
    return f"OK, text and times kept in {' and '.join(names)}"


def a07(room: Room) -> str:
    """SRT in MKV → OK, kept or warned"""
    source = with_subtitles(room.folder / "in.mkv", "subrip")
    said = _subtitles(room, source, "out.mkv", "out.mp4")
    assert codes(room.swap(source, "web.webm")) == {"subtitles-dropped"}
    return f"{said}; warned in WebM"


def a08(room: Room) -> str:
    """mov_text → as A07"""
    return _subtitles(room, with_subtitles(room.folder / "in.mp4", "mov_text"), "out.mp4", "out.mov")


def _cover() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (32, 32), (250, 0, 0)).save(data, "JPEG")
    return data.getvalue()


def a09(room: Room) -> str:
    """audio + cover art only → REJ "no video" """
    source = room.folder / "in.m4a"
    with av.open(str(source), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48000, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with_cover(source, _cover())
    with av.open(str(source)) as container:
        assert {stream.type for stream in container.streams} == {"audio", "video"}
    room.refused(InputError, source, "no video")
    return room.command_refuses(source, "no video")


def a10(room: Room) -> str:
    """cover art before real video → OK, right stream"""
    source = with_cover(film(room.folder / "in.mp4"), _cover())
    with av.open(str(source)) as container:
        sizes = [(stream.codec_context.width, bool(stream.disposition)) for stream in container.streams.video]
    assert sizes[0][0] == 32, sizes
    result = room.swap(source)
    assert (result.frames, probe(room.folder / "out.mp4").width) == (12, 64)
    return f"OK, the film's 12 frames; notices {sorted(codes(result)) or 'none'}"


def with_chapters(path: Path) -> Path:
    """Two of a quarter of a second."""
    marks: list[dict[str, Any]] = [
        {
            "id": n,
            "start": 250 * n,
            "end": 250 * n + 250,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": t},
        }
        for n, t in enumerate(("One", "Zwei ☂"))
    ]
    with av.open(str(film(path.with_name("plain.mp4")))) as plain, av.open(str(path), "w") as out:
        video = out.add_stream_from_template(plain.streams.video[0], opaque=True)
        out.set_chapters(marks)
        for packet in plain.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
    return path


def a11(room: Room) -> str:
    """chapters → OK, kept"""
    source = with_chapters(room.folder / "in.mp4")
    for name in ("out.mp4", "out.mkv"):
        result = room.swap(source, name)
        assert not result.notices, result.notices
        with av.open(str(room.folder / name)) as container:
            found = [
                (c["start"] * c["time_base"], c["end"] * c["time_base"], c["metadata"]["title"])
                for c in container.chapters()
            ]
        assert found == [(Fraction(0), Fraction(1, 4), "One"), (Fraction(1, 4), Fraction(1, 2), "Zwei ☂")]
    return "OK, 2 chapters, times and titles equal in MP4 and Matroska"


def a12(room: Room) -> str:
    """data stream → OK, dropped with a note"""
    source = film(room.folder / "in.mov", metadata={"timecode": "01:00:00:00"})
    with av.open(str(source)) as container:
        assert [stream.type for stream in container.streams] == ["video", "data"]
    result = room.swap(source, "out.mov")
    assert not result.notices
    with av.open(str(room.folder / "out.mov")) as container:
        assert container.streams.video[0].metadata["timecode"] == "01:00:00:00"
    assert codes(room.swap(source, "out.mkv")) == {"stream-dropped"}
    return "OK, the timecode goes on in MOV, dropped with a note in Matroska"
