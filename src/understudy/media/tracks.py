"""What goes along with the picture: sound and subtitles, copied bit for bit where they fit."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream

from understudy.core.types import Notice
from understudy.media.container import open_film

__all__ = ["Tracks", "clean_metadata"]

# What players expect to find in each container; Matroska takes whatever FFmpeg says it takes.
_COPIED: Mapping[str, frozenset[str]] = {
    "mp4": frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "flac", "dca", "mov_text"}),
    "mov": frozenset({"aac", "mp3", "ac3", "eac3", "alac", "mov_text"}),
    "webm": frozenset({"opus", "vorbis", "webvtt"}),
}
_ENCODERS = {"mp4": "aac", "mov": "aac", "matroska": "aac", "webm": "libopus"}
_BITS_PER_CHANNEL = 96_000
_LAYOUTS = ("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1")
# The muxer's own description of the old file, and where it was filmed (three spellings).
_DROPPED_METADATA = frozenset(
    {
        *("major_brand", "minor_version", "compatible_brands", "encoder", "duration"),
        *("location", "location-eng", "com.apple.quicktime.location.iso6709"),
    }
)


def clean_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata worth carrying over: not the old file's structure, and not its position."""
    return {key: value for key, value in metadata.items() if key.lower() not in _DROPPED_METADATA}


class Tracks:
    """Carries the other streams of a film into a new container, in step with the picture.

    Args:
        source: The film.
        out: The new container, before its header is written.
        container: FFmpeg's name of its kind.
        start, end: Seconds on the source's clock; packets outside are left out.
        shift: Seconds to take off every time.
        audio: Whether sound is wanted.
    """

    def __init__(
        self,
        source: Path,
        out: OutputContainer,
        container: str,
        *,
        start: Fraction | None,
        end: Fraction | None,
        shift: Fraction,
        audio: bool,
    ) -> None:
        self._notices: list[Notice] = []
        self._input = open_film(source)
        self._out = out
        self._container = container
        self._start, self._end = start, end
        self._routes: dict[int, _Route] = {}
        for stream in self._input.streams:
            route = self._route(stream, shift) if audio or stream.type != "audio" else None
            if route is not None:
                self._routes[stream.index] = route
        self._damaged = False
        self._packets = self._demux()
        self._held: Packet[Any] | None = next(self._packets, None)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was transcoded or left out."""
        return tuple(self._notices)

    @property
    def time_bases(self) -> list[Fraction]:
        """Of the streams that are carried."""
        return [self._input.streams[index].time_base or Fraction(1) for index in self._routes]

    def advance(self, until: Fraction | None) -> None:
        """Write what plays up to a time on the source's clock; None writes the rest and flushes."""
        while self._held is not None and (until is None or _time(self._held) <= until):
            self._mux(self._routes[self._held.stream_index], self._held)
            self._held = next(self._packets, None)
        if until is None:
            for route in self._routes.values():
                self._mux(route, None)

    def close(self) -> None:
        """Close the source."""
        self._packets.close()
        self._input.close()

    def _mux(self, route: _Route, packet: Packet[Any] | None) -> None:
        try:
            self._out.mux(route.packets(packet))
        except (av.InvalidDataError, av.PatchWelcomeError):
            if not self._damaged:
                self._notices.append(Notice("sound-damaged", "Damaged parts of the sound were left out."))
            self._damaged = True

    def _demux(self) -> Generator[Packet[Any], None, None]:
        streams = [self._input.streams[index] for index in self._routes]
        if not streams:
            return
        if self._start is not None:
            # Seeking may overshoot in some containers; a margin costs little for these streams.
            self._input.seek(max(int((self._start - 10) * av.time_base), 0))
        try:
            for packet in self._input.demux(streams):
                if packet.size == 0 or packet.pts is None:
                    continue
                time = _time(packet)
                if self._end is not None and time >= self._end + 5:
                    return
                before = self._start is not None and time < self._start
                if not before and (self._end is None or time < self._end):
                    yield packet
        except av.FFmpegError:
            self._notices.append(
                Notice("sound-cut-off", "The sound is cut off; what could be read was used.")
            )

    def _route(self, stream: Stream, shift: Fraction) -> _Route | None:
        if stream.type not in ("audio", "subtitle"):
            if stream.type != "video":
                self._notices.append(Notice("stream-dropped", f"A stream of {stream.type} was left out."))
            return None
        if stream.codec_context is None:
            self._notices.append(
                Notice("stream-dropped", f"The codec of a stream of {stream.type} is unknown.")
            )
            return None
        codec = stream.codec_context.name
        if isinstance(stream, AudioStream) and not (
            stream.codec_context.sample_rate and stream.codec_context.channels
        ):
            self._notices.append(
                Notice("audio-dropped", f"The header of a sound of kind {codec} is damaged.")
            )
            return None
        if self._fits(codec):
            try:
                copy = self._out.add_stream_from_template(stream, opaque=True)
                _describe(copy, stream)
                bare = self._is_quicktime and codec == "aac" and not stream.codec_context.extradata
                return _FramedAac(stream, copy, shift) if bare else _Copy(stream, copy, shift)
            except (ValueError, av.FFmpegError):
                pass  # this container refuses it after all
        if isinstance(stream, AudioStream):
            return self._transcoded(stream, codec, shift)
        if isinstance(stream, SubtitleStream) and codec in ("subrip", "srt", "text") and self._is_quicktime:
            timed = self._out.add_mux_stream("mov_text", time_base=stream.time_base)
            _describe(timed, stream)
            return _TimedText(stream, timed, shift)
        self._notices.append(
            Notice("subtitles-dropped", f"Subtitles of kind {codec} do not fit into {self._container}.")
        )
        return None

    @property
    def _is_quicktime(self) -> bool:
        return self._container in ("mp4", "mov")

    def _fits(self, codec: str) -> bool:
        if self._container == "mov" and codec.startswith("pcm_"):
            return True
        kinds = _COPIED.get(self._container)
        return kinds is None or codec in kinds

    def _transcoded(self, stream: AudioStream, codec: str, shift: Fraction) -> _Route | None:
        encoder = _ENCODERS[self._container]
        rate = 48_000 if encoder == "libopus" else min(stream.codec_context.sample_rate, 96_000)
        channels = stream.codec_context.channels
        layout = stream.codec_context.layout.name
        if channels == 0 or channels > 8:
            self._notices.append(Notice("audio-dropped", f"Sound of kind {codec} could not be kept."))
            return None
        new = self._out.add_stream(encoder, rate=rate)
        assert isinstance(new, AudioStream)
        # PCM often does not say what its channels are.
        new.codec_context.layout = layout if "channel" not in layout else _LAYOUTS[channels - 1]
        new.codec_context.bit_rate = _BITS_PER_CHANNEL * channels
        new.codec_context.time_base = Fraction(1, rate)
        _describe(new, stream)
        self._notices.append(
            Notice(
                "audio-transcoded",
                f"Sound of kind {codec} does not fit into {self._container}; now {encoder}.",
            )
        )
        return _Transcode(stream, new, shift)


class _Route(Protocol):
    """Turns a packet of the source into packets for the new container; None flushes."""

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]: ...


class _Copy:
    def __init__(self, source: Stream, out: Stream, shift: Fraction) -> None:
        self._out = out
        self._shift = round(shift / (source.time_base or 1))
        self._last: int | None = None

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]:
        if packet is None or packet.pts is None:
            return []
        dts = packet.pts if packet.dts is None else packet.dts
        ahead = packet.pts - dts
        dts -= self._shift
        if self._last is not None and dts <= self._last:
            # A clock that jumps back would make the muxer fail; what follows is moved on.
            next_ = self._last + max(packet.duration or 1, 1)
            self._shift -= next_ - dts
            dts = next_
        self._last = packet.dts = dts
        packet.pts = dts + ahead
        packet.stream = self._out
        return [packet]


class _TimedText(_Copy):
    """SubRip to QuickTime's timed text: the same UTF-8 behind its length."""

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]:
        if packet is None:
            return []
        text = bytes(packet)
        timed: Packet[Any] = Packet(len(text).to_bytes(2, "big") + text)
        timed.pts, timed.dts, timed.duration = packet.pts, packet.dts, packet.duration
        timed.time_base = packet.time_base
        return super().packets(timed)


class _FramedAac(_Copy):
    """AAC of transport streams, each packet with a header that MP4 does not have.

    The muxer would take it off too, but fail for good at the first damaged one.
    """

    def __init__(self, source: Stream, out: Stream, shift: Fraction) -> None:
        super().__init__(source, out, shift)
        self._filter = BitStreamFilterContext("aac_adtstoasc", source)

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]:
        if packet is None:
            return []
        return [
            ready for bare in self._filter.filter(packet) for ready in super(_FramedAac, self).packets(bare)
        ]


class _Transcode:
    def __init__(self, source: AudioStream, out: AudioStream, shift: Fraction) -> None:
        self._source, self._out, self._shift = source, out, shift

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]:
        try:
            frames = self._source.decode(packet)
        except av.InvalidDataError:
            return []
        packets: list[Packet[Any]] = []
        for frame in frames:
            if frame.pts is not None and frame.time_base:
                frame.pts -= round(self._shift / frame.time_base)
            packets += self._out.encode(frame)
        if packet is None:
            packets += self._out.encode(None)
        return packets


def _describe(out: Stream, source: Stream) -> None:
    out.metadata.update(clean_metadata(source.metadata))
    out.disposition = source.disposition


def _time(packet: Packet[Any]) -> Fraction:
    assert packet.pts is not None
    return packet.pts * (packet.time_base or Fraction(1))
