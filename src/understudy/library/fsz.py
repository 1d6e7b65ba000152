"""Facesets of roop-unleashed: a zip of ``0.png``, ``1.png``, …, each with one face of the same person.

Such files are passed around, so nothing in them is believed: a name is only a name, nothing is unpacked onto the disk,
and sizes are bounded before anything is decoded.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from understudy.core.errors import InputError, UnsupportedMedia
from understudy.media.files import check_input
from understudy.media.frame import Frame

__all__ = ["FszPicture", "decode", "is_fsz", "read_fsz"]

_MOST_MEMBERS: Final = 2000
_MOST_BYTES: Final = 64 * 2**20  # of one picture's file
_MOST_PIXELS: Final = 40_000_000  # of one picture
_ZIP: Final = b"PK\x03\x04"
_PNG: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class FszPicture:
    """One picture of a faceset.

    Attributes:
        name: Inside the file, such as ``"0.png"``.
        data: The PNG.
    """

    name: str
    data: bytes


def is_fsz(path: Path) -> bool:
    """Whether a file is a faceset, by its content: no picture or film begins like a zip."""
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def read_fsz(path: Path) -> Iterator[FszPicture]:
    """The pictures of a faceset, one after another, in the file's order.

    As in roop-unleashed only names that end in lower-case ``.png`` count.

    Raises:
        InputError: It is no zip, damaged, encrypted, or holds no picture.
        UnsupportedMedia: It has folders, or more or larger files than a faceset has.
    """
    check_input(path)
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in _pictures(archive, path):
                with archive.open(entry) as file:
                    data = file.read(_MOST_BYTES + 1)
                if len(data) > _MOST_BYTES:
                    raise _too_large(path, entry.filename)
                yield FszPicture(entry.filename, data)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        # RuntimeError is an encrypted file's, NotImplementedError an unknown compression's.
        raise InputError(
            f"The faceset cannot be read: {error}.", path=path, next_step="Copy or download it again."
        ) from error


def decode(path: Path, picture: FszPicture) -> Frame:
    """The pixels of a picture.

    Args:
        path: The faceset, for errors.
        picture: Of it.

    Raises:
        InputError: It is no PNG or damaged.
        UnsupportedMedia: It has too many pixels.
    """
    width, height = _size(path, picture)
    if width * height > _MOST_PIXELS:
        raise _too_large(path, picture.name)
    try:
        pixels = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise InputError(f"{picture.name} in it is damaged.", path=path, next_step="Make the faceset again.")
    return Frame.from_bgr(np.asarray(pixels, np.uint8))


def _pictures(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > _MOST_MEMBERS:
        raise UnsupportedMedia(
            f"This faceset has {len(entries)} files; more than {_MOST_MEMBERS} are not read.", path=path
        )
    for entry in entries:
        if "/" in entry.filename or "\\" in entry.filename:
            raise UnsupportedMedia(
                f"This faceset has a folder in it ({entry.filename!r}), which none has.",
                path=path,
                next_step="Zip the pictures themselves, without their folder; or give the unpacked folder.",
            )
    pictures = [entry for entry in entries if entry.filename.endswith(".png")]
    if not pictures:
        raise InputError(
            "There is no picture in this faceset.", path=path, next_step="It must hold 0.png, 1.png, …"
        )
    for entry in pictures:
        if entry.file_size > _MOST_BYTES:
            raise _too_large(path, entry.filename)
    return pictures


def _size(path: Path, picture: FszPicture) -> tuple[int, int]:
    """Width and height from the header, before any pixel is decoded."""
    head = picture.data[:24]
    if len(head) < 24 or not head.startswith(_PNG) or head[12:16] != b"IHDR":
        raise InputError(f"{picture.name} in it is no PNG.", path=path, next_step="Make the faceset again.")
    width, height = struct.unpack(">II", head[16:24])
    return int(width), int(height)


def _too_large(path: Path, name: str) -> UnsupportedMedia:
    return UnsupportedMedia(f"{name} in this faceset is too large to be a face.", path=path)
