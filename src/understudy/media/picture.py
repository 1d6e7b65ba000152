"""Encoding pictures: frames on their planes to packets of one stream."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from understudy.core.errors import EncoderError, PlanError
from understudy.core.types import MediaInfo, Notice
from understudy.media.color import ColorTags
from understudy.media.convert import Converter, closest_format
from understudy.media.encoders import Encoding
from understudy.media.frame import Frame
from understudy.media.orientation import swaps_axes

__all__ = ["PictureEncoder", "enlarged", "losses", "scaled"]

_MAX_PIXELS = 8192 * 8192


class PictureEncoder:
    """The picture stream of a container that is being written.

    Args:
        out: The container, before its header is written.
        info: The source.
        encoding: As ``choose_encoder`` settled it.
        first: The first frame; the stream gets its clock and its colours.
        rate: Frames per second if they were resampled.

    Raises:
        EncoderError: The encoder does not fit into the container.
    """

    def __init__(
        self,
        out: OutputContainer,
        info: MediaInfo,
        encoding: Encoding,
        first: Frame,
        rate: Fraction | None = None,
    ) -> None:
        self._encoding = encoding
        self._size = info.stored_width, info.stored_height
        self._converter = Converter()
        self._flushed = False
        self._last_dts: int | None = None
        rate = rate or info.average_rate or Fraction(25)
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
        if encoding.codec.startswith(("libx265", "hevc_")) and encoding.container in ("mp4", "mov"):
            context.codec_tag = "hvc1"  # Apple's players want this one
        if info.display_matrix is not None:
            stream.set_display_matrix(info.display_matrix)
        self.stream = stream

    def encode(self, frame: Frame, pts: int) -> list[Packet[Any]]:
        """The packets that come out when a frame goes in.

        Args:
            frame: The next one.
            pts: Its time in the new film, in its own time base.
        """
        native = frame.native
        assert native is not None, "a film's frames come from a decoder"
        size = self._size if self._size != (native.width, native.height) else None
        converted = self._converter.convert(native, self._encoding.pixel_format, self._tags(frame), size)
        if (converted.width, converted.height) != (self._encoding.width, self._encoding.height):
            converted = _padded(converted, self._encoding.width, self._encoding.height)
        converted.pts = pts
        converted.time_base = frame.time_base
        converted.pict_type = 0  # the encoder decides where its own key frames are
        return [self._sane(packet) for packet in self.stream.encode(converted)]

    def flush(self) -> Iterator[Packet[Any]]:
        """The last packets, one by one, once; a slow encoder holds seconds of work back."""
        if self._flushed:
            return
        self._flushed = True
        for packet in self.stream.codec_context.encode_lazy(None):
            packet.stream = self.stream
            yield self._sane(packet)

    def _sane(self, packet: Packet[Any]) -> Packet[Any]:
        if packet.pts is not None:
            packet.dts = self._sane_dts(packet.pts, packet.dts)
        return packet

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


def enlarged(info: MediaInfo, scale: int) -> MediaInfo:
    """A film's info as it is of frames that are ``scale`` times as wide and as high."""
    matrix = info.display_matrix
    if matrix is not None:
        # The seventh and eighth number are a shift in pixels (ISO/IEC 14496-12, 6.2.2).
        matrix = (*matrix[:6], matrix[6] * scale, matrix[7] * scale, matrix[8])
    return replace(
        info,
        width=info.width * scale,
        height=info.height * scale,
        stored_width=info.stored_width * scale,
        stored_height=info.stored_height * scale,
        display_matrix=matrix,
    )


def scaled(info: MediaInfo, size: str | None) -> MediaInfo:
    """A film's info as it is of frames that :class:`PictureEncoder` is to scale.

    Args:
        info: As it is now.
        size: ``"1280x720"`` upright, ``"-1x720"`` to keep the shape, ``"50%"``; None leaves it.

    Raises:
        PlanError: Nothing would be left, or more than 64 Mpx.
    """
    if size is None:
        return info
    if size.endswith("%"):
        share = Fraction(size[:-1]) / 100
        width, height = round(info.width * share), round(info.height * share)
    else:
        width, height = (int(side) for side in size.split("x"))
        width = width if width > 0 else round(Fraction(info.width * height, info.height))
        height = height if height > 0 else round(Fraction(info.height * width, info.width))
    if not (width > 0 and height > 0 and width * height <= _MAX_PIXELS):
        raise PlanError(
            f"A scale of {size} makes pictures of {width}×{height}.", next_step="Use 1280x720 or 50%."
        )
    across, down = Fraction(width, info.width), Fraction(height, info.height)
    if swaps_axes(info.orientation):
        across, down = down, across
    matrix = info.display_matrix
    if matrix is not None:
        # The shift is in pixels of the upright picture (see above).
        by = (Fraction(width, info.width), Fraction(height, info.height))
        matrix = (*matrix[:6], round(matrix[6] * by[0]), round(matrix[7] * by[1]), matrix[8])
    stored = (height, width) if swaps_axes(info.orientation) else (width, height)
    return replace(
        info,
        width=width,
        height=height,
        stored_width=stored[0],
        stored_height=stored[1],
        display_matrix=matrix,
        # What was round stays round.
        sample_aspect_ratio=(info.sample_aspect_ratio * down / across).limit_denominator(255),
    )


def losses(info: MediaInfo, encoding: Encoding) -> Iterator[Notice]:
    """What of the source's picture the encoder cannot hold."""
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
