"""Where an actor's photos come from: files, folders of photos, and facesets (.fsz)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from understudy.app.content import content_of, png_content
from understudy.core.errors import InputError, UnsupportedMedia
from understudy.core.plan import Content
from understudy.library.fsz import decode, is_fsz, read_fsz
from understudy.media.files import check_input
from understudy.media.images import PHOTO_SUFFIXES, read_image
from understudy.media.probe import sniff_kind
from understudy.vision.roles import Picture

__all__ = ["Snapshot", "open_album"]

_MOST_FILES = 2000


@dataclass(frozen=True)
class Snapshot:
    """A photo that is not read yet.

    Attributes:
        name: As a user would say it: ``"ada.jpg"``, ``"ada/1.jpg"``, ``"ada.fsz/0.png"``.
        path: The file that it is in.
        loose: It is one of a folder or faceset, and can be left out when it is of no use.
        read: Gives the picture.
        content: Gives its content address.
    """

    name: str
    path: Path
    loose: bool
    read: Callable[[], Picture]
    content: Callable[[], Content]


def open_album(paths: Sequence[Path]) -> Iterator[Snapshot]:
    """The photos in these files, folders and facesets, in that order.

    Raises:
        InputError: One cannot be read, or holds no photo.
        UnsupportedMedia: One is a film, or a faceset that is refused.
    """
    for path in paths:
        if path.is_dir():
            yield from _folder(path)
            continue
        check_input(path)
        if is_fsz(path):
            yield from _faceset(path)
        else:
            yield _photo(path, path.name, loose=False)


def _photo(path: Path, name: str, *, loose: bool) -> Snapshot:
    if sniff_kind(path) != "photo":
        raise UnsupportedMedia(
            "The actor must be a photo, and this is a film.",
            path=path,
            next_step=f"Take a picture out of it: understudy preview, or any player. The film as target: "
            f"understudy swap ACTOR.jpg {path}",
        )
    return Snapshot(name, path, loose, lambda: read_image(path).frame, partial(content_of, path))


def _folder(folder: Path) -> Iterator[Snapshot]:
    """What is named like a photo and lies in the folder itself."""
    try:
        files = [
            file for file in folder.iterdir() if file.suffix.lower() in PHOTO_SUFFIXES and file.name[0] != "."
        ]
    except OSError as error:
        raise InputError(f"Cannot be read: {error}.", path=folder) from error
    if not 0 < len(files) <= _MOST_FILES:
        raise InputError(
            f"There are {len(files)} photos in this folder."
            if files
            else "There is no photo in this folder.",
            path=folder,
            next_step=f"Put photos of one person into it, {_MOST_FILES} at most.",
        )
    for file in sorted(files, key=_numbers_by_value):
        yield _photo(file, f"{folder.name}/{file.name}", loose=True)


def _faceset(path: Path) -> Iterator[Snapshot]:
    for picture in read_fsz(path):
        yield Snapshot(
            f"{path.name}/{picture.name}",
            path,
            True,
            partial(decode, path, picture),
            partial(png_content, picture.data),
        )


def _numbers_by_value(file: Path) -> list[tuple[int, str]]:
    """So that 2.jpg comes before 10.jpg."""
    parts = re.findall(r"\d+|\D+", file.name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
