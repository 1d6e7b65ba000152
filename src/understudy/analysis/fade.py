"""How much of the new face is shown while a head turns away: all, up to where it looks right; nothing, beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from understudy.analysis.moments import Sample
from understudy.core.geometry import smoothstep
from understudy.core.types import FloatArray

__all__ = ["Range", "shown"]

_PACE: Final = 0.15  # by which it may change from one frame to the next
_AROUND: Final = 2  # frames on each side over which angles are averaged
# The landmarks' depth is flat: by so much a tangent is larger in truth (25 degrees are 40).
_FLAT: Final = 1.8
_LEVEL: Final = 12.0  # degrees by which the line from forehead to chin leans on a level head
_TEMPLES: Final = (234, 454)
_HEIGHT: Final = (10, 152)


@dataclass(frozen=True)
class Range:
    """How far a head may turn, in degrees.

    Attributes:
        yaw: To the side: all is shown up to the first, nothing from the second on.
        pitch: Up or down: the same.
    """

    yaw: tuple[float, float] = (55.0, 75.0)
    pitch: tuple[float, float] = (45.0, 65.0)


def shown(past: Sequence[Sample], now: Sample, future: Sequence[Sample], within: Range) -> float:
    """The share of the new face that is shown, 0 to 1.

    It never leaves the range's own share by being late: it begins to fall before a head is too far away, and has
    risen again only after it is back (the lower envelope with a bounded slope). So a head that hovers about the end
    of the range does not flicker, and a glance back between two turns is let pass.

    Args:
        past, future: Neighbouring samples, in order of time; with seven of each the pace is always kept.
        now: The frame's own.
        within: How far a head may turn.
    """
    samples = [*past, now, *future]
    angles = np.abs([_angles(sample.landmarks) for sample in samples])
    if (angles < (within.yaw[0], within.pitch[0])).all():
        return 1.0
    sums = np.vstack([np.zeros((1, 2)), np.cumsum(angles, 0)])
    index = np.arange(len(samples))
    low, high = np.maximum(index - _AROUND, 0), np.minimum(index + _AROUND + 1, len(samples))
    means = (sums[high] - sums[low]) / (high - low)[:, None]
    shares = (1 - smoothstep(means[:, 0], *within.yaw)) * (1 - smoothstep(means[:, 1], *within.pitch))
    return float(np.minimum(shares + _PACE * np.abs(index - len(past)), 1.0).min())


def _angles(landmarks: FloatArray) -> tuple[float, float]:
    """Degrees of yaw and pitch, about."""
    across = landmarks[_TEMPLES[1]] - landmarks[_TEMPLES[0]]
    down = landmarks[_HEIGHT[1]] - landmarks[_HEIGHT[0]]
    return _angle(across), _angle(down) - _LEVEL


def _angle(line: FloatArray) -> float:
    return float(np.degrees(np.arctan2(_FLAT * line[2], np.hypot(line[0], line[1]))))
