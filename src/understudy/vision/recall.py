"""Recall: a network is not run again on what it has just seen.

What counts is the difference to what was last *run*, not to the last frame: a face that drifts slowly is drawn anew as
soon as the drift can be seen, and never freezes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, Protocol, Self, TypeVar, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.vision.roles import BgrImage

__all__ = ["Recall", "Recalls", "recalling", "same_but_for_noise"]

_SIDE: Final = 128  # at which crops are compared
_ALL: Final = 1.2  # levels of mean difference that noise makes
_BLUR: Final = 2.0  # pixels over which noise averages out, and a lid or a lip does not
_SPOT: Final = 2.5  # levels of difference that noise makes then, at most

M = TypeVar("M")


class Recall:
    """What networks drew last of each face. One for each run of frames; not for use by two threads.

    Attributes:
        drawn: How often a network was run.
        given: How often it was not.
    """

    def __init__(self) -> None:
        self.drawn = self.given = 0
        self._last: dict[Hashable, tuple[BgrImage, BgrImage]] = {}

    def draw(
        self, key: Hashable, crop: BgrImage, mask: NDArray[np.uint8], run: Callable[[BgrImage], BgrImage]
    ) -> BgrImage:
        """What the network makes of a crop, or made of one that was the same but for noise.

        Args:
            key: Of the network, and of the face that it draws and for whom.
            crop: (size, size, 3) what it would see.
            mask: (size, size) how much of what it draws is used.
            run: Runs it.
        """
        last = self._last.get(key)
        if last is not None and same_but_for_noise(crop, last[0], mask):
            self.given += 1
            return last[1]
        self.drawn += 1
        result = run(crop)
        self._last[key] = crop, result
        return result


@runtime_checkable
class Recalls(Protocol):
    """A model that can do with a :class:`Recall`."""

    def recalling(self, recall: Recall) -> Self:
        """The same model, with one."""


def recalling(model: M, recall: Recall) -> M:
    """The model with a recall, if it can do with one."""
    return model.recalling(recall) if isinstance(model, Recalls) else model


def same_but_for_noise(a: BgrImage, b: BgrImage, mask: NDArray[np.uint8]) -> bool:
    """Whether two crops show the same where the mask lets one see it.

    Args:
        a, b: (size, size, 3) uint8.
        mask: (size, size) uint8.
    """
    if np.array_equal(a, b):
        return True
    size = (min(_SIDE, a.shape[1]), min(_SIDE, a.shape[0]))
    one, other = (cv2.resize(crop, size, interpolation=cv2.INTER_AREA).astype(np.float32) for crop in (a, b))
    weight = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    off = (one - other) * weight
    if float(np.abs(off).mean()) > _ALL * float(weight.mean()):
        return False
    return float(np.abs(cv2.GaussianBlur(off, (0, 0), _BLUR)).max()) <= _SPOT
