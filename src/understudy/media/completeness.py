"""Whether a film goes on behind the end of its file.

Decoders stop at such an end as at any other; only the container's outermost elements say that something is missing.
Source of the layouts: ISO/IEC 14496-12, 4.2 (boxes); RFC 8794, 4 and 6 (EBML's numbers); the RIFF specification, 2.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

__all__ = ["is_cut_off"]

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", 0x18538067
_BOXES = {b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"styp", b"sidx"}


def is_cut_off(path: Path) -> bool:
    """Whether an MP4, MOV, Matroska, WebM or AVI is shorter than it says; of other kinds nothing is known."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        file.seek(0)
        if head[:4] == _EBML:
            return _end_of_segment(file) > size
        if head[:4] == b"RIFF":
            return int.from_bytes(head[4:8], "little") + 8 > size
        return head[4:8] in _BOXES and _end_of_boxes(file, size) > size


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    place = 0
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 0:  # to the end of the file
            return size
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            return size  # no box any more
        place += length
    return place


def _end_of_segment(file: BinaryIO) -> int:
    """Where the first segment ends; 0 when that is not said, as in a live recording."""
    while True:
        number = _number(file, keep_marker=True)
        length = _number(file, keep_marker=False)
        if number is None or length is None:
            return 0
        if number == _SEGMENT:
            return file.tell() + length
        file.seek(length, os.SEEK_CUR)


def _number(file: BinaryIO, *, keep_marker: bool) -> int | None:
    """A number of variable length; None at the end, and for the size that is reserved for "unknown"."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    count = 8 - first[0].bit_length()
    data = first + file.read(count)
    value = int.from_bytes(data, "big")
    if keep_marker:
        return value
    mask = (1 << 7 * (count + 1)) - 1
    return None if value & mask == mask else value & mask
