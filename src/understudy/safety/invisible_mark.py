"""A mark that nobody sees and that may be read even where the Content Credentials were cut off.

It is the same in every picture of every installation: 32 bits that say "made with Understudy" and nothing of who,
when or from what. Anybody can write it, and enough of a change removes it; so it proves nothing, neither by being
there nor by being away. ``docs/safety.md`` says what it survives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from understudy.core.errors import InputError
from understudy.core.types import FloatArray
from understudy.media.frame import Frame
from understudy.vision.roles import Mark, MarkReader, Picture

__all__ = ["ENOUGH", "MARK", "Reading", "read_mark", "write_mark"]

MARK: Final = np.unpackbits(np.frombuffer(hashlib.sha256(b"Understudy").digest()[:4], np.uint8)).astype(
    np.float32
)
"""(32,) of 0 and 1, 16 of each."""

ENOUGH: Final = 27
"""Bits that have to fit; 27 or more of 32 fit by chance in 6 of 100,000 pictures (a coin tossed for each bit)."""


@dataclass(frozen=True)
class Reading:
    """What was read of a mark.

    Attributes:
        bits: How many of its bits fit.
        of: How many it has.
        pictures: How many pictures were looked at.
    """

    bits: int
    of: int
    pictures: int

    @property
    def found(self) -> bool:
        """Whether so many fit that it is hardly by chance."""
        return self.bits >= ENOUGH


def write_mark(frame: Frame, mark: Mark) -> None:
    """Lay the mark over the whole of a frame, in place.

    Raises:
        ModelError: The network's answer is none.
    """
    frame.shift(mark.change(frame, MARK))


def read_mark(pictures: Iterable[Picture], reader: MarkReader) -> Reading:
    """Read the mark out of pictures that would all have it; each has a say as sure as it is.

    Args:
        pictures: At least one.
        reader: The network.

    Raises:
        InputError: There is no picture.
        ModelError: The network's answer is none.
    """
    total, count = np.zeros(MARK.size, np.float32), 0
    for picture in pictures:
        total += _clear(reader.read(picture))
        count += 1
    if not count:
        raise InputError("There is no picture in it in which a mark could be.")
    return Reading(int(((total > 0) == (MARK > 0)).sum()), MARK.size, count)


def _clear(bits: FloatArray) -> FloatArray:
    """Each bit from −1 to 1, so that one picture of many does not outvote the others."""
    return np.tanh(bits)
