"""What other programs read of a file's origin: XMP with the IPTC digital source type.

Every layout here is what the format's own standard says. No pixel is touched and nothing is taken away; no encoder of
ours has written a packet before.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

from understudy.safety.bmff import with_xmp_item

__all__ = ["COMPOSITE", "add_xmp", "xmp_packet"]

COMPOSITE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for a picture of which a part was made by a model."""

_FILM_BOX: Final = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")


def xmp_packet(software: str) -> bytes:
    """The packet, without the marks that only text streams need.

    Source: XMP Specification Part 1; IPTC Photo Metadata Standard, "Digital Source Type".
    """
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool={quoteattr(software)}'
        f' Iptc4xmpExt:DigitalSourceType="{COMPOSITE}"/></rdf:RDF></x:xmpmeta>'
    ).encode()


def add_xmp(path: Path, kind: str, packet: bytes) -> bool:
    """Put the packet into a file, in place.

    Args:
        path: A draft that nobody else reads.
        kind: Its media type.
        packet: From :func:`xmp_packet`.

    Returns:
        Whether this kind can hold one.

    Raises:
        OSError: It cannot be read or written.
        ValueError: It is not what ``kind`` says.
    """
    if kind in ("video/mp4", "video/quicktime"):
        # At the end, where it moves nothing (XMP Specification Part 3, 1.2.7).
        with path.open("ab") as file:
            file.write(struct.pack(">I4s", 8 + 16 + len(packet), b"uuid") + _FILM_BOX + packet)
        return True
    add = _PICTURES.get(kind)
    if add is None:
        return False
    path.write_bytes(add(path.read_bytes(), packet))
    return True


def _jpeg(data: bytes, packet: bytes) -> bytes:
    """An APP1 segment behind those that must stand first (JFIF, EXIF)."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG")
    at = 2
    while data[at : at + 2] in (b"\xff\xe0", b"\xff\xe1"):
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    content = b"http://ns.adobe.com/xap/1.0/\0" + packet
    return data[:at] + b"\xff\xe1" + struct.pack(">H", 2 + len(content)) + content + data[at:]


def _png(data: bytes, packet: bytes) -> bytes:
    """An iTXt chunk behind the header."""
    if data[12:16] != b"IHDR":
        raise ValueError("not a PNG")
    content = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + packet
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return data[:33] + chunk + data[33:]


def _webp(data: bytes, packet: bytes) -> bytes:
    """A chunk at the end; a file of a single chunk first becomes one that may have several (RFC 9649)."""
    if data[8:12] != b"WEBP":
        raise ValueError("not a WebP")
    chunks = [(name, body) for name, body in _chunks(data) if name != b"XMP "]
    if chunks[0][0] != b"VP8X":
        chunks.insert(0, (b"VP8X", _extended(*chunks[0])))
    head = chunks[0][1]
    chunks[0] = b"VP8X", bytes([head[0] | 4]) + head[1:]
    chunks.append((b"XMP ", packet))
    body = b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _extended(name: bytes, body: bytes) -> bytes:
    """The header of an extended file around one picture."""
    if name == b"VP8L":
        (bits,) = struct.unpack_from("<I", body, 1)
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    else:
        width, height = (side - 1 & 0x3FFF for side in struct.unpack_from("<HH", body, 6))
        alpha = 0
    return struct.pack("<I", alpha << 4) + struct.pack("<I", width)[:3] + struct.pack("<I", height)[:3]


def _tiff(data: bytes, packet: bytes) -> bytes:
    """The first page's directory again, at the end, with one more tag (TIFF 6.0; XMP is tag 700)."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or struct.unpack_from(f"{order}H", data, 2)[0] != 42:
        raise ValueError("not a TIFF")
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    entries = {
        struct.unpack_from(f"{order}H", data, at)[0]: data[at : at + 12]
        for at in range(start + 2, start + 2 + 12 * count, 12)
    }
    after = data[start + 2 + 12 * count :][:4]
    data += b"\0" * (len(data) % 2)
    entries[700] = struct.pack(f"{order}HHII", 700, 1, len(packet), len(data))
    data += packet + b"\0" * (len(packet) % 2)
    directory = struct.pack(f"{order}H", len(entries)) + b"".join(entries[tag] for tag in sorted(entries))
    return data[:4] + struct.pack(f"{order}I", len(data)) + data[8:] + directory + after


def _gif(data: bytes, packet: bytes) -> bytes:
    """An application block before the end; the trailer leads out of the text (XMP Specification Part 3, 1.1.2)."""
    if data[:3] != b"GIF" or data[-1:] != b";":
        raise ValueError("not a GIF")
    way_out = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return data[:-1] + b"\x21\xff\x0bXMP DataXMP" + packet + way_out + b";"


_PICTURES: Final[dict[str, Callable[[bytes, bytes], bytes]]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
    "image/tiff": _tiff,
    "image/gif": _gif,
    "image/avif": with_xmp_item,
}
