"""Which bytes of a marked file no hash covers; docs/provenance.md lists them."""

from __future__ import annotations

import re

__all__ = ["uncovered"]

_LABELS = (b"c2pa", b"c2pa.assertions", b"c2pa.claim.v2", b"c2pa.signature")
_BOX = re.compile(
    rb"jumb....jumd.{16}\x03(" + b"|".join(map(re.escape, _LABELS)) + rb"|urn:c2pa:[-0-9a-f]+)\0", re.DOTALL
)
_PAD = re.compile(rb"cpad[\x58\x59].{1,2}?\0+", re.DOTALL)


def uncovered(data: bytes, kind: str) -> set[int]:
    """Places in a file whose change changes nothing that the file shows or says.

    These are the frame of the credentials (the headers that a format puts before them, the labels and lengths of their
    outer boxes), the padding in their signature, and the list of brands at the start of an MP4, MOV or AVIF.
    """
    if kind == "gif":
        return _in_blocks(data)
    places = _frame(data)
    first = data.find(b"jumb")
    if kind == "png":  # its chunk's check sum
        end = first - 4 + int.from_bytes(data[first - 4 : first])
        places |= {*range(end, end + 4)}
    if kind in ("mp4", "mov", "avif"):
        places |= {*range(int.from_bytes(data[:4]))}
    return places


def _frame(data: bytes) -> set[int]:
    places: set[int] = set()
    for box in _BOX.finditer(data):
        places |= {*range(box.start() - 4, box.start() + 4), *range(*box.span(1))}
    for pad in _PAD.finditer(data):
        places |= {*range(*pad.span())}
    first = data.find(b"jumb")
    return places | {*range(first - 48, first)}


def _in_blocks(data: bytes) -> set[int]:
    """The same in a GIF, where a byte of length comes before every 255 of them."""
    at = data.index(b"C2PA_GIF") + 11
    where = [*range(at)]
    while data[at]:
        where += range(at + 1, at + 1 + data[at])
        at += 1 + data[at]
    return {where[place] for place in _frame(bytes(data[place] for place in where))}
