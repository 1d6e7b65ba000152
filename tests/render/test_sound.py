"""Sound that is copied, encoded again, replaced, made louder, or left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from render_fakes import TintBox, analyse

from films import make_film, packets, video_pts
from gates import passing
from signing import signing_key
from understudy.core.errors import InputError
from understudy.core.plan import Content, Look, ResolvedPlan, VideoOutput, VideoSource
from understudy.core.types import Result
from understudy.execution.local import LocalExecutor
from understudy.media.probe import probe
from understudy.media.sound import check_sound
from understudy.render.build import Cast, Limits
from understudy.render.steps import Work

RATE = 48_000


def render(
    source: Path, out: Path, sound: Path | None = None, trim: Any = (None, None), **output: Any
) -> Result:
    """Through segments and their join, with a fake engine."""
    content = Content(sha256="0" * 64, size=1, media_type="video/mp4")
    plan = ResolvedPlan(
        target=content,
        source=VideoSource(path=source, trim_start=trim[0], trim_end=trim[1]),
        look=Look(),
        models=(),
        output=VideoOutput(**output),
        software="test",
    )
    executor = LocalExecutor(Limits(out.parent / "renders", Fraction(1, 2)))
    *_, last = executor.run(
        plan, source, out, Cast(analyse, Work(TintBox(), [None]), passing(), signing_key()), sound
    )
    assert last.result is not None
    return last.result


def recording(path: Path, codec: str, seconds: float, hertz: int = 997, **options: Any) -> Path:
    """A steady tone at -12 dB of full scale."""
    with av.open(str(path), "w", **options) as out:
        stream = out.add_stream(codec, rate=RATE, layout="stereo")
        for frame in tone(seconds, hertz):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def tone(seconds: float, hertz: int) -> Iterable[av.AudioFrame]:
    times = np.arange(int(seconds * RATE)) / RATE
    wave = (0.25 * np.sin(2 * np.pi * hertz * times) * 32767).astype(np.int16)
    for begin in range(0, len(wave), 1024):
        block = np.repeat(wave[begin : begin + 1024], 2)[None]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
        yield frame


def heard(path: Path) -> tuple[Fraction, NDArray[np.float64]]:
    """When the sound begins in seconds, and its left channel, 1 at full scale."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    samples = []
    for frame in frames:
        values = frame.to_ndarray()
        left = values[0] if frame.format.is_planar else values.reshape(-1, len(frame.layout.channels))[:, 0]
        samples.append(left / (32768 if left.dtype == np.int16 else 2**31 if left.dtype == np.int32 else 1))
    return frames[0].pts * frames[0].time_base, np.concatenate(samples).astype(np.float64)


def decibels(samples: NDArray[np.float64]) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples**2)) * np.sqrt(2)))


def codes(result: Result) -> list[str]:
    return [notice.code for notice in result.notices]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two seconds with two tracks."""
    return make_film(tmp_path / "in.mkv", pts=range(48), audio=("flac", "flac"))


def test_copied_unless_something_is_said(film: Path, tmp_path: Path) -> None:
    assert not codes(render(film, tmp_path / "out.mkv"))
    assert packets(tmp_path / "out.mkv", "audio") == packets(film, "audio")


def test_transcoded_when_asked(film: Path, tmp_path: Path) -> None:
    result = render(film, tmp_path / "out.mkv", audio="transcode")
    assert codes(result) == ["audio-transcoded"] * 2
    assert [sound.codec for sound in probe(tmp_path / "out.mkv").audio] == ["aac", "aac"]
    assert [sound.language for sound in probe(tmp_path / "out.mkv").audio] == ["eng", "deu"]


@pytest.mark.parametrize("options", [{"audio": "none"}, {"skip_audio": True}])
def test_none(film: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    assert not codes(render(film, tmp_path / "out.mkv", **options))
    assert not probe(tmp_path / "out.mkv").audio


@pytest.mark.parametrize("volume", [0.25, 1.0, 2.0])
def test_volume(tmp_path: Path, volume: float) -> None:
    source = make_film(tmp_path / "silent.mkv", pts=range(24))
    given = recording(tmp_path / "tone.wav", "pcm_s16le", 1)
    result = render(source, tmp_path / "out.mkv", given, audio=given, audio_volume=volume)
    assert codes(result) == ([] if volume == 1 else ["audio-transcoded"])
    _, samples = heard(tmp_path / "out.mkv")
    before, after = decibels(heard(given)[1]), decibels(samples[4800:-4800])
    assert abs(after - before - 20 * np.log10(volume)) < 0.3


@pytest.mark.parametrize(("name", "codec"), [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.mp3", "mp3")])
def test_a_file_replaces_it_from_the_first_picture_to_the_last(tmp_path: Path, name: str, codec: str) -> None:
    # The film's own clock begins at 10 s, and its sound half a second after the picture.
    times = [10_000 + 40 * index for index in range(50)]
    source = make_film(
        tmp_path / "in.mkv", pts=times, time_base=Fraction(1, 1000), audio=("flac",), audio_start=10.5
    )
    given = recording(tmp_path / name, codec, 5)
    render(source, tmp_path / "out.mkv", given, audio=given)
    [copied], [original] = packets(tmp_path / "out.mkv", "audio"), packets(given, "audio")
    [first, *_, last] = video_pts(tmp_path / "out.mkv")
    with av.open(str(given)) as container:
        begins = Fraction(container.start_time or 0, 1_000_000)
    expected = [(time - begins, data) for time, data in original if time - begins < Fraction(2)]
    assert [data for _, data in copied] == [data for _, data in expected]
    near = Fraction(2, 1000)  # Matroska counts milliseconds
    assert all(
        abs(time - first - wanted) < near for (time, _), (wanted, _) in zip(copied, expected, strict=True)
    )
    assert copied[-1][0] < last + Fraction(40, 1000)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_short_file_and_a_trim(tmp_path: Path, suffix: str) -> None:
    source = make_film(tmp_path / "in.mp4", pts=range(72), audio=("aac",))
    given = recording(tmp_path / "tone.m4a", "aac", 0.5)
    render(source, tmp_path / f"out{suffix}", given, trim=(1, 2.5), audio=given)
    assert len(video_pts(tmp_path / f"out{suffix}")) == 36
    begin, samples = heard(tmp_path / f"out{suffix}")
    [own], [copied] = packets(given, "audio"), packets(tmp_path / f"out{suffix}", "audio")
    assert copied == own
    assert begin == heard(given)[0]
    assert abs(decibels(samples[4800:19200]) + 12) < 0.5


def test_subtitles_and_chapters_stay_when_sound_is_replaced(tmp_path: Path, film: Path) -> None:
    given = recording(tmp_path / "tone.wav", "pcm_s16le", 2)
    with_text = tmp_path / "text.mkv"
    with av.open(str(film)) as source, av.open(str(with_text), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        text = out.add_mux_stream("subrip", time_base=Fraction(1, 1000))
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream_index]
                out.mux(packet)
        line: Any = av.Packet(b"Hello")
        line.pts = line.dts = 500
        line.duration, line.time_base, line.stream = 800, Fraction(1, 1000), text
        out.mux(line)
        out.set_chapters([{"id": 0, "start": 0, "end": 1000, "time_base": Fraction(1, 1000), "metadata": {}}])
    render(with_text, tmp_path / "out.mkv", given, audio=given)
    assert packets(tmp_path / "out.mkv", "subtitle") == packets(with_text, "subtitle")
    assert [sound.codec for sound in probe(tmp_path / "out.mkv").audio] == ["pcm_s16le"]
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert len(container.chapters()) == 1


def test_an_animation_gets_sound(tmp_path: Path) -> None:
    from PIL import Image

    pages = [Image.new("RGB", (96, 64), (40 * index, 90, 120)) for index in range(5)]
    pages[0].save(tmp_path / "in.gif", save_all=True, append_images=pages[1:], duration=100)
    given = recording(tmp_path / "tone.m4a", "aac", 3)
    render(tmp_path / "in.gif", tmp_path / "out.mp4", given, audio=given)
    [copied] = packets(tmp_path / "out.mp4", "audio")
    assert 0.4 < copied[-1][0] < 0.5


def made(folder: Path) -> Iterator[Path]:
    yield make_film(folder / "silent.mp4")
    (folder / "text.wav").write_text("no sound at all")
    yield folder / "text.wav"
    # A list that names other files must not be obeyed.
    (folder / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    yield folder / "list.m3u8"
    yield folder / "nowhere.wav"


def test_what_has_no_sound_is_refused(tmp_path: Path) -> None:
    for path in made(tmp_path):
        with pytest.raises(InputError) as caught:
            check_sound(path)
        assert caught.value.path == str(path)
