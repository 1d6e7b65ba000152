"""Single pictures: one moment out of a photo or film, and PNGs for people to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import cv2

from understudy.core.errors import InputError, OutputError
from understudy.core.verdict import Allow, check_allowed
from understudy.media.files import Seal, check_output, output_error, staged
from understudy.media.frame import BgrPixels, Frame
from understudy.media.images import read_image
from understudy.media.probe import sniff_kind
from understudy.media.source import open_moving

__all__ = ["check_png", "frame_number", "picture_at", "write_drawing", "write_png"]


def picture_at(path: Path, at: float) -> Frame:
    """The photo, or one frame of the film.

    Args:
        path: Photo or film.
        at: Which moment of a film, from 0 (its start) to 1 (its end).

    Raises:
        InputError: It cannot be read.
    """
    if sniff_kind(path) == "photo":
        return read_image(path).frame
    info = open_moving(path).info
    length = info.duration or Fraction(0)
    # The last frame begins before the film ends.
    last = max(length - Fraction(3, 2) / (info.average_rate or 25), Fraction(0))
    reader = open_moving(path, trim_start=min(length * Fraction(at), last))
    return next(iter(reader))


def frame_number(path: Path, number: int) -> Frame:
    """One frame of a film by its number, counted while decoding; of a photo, 0 is the photo.

    Args:
        path: Photo or film.
        number: 0 is the first.

    Raises:
        InputError: It cannot be read, or has not so many frames.
    """
    frames: Iterable[Frame] = [read_image(path).frame] if sniff_kind(path) == "photo" else open_moving(path)
    count = 0
    for count, frame in enumerate(frames, 1):
        if count > number:
            return frame
    raise InputError(
        f"There is no frame {number}: it has {count}, and 0 is the first.",
        path=path,
        next_step="Choose one with: understudy faces FILM --frame N",
    )


def write_png(
    path: Path,
    pixels: BgrPixels,
    allow: Allow,
    *,
    overwrite: bool,
    inputs: Sequence[Path] = (),
    seal: Seal | None = None,
) -> None:
    """Write a picture of what a swap makes.

    Args:
        path: Where; it must end in ``.png``.
        pixels: (height, width, 3) uint8 BGR.
        allow: The content gate's leave.
        overwrite: Replace what is there.
        inputs: Files that it must not be.
        seal: Marks it before it gets its name.

    Raises:
        OutputExists: Something is there already.
        OutputError: It cannot be written, or does not end in ``.png``.
    """
    check_allowed(allow)
    _write(path, pixels, overwrite, inputs, seal)


def write_drawing(path: Path, pixels: BgrPixels, *, overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    """Write a picture in which nobody is swapped (arguments and errors: as :func:`write_png`)."""
    _write(path, pixels, overwrite, inputs, None)


def check_png(path: Path, *, overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    """Refuse what :func:`write_drawing` would refuse (arguments and errors: see there)."""
    if path.suffix.lower() != ".png":
        raise OutputError("This picture is a PNG.", path=path, next_step="Give it a name that ends in .png.")
    check_output(path, overwrite=overwrite, inputs=inputs)


def _write(path: Path, pixels: BgrPixels, overwrite: bool, inputs: Sequence[Path], seal: Seal | None) -> None:
    check_png(path, overwrite=overwrite, inputs=inputs)
    encoded = cv2.imencode(".png", pixels)[1]
    with staged(path, overwrite=overwrite, seal=seal) as temporary:
        try:
            temporary.write_bytes(encoded.tobytes())
        except OSError as error:
            raise output_error(error, path) from error
