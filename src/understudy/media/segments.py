"""Parts of a film's picture, encoded one by one and joined without encoding again.

Every segment has an encoder of its own with the same options, so that each begins with a key frame and none depends
on another. The encoder's own decoding times mean nothing at the joins: they are made again, over the whole film, from
the order in which pictures are shown and decoded (``video.md`` of the project's references has the experiments).
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from av.packet import Packet
from av.video.stream import VideoStream

from understudy.core.errors import OutputError
from understudy.core.types import MediaInfo, Notice
from understudy.core.verdict import Allow, check_allowed
from understudy.media.container import film_stream, open_film
from understudy.media.encoders import Encoding, container_of
from understudy.media.film import FilmFile
from understudy.media.frame import Frame
from understudy.media.picture import PictureEncoder, losses
from understudy.media.sound import AS_IT_IS, Sound

__all__ = ["Segment", "SegmentWriter", "check_joined", "join", "segment_suffix"]

_IN_MP4: Final = {"libx264", "libx265", "libsvtav1", "libvpx-vp9", "h264", "hevc"}


@dataclass(frozen=True)
class Segment:
    """An encoded part of the picture.

    Attributes:
        path: Where it lies.
        pts: When its frames are shown, on the source's clock, in the order in which they are decoded.
        durations: How long, in the same unit and order; never 0.
        time_base: That unit, in seconds.
    """

    path: Path
    pts: tuple[int, ...]
    durations: tuple[int, ...]
    time_base: Fraction


def segment_suffix(encoding: Encoding) -> str:
    """The kind of file that holds a segment of this encoding: what keeps its times and its header exactly."""
    if encoding.codec in _IN_MP4 or encoding.codec.startswith(("h264_", "hevc_")):
        return ".mp4"
    # Matroska rounds times, but those come from the journal; NUT would lose the colour tags.
    return ".mov" if encoding.codec == "prores_ks" else ".mkv"


class SegmentWriter:
    """Encodes one segment into a file of its own.

    Args:
        path: Where to write; its suffix is that of :func:`segment_suffix`.
        info: The source.
        encoding: As ``choose_encoder`` settled it.
        rate: Frames per second if they were resampled.
    """

    def __init__(self, path: Path, info: MediaInfo, encoding: Encoding, rate: Fraction | None = None) -> None:
        self._path, self._info, self._encoding, self._rate = path, info, encoding, rate
        kind = container_of(path)
        self._file = FilmFile(path, info, kind, encoding.codec, tracks=False)
        self._picture: PictureEncoder | None = None
        self._time_base = Fraction(1)
        self._pts: list[int] = []
        self._lasting: dict[int, int] = {}

    def write(self, frame: Frame) -> None:
        """Encode the next frame (errors: see :class:`VideoWriter`)."""
        with self._file.guarded():
            if self._picture is None:
                self._picture = PictureEncoder(self._file.out, self._info, self._encoding, frame, self._rate)
                self._file.begin(frame.pts, frame.time_base)
                self._time_base = frame.time_base
            # Not every encoder passes on how long a frame lasts, and players drop a last one that lasts 0.
            self._lasting[frame.pts] = (frame.native.duration if frame.native else 0) or 1
            self._take(self._picture.encode(frame, frame.pts))

    def drain(self) -> Iterator[None]:
        """Bring out the encoder's last packets one by one."""
        if self._picture is not None:
            with self._file.guarded():
                for packet in self._picture.flush():
                    self._take([packet])
                    yield

    def finish(self) -> Segment:
        """Bring out the rest, write and close the file."""
        for _ in self.drain():
            pass
        self._file.finish()
        self._picture = None
        # PyAV's containers and streams hold each other: the encoder would live on beside the next segment's.
        gc.collect()
        durations = tuple(self._lasting[pts] for pts in self._pts)
        return Segment(self._path, tuple(self._pts), durations, self._time_base)

    def abort(self) -> None:
        """Close everything; the file is worthless."""
        self._picture = None
        self._file.abort()

    def _take(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            assert packet.pts is not None
            # Some encoders answer on a clock of their own.
            ticks = (packet.time_base or self._time_base) / self._time_base
            self._pts.append(round(packet.pts * ticks))
            # When it is decoded is settled by the join.
            self._file.mux(packet)


def join(
    segments: Sequence[Segment],
    path: Path,
    info: MediaInfo,
    encoding: Encoding,
    allow: Allow,
    *,
    sound: Sound = AS_IT_IS,
    window: tuple[Fraction | None, Fraction | None] = (None, None),
) -> Generator[tuple[Notice, ...], None, None]:
    """Put segments together with the source's other streams; nothing is encoded again.

    Args:
        segments: In order of time.
        path: Where to write.
        info: The source.
        encoding: What the segments were encoded with.
        allow: The content gate's leave for all of them.
        sound: What becomes of the sound.
        window: First and end time on the source's clock, if it was trimmed; the result then starts at 0.

    Yields:
        Once per segment, and once more when the film is complete: what could not be kept so far.

    Raises:
        OutputError: A segment does not belong to the others, or the film cannot be written.
    """
    check_allowed(allow)
    file = FilmFile(path, info, encoding.container, encoding.codec, sound=sound, window=window)
    lost = tuple(losses(info, encoding))
    shown = [pts for segment in segments for pts in segment.pts]
    base = segments[0].time_base
    try:
        times = iter(zip(shown, _decoding_times(shown), strict=True))
        stream: VideoStream | None = None
        header: bytes | None = None
        shift = 0
        for segment in segments:
            with file.guarded(), open_film(segment.path) as part:
                source = film_stream(part, segment.path)
                if stream is None:
                    stream = file.out.add_stream_from_template(source, opaque=True)
                    header = source.codec_context.extradata
                    # A timecode counts frames, and needs to know how many a second has.
                    stream.codec_context.framerate = info.average_rate or Fraction(25)
                    if info.sample_aspect_ratio > 0:  # H.264 and H.265 alone carry it themselves
                        stream.codec_context.sample_aspect_ratio = info.sample_aspect_ratio
                    if info.display_matrix is not None:
                        stream.set_display_matrix(info.display_matrix)
                    shift = file.begin(min(segment.pts), base)
                if source.codec_context.extradata != header:
                    raise OutputError("A segment was encoded differently from the others.", path=segment.path)
                durations = iter(segment.durations)
                for packet in part.demux(source):
                    if not packet.size:
                        continue
                    duration = next(durations, None)
                    if duration is None:
                        raise OutputError("A segment has too many frames.", path=segment.path)
                    packet.pts, packet.dts = (time - shift for time in next(times))
                    packet.time_base = base
                    packet.duration = duration
                    packet.stream = stream
                    shown_at = packet.pts * base
                    file.mux(packet)
                    file.advance(shown_at)
                if next(durations, None) is not None:
                    raise OutputError("A segment has lost frames.", path=segment.path)
            yield (*lost, *file.notices)
        file.finish()
        yield (*lost, *file.notices)
    finally:
        file.abort()


def check_joined(path: Path, segments: Sequence[Segment]) -> None:
    """Compare the times of a joined film's pictures with the segments'.

    Args:
        path: The film.
        segments: What it was joined from.

    Raises:
        OutputError: A frame is missing, or is shown at another time than it should.
    """
    base = segments[0].time_base
    wanted = sorted(pts for segment in segments for pts in segment.pts)
    with open_film(path) as film:
        stream = film_stream(film, path)
        tick = stream.time_base or base
        found = sorted(packet.pts for packet in film.demux(stream) if packet.size and packet.pts is not None)
    # From the first frame on: a trim, or sound that begins before zero, moves the whole. Matroska counts milliseconds.
    slack = 0 if tick == base else tick
    exact = len(found) == len(wanted) and all(
        abs((have - found[0]) * tick - (want - wanted[0]) * base) <= slack
        for have, want in zip(found, wanted, strict=True)
    )
    if not exact:
        raise OutputError(
            f"The joined film has {len(found)} frames where {len(wanted)} were rendered, or their times differ.",
            path=path,
            next_step="Run the command again with --restart, and please report it.",
        )


def _decoding_times(pts: Sequence[int]) -> list[int]:
    """When each packet is decoded, from when its picture is shown, in the order of decoding.

    The k-th packet is decoded when the k-th picture is shown, less as many pictures as reordering holds back.
    """
    shown = sorted(pts)
    rank = {time: index for index, time in enumerate(shown)}
    held = max((index - rank[time] for index, time in enumerate(pts)), default=0)
    # The first ones as early as that: MP4 takes a track's length from these times.
    lead = shown[held] - shown[0] if shown else 0
    return [shown[index - held] if index >= held else shown[index] - lead for index in range(len(shown))]
