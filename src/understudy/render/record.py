"""What is written down of a render for its report: of every frame, of the moments that were measured, and pictures.

The record of a segment lies beside it in the journal, so that the report of a render that was taken up again is whole.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from understudy.core.system import sync_file
from understudy.media.files import output_error

__all__ = ["FACE", "FRAME", "SAMPLE", "Glimpse", "Record", "joined", "record_name"]

FRAME: Final = np.dtype([("number", "i4"), ("time", "f8"), ("shot", "i4")])
"""Of each frame its number and time since the film's beginning, and its shot's number; all from 0."""

FACE: Final = np.dtype(
    [
        *(("frame", "i4"), ("track", "i4"), ("person", "i4"), ("actor", "i2")),
        *(("drawn", "?"), ("bridged", "?"), ("weight", "f4"), ("confidence", "f4"), ("flags", "U32")),
        *(("x", "f4"), ("y", "f4"), ("size", "f4")),
    ]
)
"""Of each face that was to be changed what the analysis says of it (person -1 is nobody known), whether it was, and the
middle and the longer side of its box in upright pixels."""

SAMPLE: Final = np.dtype(
    [("frame", "i4"), ("track", "i4"), ("likeness", "f4"), ("expression", "f4"), ("flicker", "f4")]
)
"""What was measured on a face; not a number where it was not."""

_SEEN: Final = np.dtype([("frame", "i4"), ("track", "i4"), ("trust", "f4")])


@dataclass(frozen=True, eq=False)
class Glimpse:
    """A doubtful moment as it looks.

    Attributes:
        frame, track: Which.
        trust: How far it can be trusted, 0 to 1.
        before, after: JPEG of the face's surroundings.
    """

    frame: int
    track: int
    trust: float
    before: bytes
    after: bytes


@dataclass(frozen=True, eq=False)
class Record:
    """What is known of some frames.

    Attributes:
        frames: (n,) :data:`FRAME`.
        faces: (m,) :data:`FACE`.
        samples: (k,) :data:`SAMPLE`.
        glimpses: Of doubtful moments.
    """

    frames: NDArray[Any]
    faces: NDArray[Any]
    samples: NDArray[Any]
    glimpses: tuple[Glimpse, ...] = ()

    def __post_init__(self) -> None:
        for rows, kind in ((self.frames, FRAME), (self.faces, FACE), (self.samples, SAMPLE)):
            if rows.dtype != kind or rows.ndim != 1:
                raise ValueError(f"a record has rows of {rows.dtype}, not {kind}")

    def save(self, path: Path) -> None:
        """Write it to the disk.

        Raises:
            OutputError: It cannot be written.
        """
        seen = np.array([(each.frame, each.track, each.trust) for each in self.glimpses], _SEEN)
        pictures: dict[str, Any] = {
            f"{side}{index}": np.frombuffer(data, np.uint8)
            for index, each in enumerate(self.glimpses)
            for side, data in (("before", each.before), ("after", each.after))
        }
        try:
            with path.open("wb") as file:
                np.savez_compressed(
                    file, frames=self.frames, faces=self.faces, samples=self.samples, seen=seen, **pictures
                )
            sync_file(path)
        except OSError as error:
            raise output_error(error, path) from error

    @classmethod
    def load(cls, path: Path) -> Record | None:
        """What :meth:`save` wrote; None when it is not there or not whole."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                glimpses = tuple(
                    Glimpse(
                        int(row["frame"]),
                        int(row["track"]),
                        float(row["trust"]),
                        kept[f"before{index}"].tobytes(),
                        kept[f"after{index}"].tobytes(),
                    )
                    for index, row in enumerate(kept["seen"])
                )
                return cls(kept["frames"], kept["faces"], kept["samples"], glimpses)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None


def joined(records: Iterable[Record]) -> Record:
    """Several records as one, in the order given."""
    parts = list(records)

    def rows(name: str, kind: np.dtype[Any]) -> NDArray[Any]:
        found: Sequence[NDArray[Any]] = [getattr(part, name) for part in parts]
        return np.concatenate([np.empty(0, kind), *found])

    return Record(
        rows("frames", FRAME),
        rows("faces", FACE),
        rows("samples", SAMPLE),
        tuple(glimpse for part in parts for glimpse in part.glimpses),
    )


def record_name(index: int) -> str:
    """Name of the record of a segment of this number."""
    return f"{index:06d}.npz"
