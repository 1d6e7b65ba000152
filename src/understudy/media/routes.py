"""How a packet of sound or subtitles gets into another container: as it is, in other clothes, or made anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Protocol

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.filter import Graph
from av.packet import Packet
from av.stream import Stream

__all__ = ["Copy", "FramedAac", "Route", "TimedText", "Transcode"]


class Route(Protocol):
    """Turns a packet of the source into packets for the new container; None flushes."""

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]:
        """What is to be written for it."""


class Copy:
    """The same bytes at another time.

    Args:
        source: Where the packets come from.
        out: Where they go.
        shift: Seconds to take off every time.
    """

    def __init__(self, source: Stream, out: Stream, shift: Fraction) -> None:
        self._out = out
        self._shift = round(shift / (source.time_base or 1))
        self._last: int | None = None

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]:
        """See :class:`Route`."""
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


class TimedText(Copy):
    """SubRip to QuickTime's timed text: the same UTF-8 behind its length."""

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]:
        """See :class:`Route`."""
        if packet is None:
            return []
        text = bytes(packet)
        timed: Packet[Any] = Packet(len(text).to_bytes(2, "big") + text)
        timed.pts, timed.dts, timed.duration = packet.pts, packet.dts, packet.duration
        timed.time_base = packet.time_base
        return super().packets(timed)


class FramedAac(Copy):
    """AAC of transport streams, each packet with a header that MP4 does not have.

    The muxer would take it off too, but fail for good at the first damaged one.
    """

    def __init__(self, source: Stream, out: Stream, shift: Fraction) -> None:
        super().__init__(source, out, shift)
        self._filter = BitStreamFilterContext("aac_adtstoasc", source)

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]:
        """See :class:`Route`."""
        if packet is None:
            return []
        return [
            ready for bare in self._filter.filter(packet) for ready in super(FramedAac, self).packets(bare)
        ]


class Transcode:
    """Decoded, made louder or quieter, and encoded again.

    Args:
        source: Where the packets come from.
        out: Where they go.
        shift: Seconds to take off every time.
        volume: What every sample is multiplied by.
    """

    def __init__(self, source: AudioStream, out: AudioStream, shift: Fraction, volume: float = 1.0) -> None:
        self._source, self._out, self._shift = source, out, shift
        self._volume = _Volume(volume) if volume != 1 else None

    def packets(self, packet: Packet[Any] | None) -> list[Packet[Any]]:
        """See :class:`Route`."""
        try:
            frames: Iterable[AudioFrame] = self._source.decode(packet)
        except av.InvalidDataError:
            return []
        packets: list[Packet[Any]] = []
        for frame in frames if self._volume is None else self._volume.applied(frames):
            if frame.pts is not None and frame.time_base:
                frame.pts -= round(self._shift / frame.time_base)
            packets += self._out.encode(frame)
        if packet is None:
            packets += self._out.encode(None)
        return packets


class _Volume:
    """FFmpeg's filter of that name, which keeps to what the kind of sample can hold."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._graph: Graph | None = None
        self._kind: tuple[object, ...] = ()

    def applied(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        """The frames, louder or quieter."""
        for frame in frames:
            # Only the first decoded frame says for sure what comes, and damaged streams change their minds.
            kind = (frame.format.name, frame.layout.name, frame.sample_rate, frame.time_base)
            if self._graph is None or kind != self._kind:
                self._kind, self._graph = kind, Graph()
                source = self._graph.add_abuffer(
                    sample_rate=frame.sample_rate,
                    format=frame.format.name,
                    layout=frame.layout.name,
                    time_base=frame.time_base,
                )
                volume = self._graph.add("volume", f"{self._factor}")
                self._graph.link_nodes(source, volume, self._graph.add("abuffersink")).configure()
            self._graph.push(frame)
            louder = self._graph.pull()
            assert isinstance(louder, AudioFrame)
            yield louder
