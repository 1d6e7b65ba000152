"""A person's time in a film as a picture: what became of their face, frame by frame, and how good it was."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from understudy.app.report.summary import ABSENT, FINE, TROUBLES

__all__ = ["HEIGHTS", "bar", "curve"]

_WIDTH: Final = 1000.0
_COLUMNS: Final = 960
_NAMES: Final = {ABSENT: "absent", FINE: "fine", **{2 + code: name for code, name in enumerate(TROUBLES)}}
HEIGHTS: Final = {"fine": 10, "bridged": 14, "faded": 18, "doubtful": 22, "skipped": 28, "missed": 28}
"""Of each state out of 28: what is worse stands higher, for those who cannot go by its colour."""


def bar(states: NDArray[np.uint8], frames: NDArray[Any], end: float, label: str) -> str:
    """A person's states over time, as SVG.

    Args:
        states: (n,) by frame.
        frames: (n,) :data:`~understudy.render.record.FRAME`.
        end: When the film ends, in seconds.
        label: What it says, in words; escaped.
    """
    group = -(-len(states) // _COLUMNS)
    starts = np.arange(0, len(states), group)
    worst = np.maximum.reduceat(states, starts)
    begins = frames["time"][starts]
    # What was not recorded is a hole in the numbers, and stays empty.
    holes = np.flatnonzero(np.diff(frames["number"]) > 1)
    runs = np.flatnonzero(np.diff(worst, prepend=255))
    drawn = [
        _run(_NAMES[int(worst[run])], float(begins[run]), stop, end)
        for run, stop in zip(runs, [*begins[runs[1:]].tolist(), end], strict=True)
        if worst[run] != ABSENT
    ]
    blank = [
        f'<rect class="blank" x="{_x(float(frames["time"][hole]), end):.2f}" y="0" height="28" '
        f'width="{_x(float(frames["time"][hole + 1] - frames["time"][hole]), end):.2f}"/>'
        for hole in holes.tolist()
    ]
    cuts = frames["time"][1:][np.diff(frames["shot"]) != 0].tolist()
    ticks = "".join(f"M{_x(float(cut), end):.2f} 0V32" for cut in cuts)
    return (
        f'<svg class="bar" viewBox="0 0 1000 32" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<path class="ground" d="M0 27.5H1000"/>{"".join([*drawn, *blank])}<path class="cut" d="{ticks}"/></svg>'
    )


def curve(
    times: NDArray[Any],
    values: NDArray[Any],
    end: float,
    bounds: tuple[float, float],
    label: str,
    mark: float | None = None,
) -> str:
    """A measure over time, as SVG.

    Args:
        times: (k,) seconds.
        values: (k,) of which some are not numbers.
        end: When the film ends.
        bounds: Values at the bottom and at the top.
        label: What it says, in words; escaped.
        mark: A value that a dashed line is drawn at.
    """
    known = np.isfinite(values)
    x = _WIDTH * times[known] / max(end, 1e-9)
    places = list(zip(x.tolist(), _y(values[known], bounds).tolist(), strict=True))
    line = "".join(f"{'L' if index else 'M'}{x:.2f} {y:.2f}" for index, (x, y) in enumerate(places))
    dots = "".join(f"M{x:.2f} {y:.2f}h.01" for x, y in places)
    dashed = (
        "" if mark is None else f'<path class="mark" d="M0 {float(_y(np.array(mark), bounds)):.2f}H1000"/>'
    )
    return (
        f'<svg class="curve" viewBox="0 0 1000 32" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'{dashed}<path class="line" d="{line}"/><path class="dots" d="{dots}"/></svg>'
    )


def _run(name: str, start: float, stop: float, end: float) -> str:
    height = HEIGHTS[name]
    return (
        f'<rect class="{name}" x="{_x(start, end):.2f}" y="{28 - height}" height="{height}" '
        f'width="{_x(stop - start, end):.2f}"/>'
    )


def _x(seconds: float, end: float) -> float:
    return _WIDTH * seconds / max(end, 1e-9)


def _y(values: NDArray[Any], bounds: tuple[float, float]) -> NDArray[Any]:
    low, high = bounds
    return np.asarray(29 - 26 * np.clip((values - low) / (high - low), 0, 1))
