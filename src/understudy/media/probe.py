"""What a file holds, told by its content and never by its name."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from understudy.core.errors import InputError, UnsupportedMedia
from understudy.core.types import AudioStreamInfo, MediaInfo
from understudy.media.animation import animation_info, is_animation
from understudy.media.color import ColorTags
from understudy.media.container import color_tags, display_matrix, film_stream, open_film
from understudy.media.files import check_input
from understudy.media.hdr import mastering
from understudy.media.orientation import orientation_of_matrix, upright_size
from understudy.media.sequence import sequence_files, sequence_info

__all__ = ["film_info", "probe", "sniff_kind"]

_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PICTURE_BRANDS = (b"avif", b"avis", b"mif1", b"msf1")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_REFUSED_STARTS = {
    b"%!PS": "PostScript is a program, not a picture.",
    b"\xc5\xd0\xd3\xc6": "PostScript is a program, not a picture.",
    b"%PDF": "This is a PDF document.",
    b"<svg": "SVG is a drawing, not a picture.",
    b"<?xml": "This is an XML text, not a picture.",
}
_RANGES = {1: "tv", 2: "pc"}
_SPACES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}
_PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020",
    12: "smpte432",
}
_TRANSFERS = {1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 13: "srgb", 14: "bt2020-10"} | {
    15: "bt2020-12",
    16: "smpte2084",
    18: "arib-std-b67",
}


def sniff_kind(path: Path) -> Literal["photo", "video"]:
    """Whether a file is a picture or a film.

    Raises:
        InputError: It cannot be read or is neither.
        UnsupportedMedia: It is a kind that is refused.
    """
    if sequence_files(path):
        return "video"
    check_input(path)
    with path.open("rb") as file:
        head = file.read(64)
    for start, reason in _REFUSED_STARTS.items():
        if head.lstrip().startswith(start):
            raise UnsupportedMedia(reason, path=path, next_step="Export it as PNG or JPEG first.")
    if is_animation(head, path):
        return "video"
    if head.startswith(_PICTURE_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "photo"
    if head[4:8] == b"ftyp":
        if head[8:12] in _HEIC_BRANDS or (head[8:12] in (b"mif1", b"msf1") and b"heic" in head):
            raise UnsupportedMedia(
                "This is a HEIC picture, and there is no codec for it here.",
                path=path,
                next_step="Export it as JPEG, PNG or AVIF first.",
            )
        if head[8:12] in _PICTURE_BRANDS:
            return "photo"
    with open_film(path) as container:
        film_stream(container, path)
    return "video"


def probe(path: Path) -> MediaInfo:
    """Read what a picture or film is; of a film the first frame is decoded, for its turn and colours.

    Raises:
        InputError: It cannot be read, is cut off before its first frame, or is neither.
        UnsupportedMedia: It is a kind that is refused.
    """
    if sniff_kind(path) == "photo":
        from understudy.media.photo import photo_info

        return photo_info(path)
    if sequence_files(path):
        return sequence_info(path)
    with path.open("rb") as file:
        if is_animation(file.read(64), path):
            return animation_info(path)
    with open_film(path) as container:
        stream = film_stream(container, path)
        return film_info(container, stream, path)


def film_info(container: InputContainer, stream: VideoStream, path: Path) -> MediaInfo:
    """Like :func:`probe` for a container that is open; it is left behind the first frame.

    Raises:
        InputError: Not one frame can be decoded.
    """
    first = _first_frame(container, stream, path)
    context = stream.codec_context
    matrix = display_matrix(first)
    orientation = orientation_of_matrix(matrix)
    width, height = upright_size(first.width, first.height, orientation)
    rate = stream.average_rate or stream.guessed_rate
    duration = _duration(container, stream)
    estimate = round(duration * rate) if duration and rate else None
    return MediaInfo(
        path=path,
        kind="video",
        container=container.format.name.split(",")[0] if "mp4" not in container.format.name else "mp4",
        codec=context.name,
        width=width,
        height=height,
        stored_width=first.width,
        stored_height=first.height,
        orientation=orientation,
        display_matrix=matrix,
        pixel_format=first.format.name,
        bit_depth=max(component.bits for component in first.format.components),
        time_base=stream.time_base,
        average_rate=rate,
        duration=duration,
        start=stream.start_time,
        frames=stream.frames or estimate,
        exact_frames=bool(stream.frames),
        sample_aspect_ratio=stream.sample_aspect_ratio or Fraction(1),
        color=_color_names(color_tags(first, stream)),
        mastering=mastering(first),
        audio=tuple(
            AudioStreamInfo(
                audio.index,
                audio.codec_context.name if audio.codec_context else "unknown",
                audio.codec_context.sample_rate if audio.codec_context else 0,
                audio.codec_context.channels if audio.codec_context else 0,
                audio.metadata.get("language"),
            )
            for audio in container.streams.audio
        ),
    )


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> av.VideoFrame:
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                continue
            for frame in frames:
                if isinstance(frame, av.VideoFrame):
                    return frame
    except av.FFmpegError as error:
        raise InputError("No frame of this film can be decoded.", path=path) from error
    raise InputError("This film has no frame in it.", path=path, next_step="Copy or download it again.")


def _duration(container: InputContainer, stream: VideoStream) -> Fraction | None:
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    if container.duration:
        return Fraction(container.duration, av.time_base)
    return None


def _color_names(tags: ColorTags) -> dict[str, str]:
    names = {
        "range": _RANGES.get(tags.range),
        "space": _SPACES.get(tags.space),
        "primaries": _PRIMARIES.get(tags.primaries),
        "transfer": _TRANSFERS.get(tags.transfer),
    }
    return {key: name for key, name in names.items() if name is not None}
