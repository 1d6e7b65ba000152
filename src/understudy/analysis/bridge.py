"""A face while it is out of sight for a moment: laid between the frames before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from understudy.analysis.moments import Sample
from understudy.core.types import FloatArray
from understudy.vision.shape import five_points

__all__ = ["bridge"]

_TRUSTED: Final = 0.45  # share of the confidence of the frames that it lies between


def bridge(
    before: Sample, after: Sample, count: int, speeds: tuple[FloatArray, FloatArray | None]
) -> list[Sample]:
    """The samples of the frames between two.

    The middle moves on a cubic Hermite spline, so that it leaves and arrives at the speeds that were seen; roll and
    size change evenly (a logarithm of the similarity transform), and the shape is blended.

    Args:
        before, after: Seen.
        count: Frames between them.
        speeds: (2,) pixels a frame at either end; that after may not be known.
    """
    start, stop = (
        np.array(sample.landmarks[:, 0] + 1j * sample.landmarks[:, 1], np.complex128)
        for sample in (before, after)
    )
    leaving = complex(*speeds[0].tolist()) * (count + 1)
    # Without it, it slows down or speeds up evenly.
    way = complex(stop.mean() - start.mean())
    arriving = 2 * way - leaving if speeds[1] is None else complex(*speeds[1].tolist()) * (count + 1)
    shapes = start - start.mean(), stop - stop.mean()
    turn = np.log(
        complex(np.vdot(shapes[0], shapes[1])) / max(float(np.vdot(shapes[0], shapes[0]).real), 1e-9)
    )
    confidence = _TRUSTED * min(before.face.confidence, after.face.confidence)
    samples = []
    for t in (np.arange(count) + 1) / (count + 1):
        middle = (
            start.mean() * (1 + 2 * t) * (1 - t) ** 2
            + leaving * t * (1 - t) ** 2
            + stop.mean() * t * t * (3 - 2 * t)
            - arriving * t * t * (1 - t)
        )
        shape = (1 - t) * shapes[0] * np.exp(t * turn) + t * shapes[1] * np.exp((t - 1) * turn)
        flat = middle + shape
        depth = (1 - t) * before.landmarks[:, 2] + t * after.landmarks[:, 2]
        landmarks = np.stack([flat.real, flat.imag, depth], 1).astype(np.float32)
        face = replace(
            before.face,
            bbox=np.concatenate([landmarks[:, :2].min(0), landmarks[:, :2].max(0)]),
            keypoints=five_points(landmarks),
            landmarks=landmarks,
            confidence=confidence,
        )
        samples.append(Sample(face, None, before.proportions, bridged=True))
    return samples
