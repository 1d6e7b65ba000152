"""Adding an item to a picture in the ISO base media format (AVIF).

Source: ISO/IEC 14496-12 (boxes, ``iloc``, ``iinf``, ``iref``) and 23008-12, annex A (XMP as an item of its own).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["with_xmp_item"]


def with_xmp_item(data: bytes, packet: bytes) -> bytes:
    """The same picture with one more item, which describes the first.

    Args:
        data: A file whose ``meta`` box lies before the data, as encoders write it.
        packet: The item's bytes; they go to the end.

    Raises:
        ValueError: The file is none, or says where its items are in a way that no encoder of ours does.
    """
    boxes = list(_boxes(data, 0, len(data)))
    start, end = next(((at, stop) for name, at, stop in boxes if name == b"meta"), (0, 0))
    if not end:
        raise ValueError("not an AVIF")
    parts = {name: data[at:stop] for name, at, stop in _boxes(data, start + 12, end)}
    primary = struct.unpack_from(">H", parts[b"pitm"], 12)[0]
    items = parts[b"iinf"]
    (count,) = struct.unpack_from(">H", items, 12)
    if items[8] != 0 or parts[b"iloc"][8] > 1 or parts[b"pitm"][8] != 0:
        raise ValueError("an unknown version of its boxes")
    number = 1 + max(
        struct.unpack_from(">H", items, at + 12)[0] for _, at, _ in _boxes(items, 14, len(items))
    )
    entry = struct.pack(">HH4s", number, 0, b"mime") + b"XMP\0application/rdf+xml\0\0"
    items = items[:12] + struct.pack(">H", count + 1) + items[14:] + _box(b"infe", b"\2\0\0\0" + entry)
    parts[b"iinf"] = _box(b"iinf", items[8:])
    describes = _box(b"cdsc", struct.pack(">HHH", number, 1, primary))
    parts[b"iref"] = _box(b"iref", parts.get(b"iref", bytes(12))[8:] + describes)
    # What the box grows by is known only when the place of each item is written; its own size does not depend on that.
    located = _located(parts[b"iloc"], number, 0, 0, len(packet))
    grown = sum(map(len, (*parts.values(), located))) - len(parts[b"iloc"]) + 12 - (end - start)
    parts[b"iloc"] = _located(parts[b"iloc"], number, grown, len(data) + grown + 8, len(packet))
    meta = _box(b"meta", data[start + 8 : start + 12] + b"".join(parts.values()))
    return data[:start] + meta + data[end:] + _box(b"mdat", packet)


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of each."""
    while start + 8 <= end:
        length, name = struct.unpack_from(">I4s", data, start)
        stop = start + length if length else end
        if length == 1 or stop > end or stop < start + 8:
            raise ValueError("a box without an end")
        yield name, start, stop
        start = stop


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def _located(box: bytes, number: int, shift: int, offset: int, length: int) -> bytes:
    """An ``iloc`` box in which everything has moved by ``shift``, and that knows one item more."""
    version, sizes, based = box[8], box[12], box[13]
    if sizes != 0x44 or based >> 4 not in (0, 4) or based & 15:
        raise ValueError("an unknown layout of its items")
    base = based >> 4
    (count,) = struct.unpack_from(">H", box, 14)
    out, at = box[8:14] + struct.pack(">H", count + 1), 16
    for _ in range(count):
        head = 2 + 2 * version + 2 + base
        (extents,) = struct.unpack_from(">H", box, at + head)
        # Only what is counted from the file's start has moved, and what has a base moves with it.
        within = version == 1 and struct.unpack_from(">H", box, at + 2)[0] & 15
        out += box[at : at + head + 2]
        at += head + 2
        for _ in range(extents):
            start, size = struct.unpack_from(">II", box, at)
            out += struct.pack(">II", start if within else start + shift, size)
            at += 8
    out += struct.pack(">H", number) + bytes(2 * version + 2 + base) + struct.pack(">HII", 1, offset, length)
    return _box(b"iloc", out)
