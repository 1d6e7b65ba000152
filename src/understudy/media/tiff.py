"""What Pillow and OpenCV cannot do with 16-bit TIFFs.

Pillow writes no 16-bit colour; OpenCV's writer drops the profile, and its reader fails on turned pictures.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["encode_tiff", "without_orientation"]

_SHORT, _LONG, _RATIONAL, _UNDEFINED = 3, 4, 5, 7
_SIZES = {_SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1}


def encode_tiff(pixels: NDArray[np.uint16], icc: bytes | None, dpi: tuple[float, float] | None) -> bytes:
    """A little-endian baseline TIFF with one Deflate strip.

    Args:
        pixels: (height, width) grey, or (height, width, 2 to 4): grey + alpha, RGB, RGB + alpha.
        icc: Colour profile.
        dpi: Horizontal and vertical resolution.

    Source: TIFF Revision 6.0 (Adobe, 1992); compression 8 is Adobe's TIFF Technical Note on Deflate.
    """
    height, width = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    strip = zlib.compress(pixels.astype("<u2").tobytes(), 6)
    tags: dict[int, tuple[int, bytes]] = {
        256: _longs(width),
        257: _longs(height),
        258: _shorts(*[16] * samples),
        259: _shorts(8),
        262: _shorts(2 if samples >= 3 else 1),
        273: _longs(8),
        277: _shorts(samples),
        278: _longs(height),
        279: _longs(len(strip)),
        284: _shorts(1),
    }
    if dpi is not None:
        tags[282], tags[283] = _rational(dpi[0]), _rational(dpi[1])
        tags[296] = _shorts(2)
    if samples in (2, 4):
        tags[338] = _shorts(2)
    if icc is not None:
        tags[34675] = (_UNDEFINED, icc)
    start = 8 + len(strip) + len(strip) % 2
    head = struct.pack("<2sHI", b"II", 42, start)
    return head + strip + b"\0" * (len(strip) % 2) + _directory(tags, start)


def without_orientation(data: bytes) -> bytes:
    """The same file, its first page declared upright."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f"{order}HH", data, entry)
        if (tag, kind) == (274, _SHORT):
            return data[: entry + 8] + struct.pack(f"{order}H", 1) + data[entry + 10 :]
    return data


def _directory(tags: dict[int, tuple[int, bytes]], start: int) -> bytes:
    entries, extra = b"", b""
    extra_start = start + 2 + 12 * len(tags) + 4
    for tag in sorted(tags):
        kind, value = tags[tag]
        count = len(value) // _SIZES[kind]
        if len(value) <= 4:
            entries += struct.pack("<HHI4s", tag, kind, count, value)
        else:
            entries += struct.pack("<HHII", tag, kind, count, extra_start + len(extra))
            extra += value + b"\0" * (len(value) % 2)
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0) + extra


def _shorts(*values: int) -> tuple[int, bytes]:
    return _SHORT, struct.pack(f"<{len(values)}H", *values)


def _longs(*values: int) -> tuple[int, bytes]:
    return _LONG, struct.pack(f"<{len(values)}I", *values)


def _rational(value: float) -> tuple[int, bytes]:
    return _RATIONAL, struct.pack("<II", round(value * 1000), 1000)
