"""The new face fades where a head turns away: in time, evenly, and not for a glance back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from understudy.analysis.analyse import AHEAD
from understudy.analysis.fade import Range, shown
from understudy.analysis.moments import Sample
from understudy.analysis.motion import angles
from understudy.core.types import Face
from understudy.vision.canonical import load_canonical


def looking(yaw: float) -> Sample:
    """A face whose landmarks say that its head is turned so many degrees."""
    points = load_canonical().vertices * 300
    turn = np.arctan(np.tan(np.radians(yaw)) / 1.8)  # the landmarker's depth is flat
    cos, sin = np.cos(turn), np.sin(turn)
    points = (points @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])).astype(np.float32)
    box = np.r_[points[:, :2].min(0), points[:, :2].max(0)]
    return Sample(
        Face(box, 1.0, points[[159, 386, 1, 61, 291], :2], points), None, np.zeros((468, 3), np.float32)
    )


def weights(yaws: Sequence[float], within: Range | None = None) -> list[float]:
    samples = [looking(yaw) for yaw in yaws]
    return [
        shown(samples[max(i - AHEAD, 0) : i], now, samples[i + 1 : i + 1 + AHEAD], within or Range())
        for i, now in enumerate(samples)
    ]


@pytest.mark.parametrize("yaw", [-60, -30, 0, 20, 45, 62])
def test_angles_are_those_of_the_head(yaw: float) -> None:
    assert angles(looking(yaw).landmarks)[0] == pytest.approx(yaw, abs=1)


def test_all_is_shown_within_the_range_and_nothing_beyond_it() -> None:
    assert weights([0, 20, -40, 48] * 3) == [1.0] * 12
    assert weights([-70.0] * 8) == [0.0] * 8
    assert weights([30.0] * 8, Range(yaw=(10, 25))) == [0.0] * 8


@pytest.mark.parametrize(
    "yaw",
    [lambda t: 0.0 if t < 30 else 80.0, lambda t: 90 * np.sin(t / 9), lambda t: 3.0 * t - 90],
    ids=["at once", "to and fro", "slowly"],
)
def test_it_changes_evenly_and_never_late(yaw: Callable[[float], float]) -> None:
    yaws = [float(yaw(time)) for time in range(60)]
    given = weights(yaws)
    assert np.abs(np.diff(given)).max() <= 1 / 6 + 1e-6
    assert min(given) == 0
    assert max(given) == 1
    assert all(weight <= 0.3 for weight, angle in zip(given, yaws, strict=True) if abs(angle) > 63)


def test_a_glance_back_between_two_turns_is_let_pass() -> None:
    yaws = [70.0] * 12 + [20.0] * 4 + [70.0] * 12
    assert max(weights(yaws)) <= 0.5
    assert max(weights([70.0] * 12 + [20.0] * 24 + [70.0] * 12)) == 1
