"""Numbered pictures as a film: a folder of them, or a pattern such as ``frames/%04d.png``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from understudy.core.errors import InputError, UnsupportedMedia
from understudy.core.types import MediaInfo, Notice
from understudy.media.color import ColorTags, Layout
from understudy.media.frame import Frame

__all__ = ["NUMBER", "RATE", "SEQUENCE", "SUFFIXES", "SequenceReader", "sequence_files", "sequence_info"]

SEQUENCE: Final = "sequence"
"""Name of the container."""
RATE: Final = Fraction(25)
"""Pictures per second when nobody says."""

NUMBER: Final = re.compile(r"%0?\d*d")
"""Where the number stands in a pattern."""
SUFFIXES: Final = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".avif"}
"""Of pictures that may be in a sequence."""


def sequence_files(path: Path) -> list[Path]:
    """The pictures that a folder or a pattern means, in the order of their numbers; none if it means none.

    In a folder these are the pictures whose name ends in a number. A file that is called like a pattern is that file.
    """
    try:
        found = _matches(path)
    except (OSError, ValueError):
        return []  # whoever opens it will say why
    kept = [(int(match[1]), file) for match, file in found if file.suffix.lower() in SUFFIXES]
    return [file for _, file in sorted(kept)]


def _matches(path: Path) -> list[tuple[re.Match[str], Path]]:
    """The files that it may mean, with their numbers."""
    if path.is_dir():
        folder, name = path, re.compile(r".*?(\d+)\.\w+", re.DOTALL)
    elif NUMBER.search(path.name) and not path.exists() and path.parent.is_dir():
        before, after = NUMBER.split(path.name, maxsplit=1)
        folder, name = path.parent, re.compile(f"{re.escape(before)}(\\d+){re.escape(after)}")
    else:
        return []
    return [(match, file) for file in folder.iterdir() if (match := name.fullmatch(file.name))]


def sequence_info(path: Path, rate: Fraction = RATE) -> MediaInfo:
    """What a sequence is, told by its first picture.

    Raises:
        InputError: There are no numbered pictures, or the first cannot be read.
    """
    files = sequence_files(path)
    if not files:
        raise InputError(
            "There are no numbered pictures in it.", path=path, next_step="Name a folder that has some."
        )
    return _info(path, files, _native(files[0], 0), rate)


class SequenceReader:
    """A :class:`FrameSource` over numbered pictures.

    Args:
        path: Folder or pattern.
        trim_start, trim_end: Seconds; frames with start ≤ time < end are given.
        rate: Pictures per second.

    Raises:
        InputError: There are none, or the first cannot be read.
    """

    def __init__(
        self,
        path: Path,
        *,
        trim_start: Fraction | None = None,
        trim_end: Fraction | None = None,
        rate: Fraction = RATE,
    ) -> None:
        self.window = trim_start, trim_end
        self.info: MediaInfo = sequence_info(path, rate)
        self._numbered = [
            (number, file)
            for number, file in enumerate(sequence_files(path))
            if (trim_start is None or number / rate >= trim_start)
            and (trim_end is None or number / rate < trim_end)
        ]

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Nothing: a picture that cannot be read is an error."""
        return ()

    @property
    def expected_frames(self) -> int | None:
        """How many frames will come."""
        return len(self._numbered)

    def __iter__(self) -> Iterator[Frame]:
        """Read from the start.

        Raises:
            InputError: A picture cannot be read, or none lies between the trims.
            UnsupportedMedia: A picture has another size or another kind of pixels than the first.
        """
        if not self._numbered:
            raise InputError("There is no frame in it between the trims.", path=self.info.path)
        base = self.info.time_base or 1 / RATE
        for number, file in self._numbered:
            native = _native(file, number)
            same = (self.info.stored_width, self.info.stored_height, self.info.pixel_format)
            if (native.width, native.height, native.format.name) != same:
                raise UnsupportedMedia(
                    "This picture has another size or kind of pixels than the first.",
                    path=file,
                    next_step="Make all pictures of the sequence alike.",
                )
            yield Frame.from_video(native, tags=ColorTags(), orientation=1, time_base=base)


def _native(file: Path, number: int) -> av.VideoFrame:
    """A picture as FFmpeg holds it, upright."""
    from understudy.media.photo import read_image

    frame = read_image(file).frame
    native = av.VideoFrame(frame.width, frame.height, _pixel_format(frame.layout))
    native.pts, native.duration = number, 1
    target = Frame.from_video(native, tags=ColorTags(), orientation=1, time_base=Fraction(1))
    for mine, theirs in zip(target.planes, frame.planes, strict=True):
        mine[...] = theirs
    return native


def _pixel_format(layout: Layout) -> str:
    depth = "" if layout.bits <= 8 else f"{layout.bits}le"
    if layout.model == "gray":
        if layout.alpha:
            raise UnsupportedMedia("Grey pictures with transparency are not supported in sequences.")
        return f"gray{depth}"
    return f"gbr{'a' if layout.alpha else ''}p{depth}"


def _info(path: Path, files: list[Path], first: av.VideoFrame, rate: Fraction) -> MediaInfo:
    from understudy.media.photo import photo_info

    return replace(
        photo_info(files[0]),
        path=path if path.is_dir() else path.parent,
        kind="video",
        container=SEQUENCE,
        width=first.width,
        height=first.height,
        stored_width=first.width,
        stored_height=first.height,
        orientation=1,
        pixel_format=first.format.name,
        time_base=1 / rate,
        average_rate=rate,
        duration=len(files) / rate,
        start=0,
        frames=len(files),
        exact_frames=True,
    )
