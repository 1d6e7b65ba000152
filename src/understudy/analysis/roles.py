"""People of a film who are known by a picture: which of them it shows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray

__all__ = ["recognise"]

_NEVER: Final = -2.0


def recognise(alike: FloatArray, apart: NDArray[np.bool_], bound: float) -> list[int | None]:
    """Which picture shows each person: the most alike first, and nobody who is seen beside the one it shows already.

    Args:
        alike: (p, r) cosine of each person to each picture.
        apart: (p, p) who cannot be one, being seen in one frame.
        bound: Least cosine.

    Returns:
        Of each person the number of the picture, or None.
    """
    left = alike.astype(np.float64)
    shown: list[int | None] = [None] * len(left)
    while left.size and left.max() >= max(bound, _NEVER + 1):
        person, picture = (int(index) for index in np.unravel_index(int(left.argmax()), left.shape))
        shown[person] = picture
        left[person] = _NEVER
        left[apart[person], picture] = _NEVER
    return shown
