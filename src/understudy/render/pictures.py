"""Publishing a film as numbered pictures, made of segments that were committed without loss."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from understudy.core.system import usable_cpus
from understudy.core.types import MediaInfo, Notice, Progress
from understudy.core.verdict import Allow
from understudy.media.animate import rgba_of
from understudy.media.color import Layout
from understudy.media.frame import Frame
from understudy.media.images import Photo, read_image, write_image
from understudy.media.numbered import numbered, numbers_of
from understudy.media.read import VideoReader
from understudy.media.segments import Segment
from understudy.media.sequence import sequence_files
from understudy.render.shoot import Shoot
from understudy.safety.provenance import Marker

__all__ = ["write_pictures"]


def write_pictures(
    segments: Sequence[Segment],
    folder: Path,
    pattern: Path,
    shoot: Shoot,
    allow: Allow,
    seal: Marker,
) -> Generator[Progress, None, tuple[Notice, ...]]:
    """Write a picture for each frame; those of a sequence keep their numbers, colour profiles and EXIF.

    Args:
        segments: In order of time.
        folder: Where to write.
        pattern: Their name.
        shoot: What was rendered.
        allow: The content gate's leave for all of it.
        seal: Marks each picture.

    Returns:
        What the format could not keep.

    Raises:
        EncoderError: The format cannot hold the picture.
        OutputError: It cannot be written.
    """
    info, target, quality = shoot.info, shoot.target, shoot.wanted.quality
    total = sum(len(segment.pts) for segment in segments)
    said: dict[Notice, None] = {}
    if info.audio:
        said[Notice("audio-dropped", "Pictures have no sound; it was left out.")] = None
    jobs = zip(_frames(segments), _places(segments, target, info), strict=True)
    count = usable_cpus()

    def write(job: tuple[Frame, tuple[int, Path | None]]) -> tuple[Notice, ...]:
        frame, (number, source) = job
        path = numbered(folder / pattern.name, number)
        return write_image(_photo(frame, source, path), path, allow, quality=quality, seal=seal)

    with ThreadPoolExecutor(count, "understudy-pictures") as pool:
        done = 0
        while batch := list(itertools.islice(jobs, 2 * count)):
            for notices in pool.map(write, batch):
                said |= dict.fromkeys(notices)
            done += len(batch)
            yield Progress("publish", done, total, "frames")
    if info.bit_depth > 8 and not _is_a_picture(info):
        said[Notice("depth-reduced", f"The pictures have 8 bits; the film had {info.bit_depth}.")] = None
    return tuple(said)


def _frames(segments: Sequence[Segment]) -> Iterator[Frame]:
    for segment in segments:
        yield from VideoReader(segment.path)


def _places(segments: Sequence[Segment], target: Path, info: MediaInfo) -> Iterator[tuple[int, Path | None]]:
    """For each frame its number, and the picture that it was."""
    shown = sorted(pts * segment.time_base for segment in segments for pts in segment.pts)
    files, numbers = sequence_files(target), numbers_of(target)
    for count, time in enumerate(shown, 1):
        index = round(time * (info.average_rate or 1))
        number = count if numbers is None else numbers[index]
        yield number, files[index] if files else None


def _photo(frame: Frame, source: Path | None, path: Path) -> Photo:
    photo = Photo(path, frame, "") if source is None else read_image(source)
    layout = frame.layout
    if layout.model in ("gbr", "gray") and layout.bits in (8, 16) and frame.orientation == 1:
        return replace(photo, frame=Frame(tuple(np.array(plane) for plane in frame.planes), layout))
    red, green, blue, *alpha = np.moveaxis(rgba_of(frame), -1, 0)
    planes = tuple(np.ascontiguousarray(plane) for plane in (green, blue, red, *alpha))
    return replace(photo, frame=Frame(planes, Layout("gbr", alpha=bool(alpha))))


def _is_a_picture(info: MediaInfo) -> bool:
    """Whether its frames come as a picture's planes do."""
    return info.pixel_format.startswith(("gbr", "gray"))
