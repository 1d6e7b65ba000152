"""Plane geometry over arrays: similarity transforms, boxes and regions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray, Region

__all__ = ["apply_affine", "common", "fit_similarity", "iou", "region_around", "slices", "smoothstep"]


def fit_similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> FloatArray:
    """Least-squares similarity transform (rotation, uniform scale, translation; no reflection).

    Args:
        source: (n, 2) points.
        target: (n, 2) points that they should land on.

    Returns:
        (2, 3) matrix M with ``target ≈ source @ M[:, :2].T + M[:, 2]``.

    Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991;
    in the plane it reduces to a complex division.
    """
    p = np.asarray(source, np.float64)
    q = np.asarray(target, np.float64)
    p_mean, q_mean = p.mean(0), q.mean(0)
    a = (p - p_mean) @ np.array([1, 1j])
    b = (q - q_mean) @ np.array([1, 1j])
    turn = complex(np.vdot(a, b) / max(float(np.vdot(a, a).real), 1e-12))
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.asarray(np.hstack([linear, (q_mean - linear @ p_mean)[:, None]]), np.float32)


def apply_affine(matrix: NDArray[np.floating], points: NDArray[np.floating]) -> FloatArray:
    """Map (n, 2) points by a (2, 3) matrix."""
    return np.asarray(np.asarray(points) @ matrix[:, :2].T + matrix[:, 2], np.float32)


def iou(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Intersection over union of two boxes (left, top, right, bottom)."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    inter = float(width * height)
    union = float((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])) - inter
    return inter / union


def region_around(points: NDArray[np.floating], margin: float, width: int, height: int) -> Region:
    """Smallest region with even bounds that holds the points and a margin, clipped to the picture.

    Args:
        points: (n, 2) or (n, 3).
        margin: Pixels to add on each side.
        width, height: Of the picture.
    """
    low = np.floor(points[:, :2].min(0) - margin).astype(int) & ~1
    high = np.ceil(points[:, :2].max(0) + margin).astype(int) + 1
    x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
    x1, y1 = min(int(high[0] + (high[0] & 1)), width), min(int(high[1] + (high[1] & 1)), height)
    return Region(x0, y0, max(x1 - x0, 0), max(y1 - y0, 0))


def common(a: Region, b: Region) -> Region | None:
    """The pixels that two regions share; None if there are none."""
    x, y = max(a.x, b.x), max(a.y, b.y)
    width, height = min(a.right, b.right) - x, min(a.bottom, b.bottom) - y
    return Region(x, y, width, height) if width > 0 and height > 0 else None


def slices(part: Region, whole: Region) -> tuple[slice, slice]:
    """Rows and columns at which a region lies in an array over another one that holds it."""
    return (
        slice(part.y - whole.y, part.bottom - whole.y),
        slice(part.x - whole.x, part.right - whole.x),
    )


def smoothstep(x: Any, low: Any, high: Any) -> NDArray[Any]:
    """0 up to ``low``, 1 from ``high`` on, and between them a cubic that is level at both ends.

    Args:
        x: Numbers or arrays, and so are the bounds; they are broadcast.
        low, high: Bounds.
    """
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
