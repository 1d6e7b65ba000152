"""Where shots begin: cuts, fades through black or white, and dissolves; all from one small picture of each frame."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.vision.roles import Picture

__all__ = ["CutDetector", "ShotDetector"]

_SIZE: Final = (48, 27)
_CHANGE: Final = 20.0  # mean difference of the small pictures, in levels
_JUMP: Final = 4.0  # times what the last frames changed
_ALIKE: Final = 0.85  # correlation from which it is the same picture in another light

_BLANK: Final = 4.0  # standard deviation, in levels, of a picture that shows nothing
_BLANKS: Final = 3  # frames of that, after which the shot counts as ended; a flash is shorter
_LENGTHS: Final = (12, 24, 48)  # frames over which a dissolve is looked for
_OTHER: Final = 10.0  # mean difference, in levels, of two scenes
_RELATED: Final = 0.75  # correlation from which they are one scene
_MIXED: Final = 0.19  # by what share of their difference a frame between may differ from a mixture of them
_SETTLED: Final = 0.05  # share of the way that the last two frames of a finished dissolve may still go


class CutDetector:
    """Tells where one shot ends and the next begins, from small pictures of successive frames.

    Attributes:
        last: (27, 48, 3) the latest of these; None before the first.
    """

    def __init__(self) -> None:
        self.last: NDArray[np.uint8] | None = None
        self._usual = 0.0

    def is_cut(self, picture: Picture) -> bool:
        """Whether this frame begins a new shot; the first frame does not count as one."""
        small = cv2.GaussianBlur(picture.bgr(None, _SIZE), (0, 0), 1.0).astype(np.uint8)
        last, self.last = self.last, small
        if last is None:
            return False
        change = float(cv2.absdiff(small, last).mean())
        cut = change > _CHANGE and change > _JUMP * self._usual and _correlation(small, last) < _ALIKE
        # A pan or a flash raises the bar for what follows; a cut itself does not.
        if not cut:
            self._usual += 0.25 * (change - self._usual)
        return cut


def _correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    """How alike two pictures are whatever their brightness and contrast; 1 for the same."""
    a, b = (picture - picture.mean((0, 1)) for picture in (one, other))
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))


class ShotDetector:
    """Tells where shots begin, up to a dissolve's length late."""

    def __init__(self) -> None:
        self._cuts = CutDetector()
        self._past: deque[NDArray[np.float32]] = deque(maxlen=max(_LENGTHS) + 1)
        self._clear: NDArray[np.uint8] | None = None
        self._blank = 0
        self._shown = False

    def begins(self, picture: Picture) -> int | None:
        """How many frames ago a new shot began, if that is known now; 0 is this frame.

        A shot that fades ends with its last frame that shows something, and one that dissolves in the middle.
        """
        cut = self._cuts.is_cut(picture)
        small = self._cuts.last
        assert small is not None
        blank = float(small.std((0, 1)).max()) < _BLANK
        # A flash is no end: what comes after it is compared with what was before.
        flashed = self._blank and self._clear is not None and _correlation(self._clear, small) > _ALIKE
        back = 0 if cut and not blank and not flashed else None
        self._blank = self._blank + 1 if blank else 0
        self._clear = self._clear if blank else small
        if back is not None or blank:
            self._past.clear()
        if not blank:
            self._past.append(small.astype(np.float32))
        if back is None and self._blank == _BLANKS and self._shown:
            back = _BLANKS - 1
        elif back is None and not blank:
            back = self._dissolved()
        if back is not None:
            self._past.clear()
        self._shown = not self._blank or (self._shown and self._blank < _BLANKS)
        return back

    def _dissolved(self) -> int | None:
        """Since when a dissolve that ends now shows more of the new scene than of the old one."""
        now = self._past[-1]
        for length in _LENGTHS:
            if len(self._past) <= length:
                return None
            old = self._past[-1 - length]
            way = now - old
            if np.abs(way).mean() < _OTHER or _correlation(old, now) > _RELATED:
                continue
            frames = np.stack([self._past[-1 - back] for back in range(length + 1)]) - old
            whole = float((way * way).sum())
            shares = (frames * way).sum((1, 2, 3)) / whole
            rest = ((frames - shares[:, None, None, None] * way) ** 2).sum((1, 2, 3)) / whole
            even = np.diff(shares).max() < 0.03
            if even and rest.max() < _MIXED**2 and 1 - shares[2] < _SETTLED:
                return int(np.count_nonzero(np.cumsum(shares < 0.5) == 0)) - 1
        return None
