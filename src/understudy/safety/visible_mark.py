"""A text in the corner that tells every viewer what they see."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Region

__all__ = ["DEFAULT_TEXT", "Label", "LabelPatch", "label_of"]

DEFAULT_TEXT: Final = "AI-edited"

_SHARE: Final = 1 / 24  # of the shorter side: as large as subtitles
_LEAST: Final = 9  # pixels; smaller letters are not read
_FONT: Final = "sans"
_WEIGHT: Final = 600  # of 100 to 900; thin letters are lost in small pictures
_BACK: Final = 160  # weight of the dark ground, of 255


@dataclass(frozen=True, eq=False)
class LabelPatch:
    """The label as it lies in a picture; a :class:`understudy.vision.roles.Patch`."""

    region: Region
    bgr: NDArray[np.uint8]
    mask: NDArray[np.uint8]


@dataclass(frozen=True)
class Label:
    """A text in the lower left corner, white on a dark ground.

    Attributes:
        text: One line.
    """

    text: str

    def on(self, width: int, height: int) -> LabelPatch:
        """The label for upright pictures of this size; drawn once for each."""
        return _drawn(self.text, width, height)


def label_of(wanted: str) -> Label | None:
    """What ``--label`` means: ``"off"``, ``"on"``, or a text."""
    text = " ".join(wanted.split())
    if text.lower() in ("", "off"):
        return None
    return Label(DEFAULT_TEXT if text.lower() == "on" else text)


@functools.lru_cache(maxsize=8)
def _drawn(text: str, width: int, height: int) -> LabelPatch:
    font = cv2.FontFace(_FONT)
    size = max(round(min(width, height) * _SHARE), _LEAST)
    while True:
        pad = max(size // 3, 2)
        _, top, wide, high = cv2.getTextSize((0, 0), text, (0, 0), font, size, _WEIGHT)
        if wide + 4 * pad <= width or size <= _LEAST:
            break
        size -= 1
    box = Region(
        pad, max(height - high - 3 * pad, 0), min(wide + 2 * pad, width - pad), min(high + 2 * pad, height)
    )
    letters = np.zeros((box.height, box.width, 3), np.uint8)
    cv2.putText(letters, text, (pad, pad - top), (255, 255, 255), font, size, _WEIGHT)
    mask = np.maximum(letters[..., 0], np.uint8(_BACK))
    return LabelPatch(box, letters, mask)
