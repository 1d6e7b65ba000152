"""Every frame as a numbered picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2

from understudy.core.errors import OutputError, OutputExists
from understudy.core.types import Notice
from understudy.media.files import output_error
from understudy.media.frame import Frame

__all__ = ["StillsWriter"]


class StillsWriter:
    """A :class:`FrameSink` that writes ``000001.png``, ``000002.png``, … as the frames look upright.

    What was written stays there when the work is aborted.

    Args:
        folder: Made if need be.
        overwrite: Whether there may be files in it already.

    Raises:
        OutputExists: There are, and they may not.
        OutputError: The folder cannot be made or read.
    """

    def __init__(self, folder: Path, *, overwrite: bool = False) -> None:
        self._folder = folder
        self._count = 0
        self.notices: tuple[Notice, ...] = ()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            filled = any(folder.iterdir())
        except OSError as error:
            raise output_error(error, folder) from error
        if filled and not overwrite:
            raise OutputExists(
                "The folder for frames is not empty.",
                path=folder,
                next_step="Name another or pass --overwrite.",
            )

    def write(self, frame: Frame) -> None:
        """Write the next picture.

        Raises:
            OutputError: It cannot be written.
        """
        self._count += 1
        path = self._folder / f"{self._count:06d}.png"
        done, data = cv2.imencode(".png", frame.bgr(), [cv2.IMWRITE_PNG_COMPRESSION, 1])
        if not done:
            raise OutputError("The frame cannot be encoded as PNG.", path=path)
        try:
            path.write_bytes(data.tobytes())
        except OSError as error:
            raise output_error(error, path) from error

    def drain(self) -> Iterator[None]:
        """Nothing is inside."""
        return iter(())

    def finish(self) -> None:
        """Nothing is left to do."""

    def abort(self) -> None:
        """Nothing is held."""
