"""Films: the result is the source, but for the frames that were changed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from films import make_film, packets, pictures, scene, video_pts
from gates import allowed
from understudy.core.errors import EncoderError, InputError, PlanError, UnsupportedMedia
from understudy.core.types import Notice, Region
from understudy.media import encoders
from understudy.media.encoders import ENCODERS, choose_encoder, container_of
from understudy.media.frame import Frame
from understudy.media.hardware import working
from understudy.media.orientation import orientation_of_matrix
from understudy.media.probe import probe, sniff_kind
from understudy.media.read import VideoReader
from understudy.media.resample import as_rate, resampled
from understudy.media.sound import Sound
from understudy.media.write import VideoWriter

VFR = (0, 3000, 6003, 7000, 13000, 13001, 20011, 29000, 29090, 40000)
MATRICES = {  # EXIF number: display matrix
    1: (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30),
    2: (-65536, 0, 0, 0, 65536, 0, 160 << 16, 0, 1 << 30),
    3: (-65536, 0, 0, 0, -65536, 0, 160 << 16, 120 << 16, 1 << 30),
    4: (65536, 0, 0, 0, -65536, 0, 0, 120 << 16, 1 << 30),
    5: (0, 65536, 0, 65536, 0, 0, 0, 0, 1 << 30),
    6: (0, 65536, 0, -65536, 0, 0, 120 << 16, 0, 1 << 30),
    7: (0, -65536, 0, -65536, 0, 0, 120 << 16, 160 << 16, 1 << 30),
    8: (0, -65536, 0, 65536, 0, 0, 0, 160 << 16, 1 << 30),
}


def transcode(
    source: Path,
    out: Path,
    *,
    encoder: str = "auto",
    trim: tuple[Fraction | None, Fraction | None] = (None, None),
    fps: float | None = None,
    audio: bool = True,
    change: Callable[[Frame], None] | None = None,
    crf: float | None = None,
) -> tuple[Notice, ...]:
    reader = VideoReader(source, trim_start=trim[0], trim_end=trim[1])
    encoding = choose_encoder(encoder, reader.info, container_of(out), crf=crf)
    rate = as_rate(fps) if fps else None
    writer = VideoWriter(
        out, reader.info, encoding, allowed(), rate=rate, sound=Sound(kept=audio), window=reader.window
    )
    try:
        for frame in resampled(reader, rate) if rate else reader:
            if change is not None:
                change(frame)
            writer.write(frame)
        writer.finish()
    finally:
        writer.abort()
    return (*reader.notices, *writer.notices)


@pytest.mark.parametrize("encoder", ["libx264", "libx265", "libsvtav1", "libvpx-vp9"])
@pytest.mark.parametrize("pts", [VFR, (0,), (0, 1501), (900_000, 903_003, 909_009)])
def test_times_are_kept_exactly(tmp_path: Path, encoder: str, pts: tuple[int, ...]) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    make_film(source, pts=pts, time_base=Fraction(1, 90000))
    expected = video_pts(source)
    assert expected == [Fraction(time, 90000) for time in pts]
    transcode(source, out, encoder=encoder)
    assert video_pts(out) == expected
    with av.open(str(out)) as container:
        assert container.streams.video[0].time_base == Fraction(1, 90000)


@pytest.mark.parametrize("base", [Fraction(1, 24), Fraction(1001, 30000), Fraction(1, 240), Fraction(2)])
def test_time_bases(tmp_path: Path, base: Fraction) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    make_film(source, pts=range(12), time_base=base)
    transcode(source, out)
    assert video_pts(out) == video_pts(source) == [index * base for index in range(12)]


def test_matroska_keeps_milliseconds(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    make_film(source, pts=(0, 17, 50, 51, 300), time_base=Fraction(1, 1000))
    transcode(source, out)
    assert video_pts(out) == video_pts(source)


def test_a_bare_stream_has_assumed_times(tmp_path: Path) -> None:
    source = tmp_path / "in.h264"
    make_film(source, container="h264", options={"bf": "0"})
    notices = transcode(source, tmp_path / "out.mp4")
    assert [notice.code for notice in notices] == ["times-assumed"]
    times = video_pts(tmp_path / "out.mp4")
    assert len(times) == 24
    assert len({b - a for a, b in itertools.pairwise(times)}) == 1


@pytest.mark.parametrize("number", MATRICES)
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_rotation_is_seen_and_passed_on_once(tmp_path: Path, number: int, suffix: str) -> None:
    matrix = MATRICES[number]
    assert orientation_of_matrix(matrix) == number
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    make_film(source, pts=range(3), matrix=matrix)
    info = probe(source)
    assert info.orientation == number
    assert (info.width, info.height) == ((120, 160) if number >= 5 else (160, 120))
    seen = next(iter(VideoReader(source))).bgr()
    assert seen.shape[:2] == (info.height, info.width)

    transcode(source, out)
    again = probe(out)
    if number > 1:
        assert again.display_matrix == info.display_matrix
    assert (again.stored_width, again.stored_height) == (160, 120)
    assert np.abs(next(iter(VideoReader(out))).bgr().astype(int) - seen).mean() < 3


@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (1, 5, 5, 6), (2, 1, 1, 1), (1, 9, 9, 16)])
@pytest.mark.parametrize("encoder", ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1", "prores_ks"])
def test_colour_tags_are_kept_and_levels_do_not_shift(
    tmp_path: Path, encoder: str, tags: tuple[int, int, int, int]
) -> None:
    source = tmp_path / "in.mp4"
    out = tmp_path / ("out.mov" if encoder == "prores_ks" else "out.mkv")
    make_film(source, pts=range(3), pixel_format="yuvj420p" if tags[0] == 2 else "yuv420p", tags=tags)
    transcode(source, out, encoder=encoder)
    before, after = probe(source), probe(out)
    wanted = dict(before.color)
    if encoder == "prores_ks":  # its container says the matrix and so on, but never the range
        wanted.pop("range")
        wanted["space"] = wanted["space"].replace("bt470bg", "smpte170m")  # the same matrix
    assert wanted.items() <= after.color.items()
    a, b = (next(iter(VideoReader(path))).bgr().astype(int) for path in (source, out))
    if not (encoder == "prores_ks" and tags[0] == 2):
        assert abs((a - b).mean()) < 0.5
        assert np.abs(a - b).mean() < 3


def test_untagged_stays_untagged(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    make_film(source, pts=range(2), tags=(0, 2, 2, 2))
    transcode(source, out)
    assert probe(out).color.get("space") is None


@pytest.mark.parametrize(
    ("encoder", "pixel_format", "expected"),
    [
        ("libx264", "yuv420p10le", "yuv420p10le"),
        ("libx265", "yuv422p10le", "yuv422p10le"),
        ("libsvtav1", "yuv420p10le", "yuv420p10le"),
        ("ffv1", "yuv444p16le", "yuv444p16le"),
        ("ffv1", "gray", "gray"),
    ],
)
def test_depth_is_kept(tmp_path: Path, encoder: str, pixel_format: str, expected: str) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    make_film(source, pts=range(2), codec="ffv1", pixel_format=pixel_format)
    notices = transcode(source, out, encoder=encoder)
    assert probe(out).pixel_format == expected
    assert not notices


def test_what_an_encoder_cannot_hold_is_reported(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    make_film(source, pts=range(2), codec="ffv1", pixel_format="yuva444p10le")
    notices = transcode(source, tmp_path / "out.mp4", encoder="libsvtav1")
    assert {notice.code for notice in notices} == {"alpha-dropped", "chroma-reduced"}


def test_transparency_that_the_decoder_drops_is_reported(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.webm", pts=range(2), codec="libvpx-vp9", pixel_format="yuva420p")
    assert [notice.code for notice in transcode(source, tmp_path / "out.mp4")] == ["alpha-dropped"]


@pytest.mark.parametrize("pixel_format", ["yuyv422", "rgb24", "bgr0", "gray10le", "rgb48le", "ya8", "nv12"])
def test_other_pixel_formats(tmp_path: Path, pixel_format: str) -> None:
    raw = av.VideoFrame.from_ndarray(scene(0), format="bgr24").reformat(format=pixel_format)
    source = tmp_path / "in.nut"
    with av.open(str(source), "w") as out:
        stream = out.add_stream("rawvideo", rate=24)
        stream.codec_context.width, stream.codec_context.height = 160, 120
        stream.codec_context.pix_fmt = pixel_format
        raw.pts = 0
        out.mux(stream.encode(raw))
        out.mux(stream.encode(None))
    theirs = raw.reformat(format="bgr24").to_ndarray()
    assert np.abs(next(iter(VideoReader(source))).bgr().astype(int) - theirs).mean() < 3
    transcode(source, tmp_path / "out.mp4", crf=10)
    assert np.abs(pictures(tmp_path / "out.mp4")[0].astype(int) - theirs).mean() < 5


@pytest.mark.parametrize("size", [(101, 77), (101, 78), (2, 2), (16, 16)])
@pytest.mark.parametrize("encoder", ["libx264", "libx265", "ffv1", "libvpx-vp9"])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int], encoder: str) -> None:
    if encoder == "libx265" and size == (2, 2):
        pytest.skip("x265 has a minimum size")
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    make_film(source, pts=range(2), codec="ffv1", size=size)
    notices = transcode(source, out, encoder=encoder)
    info = probe(out)
    even = encoder in ("libx264", "libx265")
    assert (info.width, info.height) == (tuple(side + side % 2 for side in size) if even else size)
    padded = (info.width, info.height) != size
    assert [notice.code for notice in notices] == (["size-padded"] if padded else [])


def test_sample_aspect_and_metadata_and_chapters(tmp_path: Path) -> None:
    plain, source, out = tmp_path / "plain.mp4", tmp_path / "in.mp4", tmp_path / "out.mp4"
    make_film(plain, sar=Fraction(4, 3), metadata={"title": "Ada", "location": "+52.5+13.4/"})
    with av.open(str(plain)) as given, av.open(str(source), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0], opaque=True)
        made.metadata.update({"title": "Ada", "location": "+52.5+13.4/"})
        chapter = {
            "id": 1,
            "start": 0,
            "end": 500,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": "One"},
        }
        made.set_chapters([chapter])
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = stream
                made.mux(packet)
    notices = transcode(source, out)
    assert probe(out).sample_aspect_ratio == Fraction(4, 3)
    with av.open(str(out)) as container:
        assert container.metadata["title"] == "Ada"
        assert not any("location" in key for key in container.metadata)
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["One"]
    assert [notice.code for notice in notices] == ["position-dropped"]


@pytest.mark.parametrize(
    ("suffix", "codecs"), [(".mp4", ("aac", "aac")), (".mkv", ("libopus", "flac")), (".mov", ("aac",))]
)
def test_sound_is_copied_bit_for_bit(tmp_path: Path, suffix: str, codecs: tuple[str, ...]) -> None:
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    make_film(source, audio=codecs, audio_start=0.25, pts=range(36))
    notices = transcode(source, out)
    assert not notices
    assert packets(out, "audio") == packets(source, "audio")
    assert [sound.codec for sound in probe(out).audio] == [sound.codec for sound in probe(source).audio]
    assert [sound.language for sound in probe(out).audio] == ["eng", "deu"][: len(codecs)]


def test_transport_stream_sound_goes_into_mp4(tmp_path: Path) -> None:
    source, out = tmp_path / "in.ts", tmp_path / "out.mp4"
    make_film(source, audio=("aac",), container="mpegts")
    notices = transcode(source, out)
    assert not notices
    times, copied = video_pts(out), packets(out, "audio")[0]
    assert times == video_pts(source)
    original = packets(source, "audio")[0]
    assert abs((copied[0][0] - times[0]) - (original[0][0] - times[0])) < Fraction(1, 1000)
    assert len(copied) == len(original)


def test_sound_that_does_not_fit_is_transcoded_and_reported(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mp4"
    make_film(source, audio=("pcm_s16le",), pts=range(48))
    notices = transcode(source, out)
    assert [notice.code for notice in notices] == ["audio-transcoded"]
    assert [sound.codec for sound in probe(out).audio] == ["aac"]
    with av.open(str(out)) as container:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    peak = np.argmax(np.abs(np.fft.rfft(heard[:48000]))) * 48000 / 48000
    assert abs(peak - 330) < 3
    webm = tmp_path / "out.webm"
    transcode(source, webm)
    assert [sound.codec for sound in probe(webm).audio] in (["opus"], ["libopus"])


def test_sound_can_be_left_out(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    make_film(source, audio=("aac",))
    transcode(source, out, audio=False)
    assert not probe(out).audio


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_trim_keeps_sound_in_step(tmp_path: Path, suffix: str) -> None:
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    make_film(source, audio=("aac",), pts=range(24 * 15), options={"g": "48"})
    start, end = Fraction(25, 2), Fraction(14)
    transcode(source, out, trim=(start, end))
    near = Fraction(1, 500)
    kept = [time for time in video_pts(source) if start <= time < end]
    times = video_pts(out)
    assert len(times) == len(kept) == 36
    assert all(abs((time - kept[0]) - new) <= near for time, new in zip(kept, times, strict=True))
    heard, original = (
        packets(out, "audio")[0],
        {data: time for time, data in packets(source, "audio")[0]},
    )
    assert len(heard) > 60
    assert all(abs(original[data] - kept[0] - time) <= near for time, data in heard)


def test_trim_outside_the_film(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mp4")
    with pytest.raises(InputError, match="between the trims"):
        list(VideoReader(source, trim_start=Fraction(50)))


@pytest.mark.parametrize(("fps", "count"), [(12, 12), (48, 48), (25, 25), (29.97, 30)])
def test_another_rate_keeps_the_duration(tmp_path: Path, fps: float, count: int) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    make_film(source, audio=("aac",))
    transcode(source, out, fps=fps)
    times = video_pts(out)
    assert times == [index / as_rate(fps) for index in range(count)]
    before = pictures(source)
    for index, picture in list(enumerate(pictures(out)))[::5]:
        shown = int(times[index] * 24)
        errors = [np.abs(picture.astype(int) - candidate).mean() for candidate in before]
        assert abs(int(np.argmin(errors)) - shown) <= 1


def test_rates_that_people_mean() -> None:
    assert as_rate(29.97) == Fraction(30000, 1001)
    assert as_rate(23.976) == Fraction(24000, 1001)
    assert as_rate(25) == 25
    assert as_rate(12.5) == Fraction(25, 2)


def test_only_the_mask_changes_and_the_decoder_is_not_disturbed(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / "out.mkv"
    make_film(source, options={"bf": "3", "g": "250"})
    original = [[plane.copy() for plane in frame.planes] for frame in VideoReader(source)]
    mask = np.full((20, 20), 255, np.uint8)

    def paint(frame: Frame) -> None:
        frame.blend(Region(60, 40, 20, 20), np.zeros((20, 20, 3), np.uint8), mask)

    transcode(source, out, encoder="ffv1", change=paint)
    for before, frame in zip(original, VideoReader(out), strict=True):
        for plane, old in zip(frame.planes, before, strict=True):
            scale = 160 // plane.shape[1]
            changed = plane != old
            assert changed.any()
            changed[40 // scale : 60 // scale, 60 // scale : 80 // scale] = False
            assert not changed.any()


def test_damaged_packets_are_counted(tmp_path: Path) -> None:
    source = make_film(tmp_path / "in.mp4", pts=range(60), options={"g": "10"})
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    for position, size in places[12:40:3]:
        data[position + 4 : position + size // 2] = bytes(
            b ^ 0xFF for b in data[position + 4 : position + size // 2]
        )
    source.write_bytes(bytes(data))
    reader = VideoReader(source)
    assert len(list(reader)) > 30
    assert {notice.code for notice in reader.notices} & {"damaged-packets", "damaged-frames"}


def test_cut_off_matroska_gives_what_there_is(tmp_path: Path) -> None:
    source = make_film(
        tmp_path / "in.mkv", pts=[index * 42 for index in range(48)], time_base=Fraction(1, 1000)
    )
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 2 // 3])
    notices = transcode(source, tmp_path / "out.mp4")
    assert 5 < len(video_pts(tmp_path / "out.mp4")) < 48
    assert len(notices) <= 2


def _playlist(folder: Path) -> bytes:
    make_film(folder / "other.mp4")
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{folder / 'other.mp4'}\n#EXT-X-ENDLIST\n".encode()


BAD: dict[str, Callable[[Path], bytes]] = {
    "empty.mp4": lambda _: b"",
    "one.mp4": lambda _: b"x",
    "text.mp4": lambda _: b"just some text, no film at all\n" * 20,
    "cut.mp4": lambda folder: make_film(folder / "whole.mp4").read_bytes()[:3000],
    "list.m3u8": _playlist,
    "concat.mp4": lambda _: b"ffconcat version 1.0\nfile other.mp4\n",
    "session.mp4": lambda _: (
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    ),
    "dash.mp4": lambda _: b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "page.mp4": lambda _: b"<!DOCTYPE html><html></html>",
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", BAD)
def test_bad_films_are_refused(tmp_path: Path, name: str) -> None:
    content = BAD[name](tmp_path)
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        probe(path)
    assert caught.value.path == str(path)


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "in.m4a"
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48000, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(InputError, match="no video"):
        sniff_kind(path)


def test_header_without_frames(tmp_path: Path) -> None:
    path = tmp_path / "in.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.codec_context.width, stream.codec_context.height = 64, 64
        stream.codec_context.pix_fmt = "yuv420p"
        out.start_encoding()
    with pytest.raises(InputError):
        probe(path)


def test_size_that_changes_is_refused(tmp_path: Path) -> None:
    one = make_film(tmp_path / "a.ts", container="mpegts")
    two = make_film(tmp_path / "b.ts", container="mpegts", size=(320, 240))
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    with pytest.raises(UnsupportedMedia, match="size changes"):
        list(VideoReader(both))


def test_joined_transport_streams_go_on(tmp_path: Path) -> None:
    one = make_film(tmp_path / "a.ts", container="mpegts", audio=("aac",))
    both, out = tmp_path / "both.ts", tmp_path / "out.mp4"
    both.write_bytes(one.read_bytes() * 2)
    transcode(both, out)
    times = video_pts(out)
    assert len(times) >= 46
    assert times == sorted(set(times))
    heard = [time for time, _ in packets(out, "audio")[0]]
    assert heard == sorted(set(heard))
    assert len(heard) == 2 * len(packets(one, "audio")[0])
    assert abs((times[-1] - times[0]) - (heard[-1] - heard[0])) < 0.3


@pytest.mark.parametrize(
    "name", ["-x.mp4", "a:b.mp4", "pc%04d.mp4", "[1]{2}*.mp4", "n\new.mp4", "q'\".mp4", "x" * 250 + ".mp4"]
)
def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    source = make_film(tmp_path / name, pts=range(2))
    out = Path(f"o{name[1:]}") if len(name) < 200 else Path("y" * 250 + ".mp4")
    transcode(Path(name), out)
    assert len(video_pts(tmp_path / out)) == 2
    assert source.exists()


def test_encoder_errors(tmp_path: Path) -> None:
    info = probe(make_film(tmp_path / "in.mp4", pts=range(2)))
    with pytest.raises(EncoderError, match="no known encoder"):
        choose_encoder("h264_magic", info, "mp4")
    with pytest.raises(EncoderError, match="does not fit"):
        choose_encoder("prores_ks", info, "mp4")
    with pytest.raises(PlanError, match="no preset"):
        choose_encoder("libx264", info, "mp4", preset="warp")
    with pytest.raises(PlanError, match="no crf"):
        choose_encoder("ffv1", info, "matroska", crf=3)
    with pytest.raises(PlanError, match="names no film format"):
        container_of(Path("out.xyz"))


@pytest.mark.parametrize("name", [name for name, row in ENCODERS.items() if row.crf])
def test_more_quality_is_never_coarser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name not in av.codecs_available:
        pytest.skip(f"{name} is not in this build of FFmpeg")
    monkeypatch.setattr(encoders, "working", lambda *_: True)
    info = probe(make_film(tmp_path / "in.mp4", pts=range(2)))
    option = ENCODERS[name].quality_options[0]
    coarse_first = "videotoolbox" in name
    values = [
        float(choose_encoder(name, info, "matroska", quality=q).options[option]) for q in (0, 50, 70, 100)
    ]
    assert values == sorted(values, reverse=not coarse_first)
    assert float(choose_encoder(name, info, "matroska").options[option]) == values[2]


def test_auto_takes_hardware_only_when_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = probe(make_film(tmp_path / "in.mp4", pts=range(2), size=(320, 240)))
    deep = probe(
        make_film(
            tmp_path / "in.mkv", pts=range(2), size=(320, 240), codec="ffv1", pixel_format="yuv420p10le"
        )
    )
    tried: list[str] = []

    def only_qsv(name: str, pixel_format: str) -> bool:
        tried.append(name)
        return (name, pixel_format) == ("h264_qsv", "nv12")

    monkeypatch.setattr(encoders, "working", only_qsv)
    chosen = choose_encoder("auto", plain, "mp4", quality=70)
    assert (chosen.codec, chosen.pixel_format) == ("h264_qsv", "nv12")
    assert tried[0] == "h264_nvenc"
    assert choose_encoder("auto", deep, "mp4").codec == "libx264"  # loses nothing
    monkeypatch.setattr(encoders, "working", lambda *_: False)
    assert choose_encoder("auto", plain, "mp4").codec == "libx264"
    with pytest.raises(EncoderError, match="does not work on this machine"):
        choose_encoder("h264_nvenc", plain, "mp4")


def test_trying_an_encoder() -> None:
    assert working("libx264", "yuv420p")
    assert not working("libx264", "rgba")
    assert not working("h264_magic", "yuv420p")
