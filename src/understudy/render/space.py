"""Whether a film will fit on the disk: guessed before the work, known better with every segment."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from understudy.core.errors import DiskFull
from understudy.core.types import MediaInfo
from understudy.media.encoders import Encoding

__all__ = ["Space", "guess_size"]

# Bits a pixel: what these take whatever the picture, and what others need at most at their default quality.
_FIXED: Final = {"ffv1": 6.0, "prores_ks": 4.5}
_LOSSY: Final = 0.25
_LEAST: Final = 0.02
_SPARE: Final = 32 << 20  # bytes that are left to others


def guess_size(info: MediaInfo, encoding: Encoding, frames: int) -> int:
    """Bytes of a film before any of it is encoded: as many as the source's, within what the encoder is known for."""
    pixels = encoding.width * encoding.height * frames
    fixed = _FIXED.get(encoding.codec)
    if fixed is not None:
        return round(pixels * fixed / 8)
    bits = (
        info.path.stat().st_size
        * 8
        / max(info.stored_width * info.stored_height * (info.frames or frames), 1)
    )
    return round(pixels * min(max(bits, _LEAST), _LOSSY) / 8)


@dataclass(frozen=True)
class Space:
    """What a render needs of its disks.

    Attributes:
        journals: A folder on the disk that takes the segments.
        output: The film's final name, on the disk that takes the joined film and its signed copy.
        frames: Of the whole film; None while that cannot be told, and nothing then is foreseen.
    """

    journals: Path
    output: Path
    frames: int | None

    def check(self, size: int, done: int = 0) -> None:
        """Stop before the disk is full.

        Args:
            size: Bytes of the whole film, guessed or projected.
            done: Bytes that are committed of it.

        Raises:
            DiskFull: It will not fit; names how much to free.
        """
        segments = max(size - done, 0)
        if _device(self.journals) == _device(self.output.parent):
            self._demand(self.journals, segments + 2 * size)
        else:
            self._demand(self.journals, segments)
            self._demand(self.output.parent, 2 * size)

    def watch(self, frames: int, done: int) -> None:
        """Project from what is committed.

        Args:
            frames, done: Frames and bytes that are committed.

        Raises:
            DiskFull: The rest will not fit.
        """
        if self.frames and frames:
            self.check(round(done / frames * max(self.frames, frames)), done)

    def _demand(self, place: Path, size: int) -> None:
        free = shutil.disk_usage(place).free
        if free < size + _SPARE:
            raise DiskFull(
                f"The film needs about {_said(size)} there, for its segments, their join and signing, "
                f"and {_said(free)} are free.",
                path=place,
                next_step="Free some space and run the same command again; what is rendered is kept.",
            )


def _device(path: Path) -> int:
    return path.stat().st_dev


def _said(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 1):.0f} MB"
