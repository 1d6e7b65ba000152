"""Content addresses: what a file holds, wherever it lies."""

from __future__ import annotations

import hashlib
from pathlib import Path

from understudy.core.errors import InputError
from understudy.core.plan import Content
from understudy.media.probe import probe
from understudy.media.sequence import SEQUENCE, sequence_files
from understudy.media.sound import check_sound

__all__ = ["content_of", "png_content", "sound_content"]


def content_of(path: Path) -> Content:
    """The content address of a photo or film, read once through.

    Raises:
        InputError: It cannot be read, or is neither.
    """
    info = probe(path)
    if info.container == SEQUENCE:
        return _content_of_all(path)
    family = "image" if info.kind == "photo" else "video"
    return _content(path, f"{family}/{info.container}")


def sound_content(path: Path) -> Content:
    """The content address of a recording, or of a film that is there for its sound.

    Raises:
        InputError: It cannot be read, or there is no sound in it.
    """
    check_sound(path)
    return _content(path, f"audio/{path.suffix.lower().removeprefix('.') or 'unknown'}")


def _content(path: Path, media_type: str) -> Content:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise InputError(f"Cannot be read: {error}.", path=path) from error
    return Content(sha256=digest, size=size, media_type=media_type)


def _content_of_all(path: Path) -> Content:
    """That of numbered pictures: the digest of their digests, in their order."""
    whole, size = hashlib.sha256(), 0
    for file in sequence_files(path):
        try:
            whole.update(hashlib.sha256(data := file.read_bytes()).digest())
        except OSError as error:
            raise InputError(f"Cannot be read: {error}.", path=file) from error
        size += len(data)
    return Content(sha256=whole.hexdigest(), size=size, media_type="image/sequence")


def png_content(data: bytes) -> Content:
    """The content address of a PNG that lies in another file."""
    return Content(sha256=hashlib.sha256(data).hexdigest(), size=len(data), media_type="image/png")
