"""Encoding a film: the picture from frames, everything else from the source."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.stream import VideoStream

from understudy.core.errors import EncoderError
from understudy.core.types import MediaInfo, Notice
from understudy.media.color import ColorTags
from understudy.media.container import film_url, open_film
from understudy.media.convert import Converter, closest_format
from understudy.media.encoders import Encoding
from understudy.media.files import output_error
from understudy.media.frame import Frame
from understudy.media.tracks import Tracks, clean_metadata

__all__ = ["VideoWriter"]

_MAX_TIMESCALE = 2**31 - 1


class VideoWriter:
    """A :class:`FrameSink` that makes a film: encoded frames, and the source's other streams in step.

    The file is complete after :meth:`finish`; publishing it under its final name is the caller's.

    Args:
        path: Where to write, usually a temporary name.
        info: The source.
        encoding: As ``choose_encoder`` settled it.
        rate: Frames per second if they were resampled.
        tracks: Whether to carry over sound, subtitles, chapters and metadata (a segment is picture only).
        audio: Whether sound is wanted among them.
        window: First and end time on the source's clock, if it was trimmed; the result then starts at 0.
    """

    def __init__(
        self,
        path: Path,
        info: MediaInfo,
        encoding: Encoding,
        *,
        rate: Fraction | None = None,
        tracks: bool = True,
        audio: bool = True,
        window: tuple[Fraction | None, Fraction | None] = (None, None),
    ) -> None:
        self._path = path
        self._info = info
        self._encoding = encoding
        self._rate = rate
        self._with_tracks = tracks
        self._with_audio = audio
        self._window = window
        self._converter = Converter()
        self._notices = list(_losses(info, encoding))
        self._out: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._tracks: Tracks | None = None
        self._drained = False
        self._first_pts = 0
        self._last_dts: int | None = None

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What could not be kept."""
        return (*self._notices, *(self._tracks.notices if self._tracks is not None else ()))

    def write(self, frame: Frame) -> None:
        """Encode the next frame.

        Raises:
            EncoderError: The encoder refuses its settings or the frame.
            OutputError: The file cannot be written; :class:`DiskFull` if that is why.
        """
        with self._guarded():
            if self._stream is None:
                self._open(frame)
            assert self._stream is not None
            self._mux(self._stream.encode(self._encodable(frame)))
            if self._tracks is not None:
                self._tracks.advance(frame.pts * frame.time_base)

    def drain(self) -> Iterator[None]:
        """Bring out the encoder's last packets one by one; a slow one holds seconds of work back.

        Raises:
            EncoderError, OutputError: As :meth:`write`.
        """
        if self._stream is None or self._drained:
            return
        self._drained = True
        with self._guarded():
            for packet in self._stream.codec_context.encode_lazy(None):
                packet.stream = self._stream
                self._mux([packet])
                yield

    def finish(self) -> None:
        """Flush, write what remains of the other streams, and close the file.

        Raises:
            EncoderError, OutputError: As :meth:`write`.
        """
        for _ in self.drain():
            pass
        with self._guarded():
            if self._out is not None:
                if self._tracks is not None:
                    self._tracks.advance(None)
                self._out.close()
        self._release()

    def abort(self) -> None:
        """Close everything; the file is worthless."""
        if self._out is not None:
            with contextlib.suppress(av.FFmpegError, OSError, ValueError):
                self._out.close()
        self._release()

    def _release(self) -> None:
        if self._tracks is not None:
            self._notices += self._tracks.notices
            self._tracks.close()
        self._out = self._stream = self._tracks = None

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except av.FFmpegError as error:
            if isinstance(error, OSError) and error.errno and 0 < error.errno < 200:
                raise output_error(error, self._path) from error
            raise EncoderError(
                f"{self._encoding.codec} failed: {error}.", next_step="Try another --encoder."
            ) from error
        except OSError as error:
            raise output_error(error, self._path) from error

    def _open(self, first: Frame) -> None:
        trimmed = self._window != (None, None)
        self._first_pts = first.pts if trimmed else 0
        options = {"movflags": "+faststart"} if self._encoding.container in ("mp4", "mov") else {}
        out = av.open(film_url(self._path), "w", format=self._encoding.container, container_options=options)
        self._out = out
        self._stream = self._add_video(out, first)
        if self._with_tracks:
            shift = self._first_pts * first.time_base
            self._tracks = Tracks(
                self._info.path,
                out,
                self._encoding.container,
                start=shift if self._window[0] is not None else None,
                end=self._window[1],
                shift=shift,
                audio=self._with_audio,
            )
            self._describe(out, shift)
        if options:
            bases = [first.time_base, *(self._tracks.time_bases if self._tracks is not None else ())]
            scale = math.lcm(*(_timescale(base) for base in bases))
            # The default of 1000 would round where streams start.
            if scale <= _MAX_TIMESCALE:
                out.container_options["movie_timescale"] = str(scale)

    def _add_video(self, out: OutputContainer, first: Frame) -> VideoStream:
        encoding, info = self._encoding, self._info
        rate = self._rate or info.average_rate or Fraction(25)
        if encoding.codec == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "1")  # errors only; it would print its settings
        try:
            stream = out.add_stream(
                encoding.codec, rate=rate, options=dict(encoding.options), time_base=first.time_base
            )
        except ValueError as error:
            raise EncoderError(f"{encoding.codec} does not fit into {encoding.container}.") from error
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.width, context.height = encoding.width, encoding.height
        context.pix_fmt = encoding.pixel_format
        context.time_base = first.time_base
        context.flags |= Flags.frame_duration
        if info.sample_aspect_ratio > 0:
            context.sample_aspect_ratio = info.sample_aspect_ratio
        # Tags on frames are ignored: they count only if they are here before the encoder opens.
        tags = self._tags(first)
        context.color_range = tags.range
        context.colorspace = tags.space
        context.color_primaries = tags.primaries
        context.color_trc = tags.transfer
        if encoding.codec == "libx265" and encoding.container in ("mp4", "mov"):
            context.codec_tag = "hvc1"  # Apple's players want this one
        if info.display_matrix is not None:
            stream.set_display_matrix(info.display_matrix)
        return stream

    def _tags(self, frame: Frame) -> ColorTags:
        """The frame's tags, as they are true of what the encoder gets."""
        tags = frame.tags
        # Grey without a tag is full range; most encoders will make YUV of it, for which that must be said.
        full = frame.layout.full or (frame.layout.model == "gray" and tags.range == 0)
        span = 2 if full else tags.range
        space = tags.space
        if frame.layout.model == "gbr" and not av.VideoFormat(self._encoding.pixel_format).is_rgb:
            span, space = 1, space if space != 2 else 1
        return ColorTags(span, space, tags.primaries, tags.transfer)

    def _encodable(self, frame: Frame) -> av.VideoFrame:
        native = frame.native
        assert native is not None, "a film's frames come from a decoder"
        converted = self._converter.convert(native, self._encoding.pixel_format, self._tags(frame))
        if (converted.width, converted.height) != (self._encoding.width, self._encoding.height):
            converted = _padded(converted, self._encoding.width, self._encoding.height)
        converted.pts = frame.pts - self._first_pts
        converted.time_base = frame.time_base
        converted.pict_type = 0  # the encoder decides where its own key frames are
        return converted

    def _mux(self, packets: list[Any]) -> None:
        assert self._out is not None
        for packet in packets:
            if packet.pts is not None:
                packet.dts = self._sane_dts(packet.pts, packet.dts)
            self._out.mux(packet)

    def _sane_dts(self, pts: int, dts: int | None) -> int:
        """The encoder's dts, unless it makes no sense (libx265 gives −1.7e11 for one-frame films)."""
        last = self._last_dts
        far = 1 << 24
        if dts is None or not pts - far <= dts <= pts:
            dts = pts if last is None else min(last + 1, pts)
        if last is not None and dts <= last:
            dts = last + 1
        self._last_dts = dts
        return dts

    def _describe(self, out: OutputContainer, shift: Fraction) -> None:
        with open_film(self._info.path) as source:
            out.metadata.update(clean_metadata(source.metadata))
            for mine, theirs in zip(out.streams.video, source.streams.video, strict=False):
                mine.metadata.update(clean_metadata(theirs.metadata))
            chapters = []
            for chapter in source.chapters():
                base = chapter["time_base"] or Fraction(1)
                start = max(chapter["start"] - round(shift / base), 0)
                end = chapter["end"] - round(shift / base)
                if self._window[1] is not None:
                    end = min(end, round((self._window[1] - shift) / base))
                if end > start:
                    chapters.append({**chapter, "start": start, "end": end})
            if chapters:
                out.set_chapters(chapters)  # type: ignore[arg-type]


def _losses(info: MediaInfo, encoding: Encoding) -> Iterator[Notice]:
    source = av.VideoFormat(closest_format(info.pixel_format))
    target = av.VideoFormat(encoding.pixel_format)
    if len(source.components) in (2, 4) and len(target.components) not in (2, 4):
        yield Notice("alpha-dropped", f"{encoding.codec} has no transparency; it was left out.")
    depth = max(component.bits for component in target.components)
    if depth < min(info.bit_depth, 16):
        yield Notice(
            "depth-reduced", f"{encoding.codec} takes {depth} bits here; the film had {info.bit_depth}."
        )
    before = source.chroma_width(16) * source.chroma_height(16)
    if len(source.components) > 2 and target.chroma_width(16) * target.chroma_height(16) < before:
        yield Notice("chroma-reduced", f"{encoding.codec} stores colour as {encoding.pixel_format}.")
    if (encoding.width, encoding.height) != (info.stored_width, info.stored_height):
        yield Notice(
            "size-padded",
            f"{encoding.codec} needs even sides: the last pixels are repeated.",
        )


def _padded(frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
    """The frame on a larger canvas, its last row and column repeated."""
    larger = av.VideoFrame(width, height, frame.format.name)
    depth = max(component.bits for component in frame.format.components)
    dtype = np.uint16 if depth > 8 else np.uint8
    for source, target in zip(frame.planes, larger.planes, strict=True):
        step = source.buffer_size // source.height // np.dtype(dtype).itemsize
        old = np.frombuffer(source, dtype).reshape(source.height, step)[:, : source.width]  # type: ignore[call-overload]
        new = np.frombuffer(target, dtype).reshape(target.height, -1)  # type: ignore[call-overload]
        pads = (0, target.height - source.height), (0, target.width - source.width)
        new[:, : target.width] = np.pad(old, pads, mode="edge")
    larger.duration = frame.duration
    return larger


def _timescale(base: Fraction) -> int:
    """The track's timescale as FFmpeg's MP4 writer chooses it."""
    scale = base.denominator
    while scale < 10_000:
        scale *= 2
    return scale
