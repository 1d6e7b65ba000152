"""What becomes of a film's sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from understudy.core.errors import InputError
from understudy.media.container import open_sound

__all__ = ["AS_IT_IS", "Sound", "check_sound"]


@dataclass(frozen=True)
class Sound:
    """What is wanted.

    Attributes:
        kept: Whether there is to be any.
        file: What replaces the film's own.
        transcoded: Whether it is encoded anew even where it could be copied.
        volume: What every sample is multiplied by; anything but 1 encodes anew.
    """

    kept: bool = True
    file: Path | None = None
    transcoded: bool = False
    volume: float = 1.0

    @property
    def is_copied(self) -> bool:
        """Whether packets may go on as they are."""
        return not self.transcoded and self.volume == 1


AS_IT_IS: Final = Sound()
"""Copied where the container takes it."""


def check_sound(path: Path) -> None:
    """Refuse a file that has no sound in it.

    Raises:
        InputError: That, or it cannot be read.
    """
    with open_sound(path) as container:
        if not container.streams.audio:
            raise InputError(
                "There is no sound in this file.", path=path, next_step="Name one that has some."
            )
