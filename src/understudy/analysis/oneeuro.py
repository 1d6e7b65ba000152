"""A filter for live pictures, where no frame can be waited for: steady at rest, quick in motion.

Source: Casiez, Roussel and Vogel, "1 € Filter: a simple speed-based low-pass filter for noisy input in interactive
systems", 2012.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from understudy.core.types import FloatArray

__all__ = ["OneEuro"]

_SPEED_CUTOFF: Final = 1.0  # hertz, of the speed itself


class OneEuro:
    """Smooths an array over time; each of its numbers by itself.

    The cutoff rises with the speed, so that the lag of what moves steadily stays below ``1 / (2 π quickness)`` of its
    unit. What does not change comes out as it went in, to the last bit.

    Args:
        steadiness: Cutoff at rest, in hertz; lower is steadier.
        quickness: By how much the cutoff rises, in hertz for one unit a second.
    """

    def __init__(self, steadiness: float = 1.0, quickness: float = 0.25) -> None:
        self._steadiness, self._quickness = steadiness, quickness
        self._value: FloatArray | None = None
        self._given: FloatArray | None = None
        self._speed: FloatArray | None = None

    def __call__(self, value: FloatArray, seconds: float) -> FloatArray:
        """The smoothed value.

        Args:
            value: (...) of the same shape each time.
            seconds: Since the last one, above 0.
        """
        if self._value is None or self._given is None or self._speed is None:
            self._value, self._given, self._speed = value, value, np.zeros_like(value)
            return value
        share = _share(np.float32(_SPEED_CUTOFF), seconds)
        self._speed = self._speed + share * ((value - self._given) / np.float32(seconds) - self._speed)
        self._given = value
        cutoff = np.float32(self._steadiness) + np.float32(self._quickness) * np.abs(self._speed)
        self._value = np.asarray(self._value + _share(cutoff, seconds) * (value - self._value), np.float32)
        return self._value


def _share(cutoff: FloatArray | np.float32, seconds: float) -> FloatArray:
    """Weight of the newest value in an exponential mean with this cutoff, in hertz."""
    return np.asarray(1 / (1 + 1 / (2 * math.pi * cutoff * seconds)), np.float32)
