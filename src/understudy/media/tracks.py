"""What goes along with the picture: sound and subtitles, copied bit for bit where they fit."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from fractions import Fraction
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Stream
from av.subtitles.stream import SubtitleStream

from understudy.core.types import Notice
from understudy.media.routes import Copy, FramedAac, Route, TimedText, Transcode
from understudy.media.sound import Sound

__all__ = ["Tracks", "clean_metadata", "says_where"]

# What players expect to find in each container; Matroska takes whatever FFmpeg says it takes.
_COPIED: Mapping[str, frozenset[str]] = {
    "mp4": frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "flac", "dca", "mov_text"}),
    "mov": frozenset({"aac", "mp3", "ac3", "eac3", "alac", "mov_text"}),
    "webm": frozenset({"opus", "vorbis", "webvtt"}),
}
_ENCODERS = {"mp4": "aac", "mov": "aac", "matroska": "aac", "webm": "libopus"}
# QuickTime knows languages by ISO 639-2's older codes only: terminological to bibliographic.
_BIBLIOGRAPHIC = {
    **{"ces": "cze", "cym": "wel", "deu": "ger", "ell": "gre", "eus": "baq"},
    **{"fas": "per", "fra": "fre", "hye": "arm", "isl": "ice", "kat": "geo"},
    **{"mkd": "mac", "mri": "mao", "msa": "may", "mya": "bur", "nld": "dut"},
    **{"ron": "rum", "slk": "slo", "sqi": "alb", "zho": "chi", "bod": "tib"},
}
_BITS_PER_CHANNEL = 96_000
_LAYOUTS = ("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1")
# The muxer's own description of the old file.
_STRUCTURE = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "duration"})
# Where it was filmed, in three spellings.
_POSITION = frozenset({"location", "location-eng", "com.apple.quicktime.location.iso6709"})


def clean_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata worth carrying over: not the old file's structure, and not its position."""
    return {key: value for key, value in metadata.items() if key.lower() not in _STRUCTURE | _POSITION}


def says_where(metadata: Mapping[str, str]) -> bool:
    """Whether metadata holds where a film was made."""
    return any(key.lower() in _POSITION for key in metadata)


class Tracks:
    """Carries streams of one file into a new container, in step with the picture.

    Args:
        source: The open film or recording; closed with the tracks.
        out: The new container, before its header is written.
        container: FFmpeg's name of its kind.
        start, end: Seconds on the source's clock; packets outside are left out.
        shift: Seconds to take off every time.
        without: Types of streams that are not wanted.
        sound: Whether sound may be copied, and how loud it is to be.
        cut: Whether everything ends where the picture does.
    """

    def __init__(
        self,
        source: InputContainer,
        out: OutputContainer,
        container: str,
        *,
        start: Fraction | None = None,
        end: Fraction | None = None,
        shift: Fraction,
        without: Collection[str] = (),
        sound: Sound,
        cut: bool = False,
    ) -> None:
        self._notices: list[Notice] = []
        self._input, self._out, self._container = source, out, container
        self._start, self._end, self._shift, self._cut = start, end, shift, cut
        self._sound = sound
        self._routes: dict[int, Route] = {}
        for stream in self._input.streams:
            route = None if stream.type in without else self._route(stream)
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
        """Write what begins before a time on the new film's clock; None ends it, with all that is left."""
        rest = until is None and not self._cut
        while self._held is not None and (
            rest or (until is not None and _time(self._held) - self._shift < until)
        ):
            self._mux(self._routes[self._held.stream_index], self._held)
            self._held = next(self._packets, None)
        if until is None:
            for route in self._routes.values():
                self._mux(route, None)

    def close(self) -> None:
        """Close the source."""
        self._packets.close()
        self._input.close()

    def _mux(self, route: Route, packet: Packet[Any] | None) -> None:
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

    def _route(self, stream: Stream) -> Route | None:
        if stream.type not in ("audio", "subtitle"):
            if stream.type != "video" and not self._comes_anyway(stream):
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
        if self._fits(codec) and (self._sound.is_copied or stream.type != "audio"):
            try:
                copy = self._out.add_stream_from_template(stream, opaque=True)
                _describe(copy, stream, self._container)
                bare = self._is_quicktime and codec == "aac" and not stream.codec_context.extradata
                return FramedAac(stream, copy, self._shift) if bare else Copy(stream, copy, self._shift)
            except (ValueError, av.FFmpegError):
                pass  # this container refuses it after all
        if isinstance(stream, AudioStream):
            return self._transcoded(stream, codec)
        if isinstance(stream, SubtitleStream) and codec in ("subrip", "srt", "text") and self._is_quicktime:
            timed = self._out.add_mux_stream("mov_text", time_base=stream.time_base)
            _describe(timed, stream, self._container)
            return TimedText(stream, timed, self._shift)
        self._notices.append(
            Notice("subtitles-dropped", f"Subtitles of kind {codec} do not fit into {self._container}.")
        )
        return None

    def _comes_anyway(self, stream: Stream) -> bool:
        """Whether this is how MP4 stores chapters or a timecode, which the new container writes by itself."""
        is_chapters = stream.discard == Discard.all
        return is_chapters or ("timecode" in stream.metadata and self._is_quicktime)

    @property
    def _is_quicktime(self) -> bool:
        return self._container in ("mp4", "mov")

    def _fits(self, codec: str) -> bool:
        if self._container == "mov" and codec.startswith("pcm_"):
            return True
        kinds = _COPIED.get(self._container)
        return kinds is None or codec in kinds

    def _transcoded(self, stream: AudioStream, codec: str) -> Route | None:
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
        _describe(new, stream, self._container)
        self._notices.append(Notice("audio-transcoded", self._why_transcoded(codec, encoder)))
        return Transcode(stream, new, self._shift, self._sound.volume)

    def _why_transcoded(self, codec: str, encoder: str) -> str:
        if self._sound.volume != 1:
            return f"Sound of kind {codec} was encoded again for its volume; now {encoder}."
        if self._sound.transcoded:
            return f"Sound of kind {codec} was encoded again; now {encoder}."
        return f"Sound of kind {codec} does not fit into {self._container}; now {encoder}."


def _describe(out: Stream, source: Stream, container: str) -> None:
    metadata = clean_metadata(source.metadata)
    if container == "mov" and "language" in metadata:
        metadata["language"] = _BIBLIOGRAPHIC.get(metadata["language"], metadata["language"])
    out.metadata.update(metadata)
    out.disposition = source.disposition


def _time(packet: Packet[Any]) -> Fraction:
    assert packet.pts is not None
    return packet.pts * (packet.time_base or Fraction(1))
