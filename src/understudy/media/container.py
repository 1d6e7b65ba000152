"""Opening films safely, and what PyAV says only in several places."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from understudy.core.errors import InputError, UnsupportedMedia
from understudy.media.color import ColorTags
from understudy.media.files import check_input

__all__ = ["color_tags", "display_matrix", "film_stream", "film_url", "open_film", "open_sound"]

# Only formats that hold their own data: playlists and scripts (hls, dash, concat, sdp) name other files.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,mxf,nut,ogg,h264,hevc,m4v,ivf,obu,"
    "av1,dv,rm,yuv4mpegpipe"
)
_SOUND_FORMATS = "wav,w64,aiff,caf,flac,mp3,aac,ac3,eac3"
_MAX_PIXELS = 8192 * 8192


def film_url(path: Path) -> str:
    """The name that FFmpeg takes for this very file, whatever characters it holds."""
    return f"file:{path.absolute()}"


def open_film(path: Path) -> InputContainer:
    """Open a film for reading.

    Raises:
        InputError: It cannot be read, or is not a film.
    """
    return _opened(path, _FORMATS, "neither a picture nor a film")


def open_sound(path: Path) -> InputContainer:
    """Open a recording, or a film for its sound.

    Raises:
        InputError: It cannot be read, or is neither.
    """
    return _opened(path, f"{_FORMATS},{_SOUND_FORMATS}", "neither a recording nor a film")


def _opened(path: Path, formats: str, otherwise: str) -> InputContainer:
    check_input(path)
    # format_whitelist: content is sniffed, and a text that names other files must not be obeyed.
    options = {"format_whitelist": formats, "protocol_whitelist": "file"}
    try:
        return av.open(film_url(path), container_options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError, UnicodeError) as error:
        raise InputError(
            f"This is {otherwise} that can be read (or it is cut off).",
            path=path,
            next_step="Check that the file is complete and plays.",
        ) from error


def film_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream that holds the film, cover art left aside.

    Raises:
        InputError: There is none.
        UnsupportedMedia: Its pictures are too large to be real, or no decoder knows it.
    """
    for stream in container.streams.video:
        if stream.disposition & stream.disposition.__class__.attached_pic:
            continue
        if stream.codec_context is None:
            raise UnsupportedMedia("No decoder here knows this film's codec.", path=path)
        width, height = stream.codec_context.width, stream.codec_context.height
        if width <= 0 or height <= 0:
            raise InputError("The film's header does not say its size.", path=path)
        if width * height > _MAX_PIXELS:
            raise UnsupportedMedia(f"Pictures of {width}×{height} are beyond the limit of 64 Mpx.", path=path)
        return stream
    raise InputError("There is no video in this file.", path=path, next_step="Name a film or a picture.")


def display_matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    """The nine numbers that say how to show a frame; ``frame.rotation`` would hide mirroring."""
    for data in cast(Iterable[SideData], frame.side_data):
        if data.type is SideDataType.DISPLAYMATRIX:
            return struct.unpack("=9i", bytes(data)[:36])
    return None


def color_tags(frame: VideoFrame, stream: VideoStream) -> ColorTags:
    """The frame's colour tags, each completed by the stream's; values that mean nothing count as untagged."""
    context = stream.codec_context
    span = int(frame.color_range) or int(context.color_range)
    return ColorTags(
        range=span if span in (1, 2) else 0,
        space=_tag(frame.colorspace, context.colorspace),
        primaries=_tag(frame.color_primaries, context.color_primaries),
        transfer=_tag(frame.color_trc, context.color_trc),
    )


def _tag(of_frame: int, of_stream: int) -> int:
    for value in (int(of_frame), int(of_stream)):
        # 2 is "unspecified", 0 and 3 are reserved (0 is RGB for the matrix, which needs no tag to be right)
        if value not in (0, 2, 3):
            return value
    return 2
