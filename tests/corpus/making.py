"""Films and bytes that the catalogue's cases are made of."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from patches import ACCURATE, picture, turned

from films import _add_sound

__all__ = ["MATRICES", "boxes", "film", "flagged", "png", "png_chunk", "with_cover", "with_no_frames"]

_ONE, _SIZE = 1 << 16, (64, 48)
MATRICES = {  # EXIF number: display matrix of a stored 64×48 picture (48×64 upright from 5 on)
    2: (-_ONE, 0, 0, 0, _ONE, 0, 64 << 16, 0, 1 << 30),
    3: (-_ONE, 0, 0, 0, -_ONE, 0, 64 << 16, 48 << 16, 1 << 30),
    4: (_ONE, 0, 0, 0, -_ONE, 0, 0, 48 << 16, 1 << 30),
    5: (0, _ONE, 0, _ONE, 0, 0, 0, 0, 1 << 30),
    6: (0, _ONE, 0, -_ONE, 0, 0, 48 << 16, 0, 1 << 30),
    7: (0, -_ONE, 0, -_ONE, 0, 0, 48 << 16, 64 << 16, 1 << 30),
    8: (0, -_ONE, 0, _ONE, 0, 0, 0, 64 << 16, 1 << 30),
}


def film(
    path: Path,
    *,
    pts: Sequence[int] = tuple(range(12)),
    time_base: Fraction = Fraction(1, 24),
    size: tuple[int, int] = _SIZE,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    container: str | None = None,
    options: dict[str, str] | None = None,
    tags: tuple[int, int, int, int] = (1, 1, 1, 1),
    turn: int = 1,
    sar: Fraction | None = None,
    rate: int = 24,
    audio: Sequence[str] = (),
    audio_start: float = 0.0,
    metadata: dict[str, str] | None = None,
    interlaced: bool = False,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Encode :func:`patches.picture`, almost without loss; ``tags`` are range, space, primaries, transfer."""
    lossless = {"libx264": {"crf": "4", "preset": "veryfast"}, "libx265": {"crf": "4", "preset": "ultrafast"}}
    settings = {**lossless.get(codec, {}), **(options or {})}
    with av.open(f"file:{path}", "w", format=container, container_options=container_options or {}) as out:
        stream = out.add_stream(codec, rate=rate, options=settings, time_base=time_base)
        context = stream.codec_context
        context.width, context.height = size
        context.pix_fmt = pixel_format
        context.time_base = time_base
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = tags
        if sar:
            context.sample_aspect_ratio = sar
        if turn > 1:
            stream.set_display_matrix(list(MATRICES[turn]))
        sounds = [out.add_stream(name, rate=48000) for name in audio]
        for number, sound in enumerate(sounds):
            sound.metadata["language"] = ("eng", "deu", "fra")[number]
        out.metadata.update(metadata or {})
        for index, time in enumerate(pts):
            frame = video_frame(index, size, pixel_format, tags, turn)
            frame.pts, frame.time_base = time, time_base
            out.mux(stream.encode(flagged(frame) if interlaced else frame))
        out.mux(stream.encode(None))
        length = float((pts[-1] + 1) * time_base)
        for number, sound in enumerate(sounds):
            _add_sound(out, sound, length, audio_start, 330 * (number + 1))
    return path


def video_frame(
    index: int, size: tuple[int, int], pixel_format: str, tags: tuple[int, int, int, int], turn: int = 1
) -> av.VideoFrame:
    """One picture in a pixel format, converted with the tags' matrix and range."""
    upright = size[::-1] if turn >= 5 else size
    pixels = np.ascontiguousarray(turned(picture(index, *upright), turn, back=True))
    rgb = av.VideoFormat(pixel_format).is_rgb or pixel_format.startswith(("gray", "pal"))
    full = tags[0] == 2 or pixel_format.startswith("yuvj")
    return av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(
        format=pixel_format,
        dst_colorspace=None if rgb or tags[1] == 2 else tags[1],
        dst_color_range=None if rgb else 2 if full else 1,
        interpolation=ACCURATE,
    )


def flagged(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame, said to be interlaced with its top field first."""
    graph = av.filter.Graph()
    nodes = (
        graph.add_buffer(template=None, **_buffer(frame)),
        graph.add("setfield", "tff"),
        graph.add("buffersink"),
    )
    graph.link_nodes(*nodes).configure()
    graph.push(frame)
    flagged = graph.pull()
    assert isinstance(flagged, av.VideoFrame)
    return flagged


def _buffer(frame: av.VideoFrame) -> dict[str, Any]:
    return {
        "width": frame.width,
        "height": frame.height,
        "format": frame.format,
        "time_base": frame.time_base,
    }


def with_no_frames(path: Path) -> Path:
    """A header and nothing behind it."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.codec_context.width, stream.codec_context.height = _SIZE
        stream.codec_context.pix_fmt = "yuv420p"
        out.start_encoding()
    return path


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of the boxes of an MP4, one level of them."""
    place, end = start, len(data) if end is None else end
    while place + 8 <= end:
        size = struct.unpack_from(">I", data, place)[0]
        yield data[place + 4 : place + 8].decode("latin1"), place, place + size
        place += size


def with_cover(path: Path, jpeg: bytes) -> Path:
    """Put cover art into an MP4 whose index comes last, before every other stream."""
    data = path.read_bytes()
    [(start, end)] = [(start, end) for kind, start, end in boxes(data) if kind == "moov"]
    assert end == len(data), "the index must come last, or offsets would change"
    [(_, _, header_end)] = [box for box in boxes(data, start + 8, end) if box[0] == "mvhd"]
    value = _box(b"data", struct.pack(">II", 13, 0) + jpeg)  # 13 says JPEG
    handler = _box(b"hdlr", struct.pack(">IIII", 0, 0, 0x6D646972, 0x6170706C) + bytes(9))
    meta = _box(b"meta", bytes(4) + handler + _box(b"ilst", _box(b"covr", value)))
    inside = data[start + 8 : header_end] + _box(b"udta", meta) + data[header_end:end]
    path.write_bytes(data[:start] + _box(b"moov", inside))
    return path


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, bits: int, color: int, data: bytes, *more: bytes) -> bytes:
    """A PNG out of packed lines, filter bytes included; ``more`` are chunks before the data."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    parts = (png_chunk(b"IHDR", header), *more, png_chunk(b"IDAT", data), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def blank_png(side: int) -> bytes:
    """A black picture of one bit a pixel, compressed a thousandfold."""
    line = bytes(1 + side // 8) * 64
    press = zlib.compressobj(9)
    data = b"".join(press.compress(line) for _ in range(side // 64)) + press.flush()
    return png(side, side, 1, 0, data)
