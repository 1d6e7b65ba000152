"""Where the parts of an analysis lie: named pieces of bytes, in a folder or in memory."""

from __future__ import annotations

import io
import json
import zlib
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from understudy.analysis.coding import Columns

__all__ = [
    "HEADER",
    "FolderShelf",
    "Shelf",
    "Unsound",
    "read_columns",
    "read_header",
    "seal",
    "write_columns",
]

HEADER: Final = "header.json"
"""The piece that makes an analysis of the others."""
SCHEMA: Final = 1


class Unsound(Exception):
    """What lies there is not a whole analysis, or of another kind."""


class Shelf(Protocol):
    """Named pieces of bytes; a plain dictionary is one."""

    def __getitem__(self, name: str, /) -> bytes:
        """A piece.

        Raises:
            KeyError: There is none of that name.
        """

    def __setitem__(self, name: str, data: bytes, /) -> None:
        """Put a piece there."""


class FolderShelf:
    """A folder with a file for each piece.

    Args:
        folder: It.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise KeyError(name) from error

    def __setitem__(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)


def write_columns(shelf: Shelf, name: str, columns: Columns) -> tuple[str, int]:
    """Put columns on the shelf, compressed; gives the name and the check sum for :func:`seal`."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **columns)  # type: ignore[arg-type] # its stub takes the names for options
    data = buffer.getvalue()
    shelf[name] = data
    return name, zlib.crc32(data)


def read_columns(shelf: Shelf, name: str) -> Columns:
    """What :func:`write_columns` put there."""
    with np.load(io.BytesIO(shelf[name]), allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def seal(shelf: Shelf, sums: dict[str, int], said: dict[str, Any]) -> None:
    """Write the header, which makes an analysis of the pieces.

    Args:
        shelf: With all of them.
        sums: Check sums by name.
        said: Whatever else is to stand in it.
    """
    header = {"schema": SCHEMA, "sums": sums, **said}
    shelf[HEADER] = json.dumps(header).encode()


def read_header(shelf: Shelf) -> dict[str, Any]:
    """The header, when every piece is as it was written.

    Raises:
        Unsound: One is missing or differs, or another version wrote them.
    """
    try:
        header: dict[str, Any] = json.loads(shelf[HEADER])
        if header["schema"] != SCHEMA:
            raise Unsound("it is of another version")
        for name, expected in header["sums"].items():
            if zlib.crc32(shelf[name]) != expected:
                raise Unsound(f"{name} differs from what was written")
    except (KeyError, ValueError, TypeError) as error:
        raise Unsound(str(error)) from error
    return header
