"""Recall: a network is not run again on what it has just seen.

A face that keeps still is never cut out alike twice: it is followed to a part of a pixel, and there is noise. So the
new crop is first laid over the last one by what they show, and what the network drew is laid where the *picture* says
that it belongs; a still face is steadier for it.

What counts is the difference to the crop that was last *run*, not to the last frame's: a face that drifts slowly is
drawn anew as soon as the drift can be seen, and never freezes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, TypeVar, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import apply_affine, fit_similarity
from understudy.vision.align import Alignment, cut
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Recall", "Recalls", "Sketch", "recalling", "same_but_for_noise"]

# Measured in docs/keyframes.md.
_SIDE: Final = 128  # at which crops are compared
_ASTRAY: Final = 1.5  # pixels of that by which a crop may be off
_ALL: Final = 2.2  # levels of mean difference that noise makes
_BLUR: Final = 2.0  # pixels over which noise averages out, and a lid or a lip does not
_SPOT: Final = 5.0  # levels of difference that noise makes then, at most

M = TypeVar("M")


@dataclass(frozen=True, eq=False)
class Sketch:
    """What a network made of a face.

    Attributes:
        alignment: Where it belongs.
        crop: (size, size, 3) uint8 what the picture shows there.
        drawn: (size, size, 3) uint8 what the network drew.
    """

    alignment: Alignment
    crop: BgrImage
    drawn: BgrImage


class Recall:
    """What networks drew last of each face. One for each run of frames; not for use by two threads.

    Attributes:
        drawn: How often a network was run.
        given: How often it was not.
    """

    def __init__(self) -> None:
        self.drawn = self.given = 0
        self._last: dict[Hashable, Sketch] = {}

    def draw(
        self,
        key: Hashable,
        picture: Picture,
        alignment: Alignment,
        mask: NDArray[np.uint8],
        run: Callable[[BgrImage], BgrImage],
    ) -> Sketch:
        """What the network makes of a face, or made of it when it looked the same but for noise.

        Args:
            key: Of the network, and of the face that it draws and for whom.
            picture: Where the face is.
            alignment: Where its crop is cut.
            mask: (size, size) uint8, how much of what it draws is used.
            run: Runs it on a crop.
        """
        crop = cut(picture, alignment)
        last = self._last.get(key)
        if last is not None and (again := _again(picture, alignment, crop, last, mask)) is not None:
            self.given += 1
            return again
        self.drawn += 1
        self._last[key] = sketch = Sketch(alignment, crop, run(crop))
        return sketch


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
    one, other = (_small(crop).astype(np.float32) for crop in (a, b))
    weight = _small(mask).astype(np.float32)[..., None] / 255
    off = (one - other) * weight
    if float(np.abs(off).mean()) > _ALL * float(weight.mean()):
        return False
    return float(np.abs(cv2.GaussianBlur(off, (0, 0), _BLUR)).max()) <= _SPOT


def _again(
    picture: Picture, alignment: Alignment, crop: BgrImage, last: Sketch, mask: NDArray[np.uint8]
) -> Sketch | None:
    """What was drawn last, where it belongs now; None when the face has changed."""
    if np.array_equal(crop, last.crop):
        return Sketch(alignment, crop, last.drawn)
    step = _registered(crop, last.crop, mask)
    if step is None:
        return None
    linear = step[:, :2] @ alignment.matrix
    linear[:, 2] += step[:, 2]
    exact = Alignment(linear, alignment.size)
    crop = cut(picture, exact)
    return Sketch(exact, crop, last.drawn) if same_but_for_noise(crop, last.crop, mask) else None


def _registered(crop: BgrImage, last: BgrImage, mask: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """(2, 3) similarity from the crop's pixels to the last one's that show the same; None when there is none.

    Source: Evangelidis and Psarakis, "Parametric image alignment using enhanced correlation coefficient
    maximization", 2008, as in OpenCV.
    """
    grey, before = (cv2.cvtColor(_small(each), cv2.COLOR_BGR2GRAY) for each in (crop, last))
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 12, 1e-4)
    start: Any = np.eye(2, 3, dtype=np.float32)
    try:
        _, found = cv2.findTransformECC(before, grey, start, cv2.MOTION_AFFINE, until, _small(mask), 5)
    except cv2.error:  # they have nothing in common
        return None
    side = len(grey)
    corners = np.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]) * side
    here = apply_affine(np.asarray(found), corners)
    if float(np.abs(here - corners).max()) > _ASTRAY:
        return None
    larger = len(crop) / side
    return np.asarray(fit_similarity((here + 0.5) * larger - 0.5, (corners + 0.5) * larger - 0.5), np.float64)


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if len(pixels) <= _SIDE:
        return pixels
    return np.asarray(cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
