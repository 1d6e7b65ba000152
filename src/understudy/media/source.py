"""Whatever moves, as frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from understudy.media.animation import AnimationReader, is_animation
from understudy.media.files import check_input
from understudy.media.read import VideoReader
from understudy.media.sequence import RATE, SequenceReader, sequence_files

__all__ = ["MovingSource", "open_moving"]

MovingSource = VideoReader | AnimationReader | SequenceReader


def open_moving(
    path: Path,
    *,
    trim_start: Fraction | None = None,
    trim_end: Fraction | None = None,
    rate: Fraction | None = None,
) -> MovingSource:
    """The reader for a film, an animation or numbered pictures, told by the content.

    Args:
        path: The file, or a folder or pattern of numbered pictures.
        trim_start, trim_end: Seconds from its start; frames with start ≤ time < end are given.
        rate: Pictures per second, of what does not say it itself.

    Raises:
        InputError: It cannot be read.
        UnsupportedMedia: It is of a kind that is refused.
    """
    if sequence_files(path):
        return SequenceReader(path, trim_start=trim_start, trim_end=trim_end, rate=rate or RATE)
    check_input(path)
    with path.open("rb") as file:
        head = file.read(64)
    reader = AnimationReader if is_animation(head, path) else VideoReader
    return reader(path, trim_start=trim_start, trim_end=trim_end)
