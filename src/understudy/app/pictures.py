"""Single pictures: one moment out of a photo or film, and PNGs for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2

from understudy.core.errors import OutputError
from understudy.media.files import check_output, output_error, staged
from understudy.media.frame import BgrPixels, Frame
from understudy.media.images import read_image
from understudy.media.probe import probe, sniff_kind
from understudy.media.read import VideoReader

__all__ = ["picture_at", "write_png"]


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
    info = probe(path)
    length = info.duration or Fraction(0)
    # The last frame begins before the film ends.
    last = max(length - Fraction(3, 2) / (info.average_rate or 25), Fraction(0))
    reader = VideoReader(path, trim_start=min(length * Fraction(at), last))
    return next(iter(reader))


def write_png(path: Path, pixels: BgrPixels, *, overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    """Write a picture for people to look at.

    Args:
        path: Where; it must end in ``.png``.
        pixels: (height, width, 3) uint8 BGR.
        overwrite: Replace what is there.
        inputs: Files that it must not be.

    Raises:
        OutputExists: Something is there already.
        OutputError: It cannot be written, or does not end in ``.png``.
    """
    if path.suffix.lower() != ".png":
        raise OutputError("This picture is a PNG.", path=path, next_step="Give it a name that ends in .png.")
    check_output(path, overwrite=overwrite, inputs=inputs)
    encoded = cv2.imencode(".png", pixels)[1]
    with staged(path, overwrite=overwrite) as temporary:
        try:
            temporary.write_bytes(encoded.tobytes())
        except OSError as error:
            raise output_error(error, path) from error
