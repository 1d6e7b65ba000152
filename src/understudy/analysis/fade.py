"""How much of the new face is shown while a head turns away: all, up to where it looks right; nothing, beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from understudy.analysis.moments import Sample
from understudy.analysis.motion import angles
from understudy.core.geometry import smoothstep

__all__ = ["Range", "shown"]

_REACH: Final = 6  # frames in which it goes from nothing to all, at the fastest


@dataclass(frozen=True)
class Range:
    """How far a head may turn, in degrees.

    Attributes:
        yaw: To the side: all is shown up to the first, nothing from the second on. The mesh engine's, as it looks:
            from about 60 the nose stands out before the background, and from about 65 landmarks cannot be trusted.
        pitch: Up or down: the same.
    """

    yaw: tuple[float, float] = (50.0, 62.0)
    pitch: tuple[float, float] = (45.0, 60.0)


def shown(past: Sequence[Sample], now: Sample, future: Sequence[Sample], within: Range) -> float:
    """The share of the new face that is shown, 0 to 1.

    It never leaves the range's own share by being late: it begins to fall before a head is too far away, and has
    risen again only after it is back (the lower envelope with a bounded slope). So a head that hovers about the end
    of the range does not flicker, and a glance back between two turns is let pass.

    Args:
        past, future: Neighbouring samples, in order of time; one more of each than it takes to fade out.
        now: The frame's own.
        within: How far a head may turn.
    """
    samples = [*past, now, *future]
    turned = np.abs(angles(np.stack([sample.landmarks for sample in samples])))
    if (turned < (within.yaw[0], within.pitch[0])).all():
        return 1.0
    # Over three frames; the window's ends are left out, unless they are the track's.
    rims = np.pad(turned, ((1, 1), (0, 0)), "edge")
    means = (rims[:-2] + rims[1:-1] + rims[2:]) / 3
    low, high = int(len(past) > _REACH), len(samples) - int(len(future) > _REACH)
    shares = (1 - smoothstep(means[:, 0], *within.yaw)) * (1 - smoothstep(means[:, 1], *within.pitch))
    bounds = shares + np.abs(np.arange(len(samples)) - len(past)) / _REACH
    return float(bounds[low:high].min(initial=1.0))
