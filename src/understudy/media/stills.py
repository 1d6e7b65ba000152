"""Every frame as a numbered picture."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2

from understudy.core.errors import OutputError, OutputExists
from understudy.core.verdict import Allow, check_allowed
from understudy.media.files import Seal, output_error, staged
from understudy.media.frame import Frame

__all__ = ["STILL_DRAFT", "StillsWriter"]

STILL_DRAFT: Final = "still-"
"""How the names of drafts begin."""

_OPTIONS = {
    ".png": [cv2.IMWRITE_PNG_COMPRESSION, 1],
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 95],
}


class StillsWriter:
    """Makes ``000001.png``, ``000002.png``, … as the frames look upright; drafts until :meth:`publish`.

    Args:
        folder: Where they go; made if need be.
        drafts: Where they are kept until then; it must be there.
        suffix: Says the format.
        overwrite: Whether there may be files in ``folder`` already.

    Raises:
        OutputExists: There are, and they may not.
        OutputError: The folder cannot be made or read.
    """

    def __init__(self, folder: Path, drafts: Path, *, suffix: str = ".png", overwrite: bool = False) -> None:
        self._folder, self._drafts, self._suffix = folder, drafts, suffix
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

    def write(self, frame: Frame, number: int) -> None:
        """Make the draft of a picture.

        Args:
            frame: It.
            number: Its place in the film, from 1.

        Raises:
            OutputError: It cannot be written.
        """
        path = self._drafts / f"{STILL_DRAFT}{number:06d}{self._suffix}"
        done, data = cv2.imencode(self._suffix, frame.bgr(), _OPTIONS.get(self._suffix, []))
        if not done:
            raise OutputError("The frame cannot be encoded.", path=path)
        try:
            path.write_bytes(data.tobytes())
        except OSError as error:
            raise output_error(error, path) from error

    def publish(self, allow: Allow, seal: Seal | None = None) -> None:
        """Give all pictures their names.

        Args:
            allow: The content gate's leave for every frame.
            seal: Marks each before it gets its name.

        Raises:
            OutputError: One cannot be written.
        """
        check_allowed(allow)
        for draft in sorted(self._drafts.glob(f"{STILL_DRAFT}*{self._suffix}")):
            final = self._folder / draft.name.removeprefix(STILL_DRAFT)
            with staged(final, overwrite=True, seal=seal) as temporary:
                try:
                    temporary.write_bytes(draft.read_bytes())
                    draft.unlink()
                except OSError as error:
                    raise output_error(error, final) from error
