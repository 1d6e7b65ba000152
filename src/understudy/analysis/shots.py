"""Cuts between shots."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.vision.roles import Picture

__all__ = ["CutDetector", "ShotDetector"]

_SIZE: Final = (48, 27)
_CHANGE: Final = 20.0  # mean difference of the small pictures, in levels
_JUMP: Final = 4.0  # times what the last frames changed
_ALIKE: Final = 0.85  # correlation from which it is the same picture in another light


class CutDetector:
    """Tells where one shot ends and the next begins, from small pictures of successive frames."""

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._usual = 0.0

    def is_cut(self, picture: Picture) -> bool:
        """Whether this frame begins a new shot; the first frame does not count as one."""
        small = cv2.GaussianBlur(picture.bgr(None, _SIZE), (0, 0), 1.0).astype(np.uint8)
        last, self._last = self._last, small
        if last is None:
            return False
        change = float(cv2.absdiff(small, last).mean())
        cut = change > _CHANGE and change > _JUMP * self._usual and _correlation(small, last) < _ALIKE
        # A pan or a flash raises the bar for what follows; a cut itself does not.
        if not cut:
            self._usual += 0.25 * (change - self._usual)
        return cut


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """How alike two pictures are whatever their brightness and contrast; 1 for the same."""
    a, b = (picture - picture.mean((0, 1)) for picture in (one, other))
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))


class ShotDetector:
    """Tells where shots begin."""

    def __init__(self) -> None:
        self._cuts = CutDetector()

    def begins(self, picture: Picture) -> int | None:
        """How many frames ago a new shot began, if that is known now; 0 is this frame."""
        return 0 if self._cuts.is_cut(picture) else None
