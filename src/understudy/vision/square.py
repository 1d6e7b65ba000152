"""The upright square around a face's box, as networks see it that place points or judge looks."""

from __future__ import annotations

import math

import numpy as np

from understudy.core.types import Face
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.align import Alignment

__all__ = ["plain_if_normalised", "square"]


def square(face: Face, size: int, extent: float) -> Alignment:
    """A square with the middle of the face's box in the middle of the crop (at pixel index ``size / 2``).

    It is upright, or turned by the quarter turns that bring a lying or hanging face nearest to upright.

    Args:
        face: With box and keypoints.
        size: Of the crop in pixels.
        extent: How many pixels of the crop the longer side of the box takes.
    """
    left, top, right, bottom = face.bbox.astype(np.float64)
    scale = extent / max(right - left, bottom - top, 1)
    across = face.keypoints[1] - face.keypoints[0]
    quarter = round(math.atan2(across[1], across[0]) / (math.pi / 2)) % 4
    cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
    linear = scale * np.array([[cos, sin], [-sin, cos]], np.float64)
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    return Alignment(np.hstack([linear, (size / 2 - linear @ middle)[:, None]]), size)


def plain_if_normalised(spec: ModelSpec, pool: SessionPool) -> ModelSpec:
    """The row, but with plain 0 to 255 as its input when the graph begins with its own Sub and Mul.

    That is how InsightFace tells the two kinds of its exports apart.
    """
    if not pool.graph(spec).normalises_input:
        return spec
    return spec.model_copy(update={"mean": 0.0, "std": 1 / 255})
