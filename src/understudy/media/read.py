"""Decoding films, frame by frame, on their own planes and their own clock."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from understudy.core.errors import InputError, UnsupportedMedia
from understudy.core.types import MediaInfo, Notice
from understudy.media.completeness import is_cut_off
from understudy.media.container import color_tags, film_stream, open_film
from understudy.media.convert import Converter, closest_format
from understudy.media.frame import Frame
from understudy.media.hdr import TRANSFERS
from understudy.media.probe import film_info
from understudy.media.tracks import says_where

__all__ = ["VideoReader"]

# Containers in which a seek lands where it should; elsewhere it can lose frames, so all is decoded.
_SEEKABLE = {"mp4", "matroska"}
# Decoding starts this much ahead of a trim: one GOP of lead-in cures open GOPs.
_LEAD_IN = 10


class VideoReader:
    """A :class:`FrameSource` over a file.

    Frames come in the order of their pts, which are the file's own; missing, repeated or backward ones are
    repaired and reported. Damaged packets are skipped and counted.

    Args:
        path: The film.
        trim_start, trim_end: Seconds from the film's start; frames with start ≤ time < end are given.

    Raises:
        InputError: It cannot be read as a film.
        UnsupportedMedia: It is of a kind that is refused.
    """

    def __init__(
        self, path: Path, *, trim_start: Fraction | None = None, trim_end: Fraction | None = None
    ) -> None:
        self._path = path
        self._trim_start = trim_start
        self._trim_end = trim_end
        self._counts: dict[str, int] = {}
        self._cut_off = is_cut_off(path)
        with open_film(path) as container:
            stream = film_stream(container, path)
            self.info: MediaInfo = film_info(container, stream, path)
            self._says_where = says_where(container.metadata)
            # FFmpeg's own VP8 and VP9 decoders leave transparency out without a word.
            self._lost_alpha = stream.metadata.get("alpha_mode") == "1" and "a" not in self.info.pixel_format

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was repaired or left out so far."""
        found = [Notice(code, _NOTICES[code].format(n=count)) for code, count in self._counts.items()]
        if self._lost_alpha:
            found.append(
                Notice("alpha-dropped", "The film's transparency cannot be decoded; it was left out.")
            )
        if self._says_where:
            found.append(Notice("position-dropped", "Where it was filmed is not passed on."))
        if (kind := TRANSFERS.get(self.info.color.get("transfer", ""))) is not None:
            found.append(
                Notice(
                    "hdr",
                    f"The film is HDR ({kind}): faces are made in its own values, the rest is not touched.",
                )
            )
        return tuple(found)

    @property
    def window(self) -> tuple[Fraction | None, Fraction | None]:
        """First and end time on the film's own clock, in seconds, of what is given; None is unbounded."""
        base = self.info.time_base or Fraction(1)
        start = (self.info.start or 0) * base
        return (
            None if self._trim_start is None else start + self._trim_start,
            None if self._trim_end is None else start + self._trim_end,
        )

    @property
    def expected_frames(self) -> int | None:
        """How many frames will come, if that can be told."""
        info = self.info
        if self._trim_start is None and self._trim_end is None:
            return info.frames
        if info.average_rate is None or info.duration is None:
            return None
        start = self._trim_start or Fraction(0)
        end = info.duration if self._trim_end is None else min(self._trim_end, info.duration)
        return max(round((end - start) * info.average_rate), 0)

    def __iter__(self) -> Iterator[Frame]:
        """Decode from the start (of the trim).

        Raises:
            InputError: The file cannot be read, or not one frame lies in it.
            UnsupportedMedia: The picture's size changes on the way.
        """
        self._counts.clear()
        if self._cut_off:
            self._count("cut-off")
        start, end = self.window
        given = False
        with open_film(self._path) as container:
            stream = film_stream(container, self._path)
            stream.thread_type = "AUTO"
            self._seek(container, stream, start)
            for frame in self._repaired(self._decoded(container, stream), stream):
                time = frame.pts * frame.time_base
                if end is not None and time >= end:
                    break
                if start is None or time >= start:
                    given = True
                    yield frame
        if not given:
            raise InputError(
                "There is no frame in it" + (" between the trims." if start or end else "."),
                path=self._path,
                next_step="Check the trims against its length."
                if start or end
                else "Copy or download it again.",
            )

    def _seek(self, container: InputContainer, stream: VideoStream, start: Fraction | None) -> None:
        base = self.info.time_base
        if start is None or base is None or self.info.container not in _SEEKABLE:
            return
        target = int((start - _LEAD_IN) / base)
        if target > (self.info.start or 0):
            container.seek(target, stream=stream)

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
        try:
            for packet in container.demux(stream):
                try:
                    frames = stream.decode(packet)
                except av.InvalidDataError:
                    self._count("damaged-packets")
                    continue
                for frame in frames:
                    if frame.is_corrupt:
                        self._count("damaged-frames")
                    yield frame
        except (av.FFmpegError, OSError) as error:
            if isinstance(error, MemoryError):
                raise InputError("The film needs more memory than there is.", path=self._path) from error
            self._count("cut-off")

    def _repaired(self, frames: Iterator[av.VideoFrame], stream: VideoStream) -> Iterator[Frame]:
        """Wrap frames, with pts that are there and rise."""
        base = stream.time_base or Fraction(1, 90000)
        rate = self.info.average_rate or Fraction(25)
        step = max(round(1 / (rate * base)), 1)
        converter = Converter()
        last: int | None = None
        offset = 0
        for frame in frames:
            if frame.width != self.info.stored_width or frame.height != self.info.stored_height:
                raise UnsupportedMedia(
                    "The picture's size changes in the middle of this film.", path=self._path
                )
            if frame.pts is None:
                self._count("times-assumed")
                frame.pts = 0 if last is None else last + step
            else:
                frame.pts += offset
                if last is not None and frame.pts == last:
                    self._count("times-repeated")
                    frame.pts = last + 1
                elif last is not None and frame.pts < last:
                    self._count("times-backward")
                    offset += last + step - frame.pts
                    frame.pts = last + step
            last = frame.pts
            yield self._wrapped(frame, stream, base, converter)

    def _wrapped(
        self, frame: av.VideoFrame, stream: VideoStream, base: Fraction, converter: Converter
    ) -> Frame:
        tags = color_tags(frame, stream)
        if frame.interlaced_frame:
            self._count("interlaced")
        planar = converter.convert(frame, closest_format(self.info.pixel_format), tags)
        return Frame.from_video(planar, tags=tags, orientation=self.info.orientation, time_base=base)

    def _count(self, code: str) -> None:
        self._counts[code] = self._counts.get(code, 0) + 1


_NOTICES = {
    "damaged-packets": "{n} damaged packets were skipped.",
    "damaged-frames": "{n} frames were damaged and are shown as well as they could be decoded.",
    "cut-off": "The film is cut off; what could be read was used.",
    "times-assumed": "{n} frames had no time; the film's declared rate was assumed.",
    "times-repeated": "{n} frames had the time of the one before; they follow it by one tick.",
    "times-backward": "The clock jumped back {n} times; what follows was moved on.",
    "interlaced": "{n} frames are interlaced; they are kept as they are.",
}
