"""Peppa_Pig_Face_Landmark: 68 points with a score each, from the crop of 2D-FAN-4."""

from __future__ import annotations

import numpy as np

from understudy.core.errors import ModelError
from understudy.core.types import Face
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.align import cut
from understudy.vision.crop import network_input
from understudy.vision.landmark.fan import brightened, fan_square
from understudy.vision.landmark.points import PointLandmarker, Points, five, from_crop
from understudy.vision.roles import Picture

__all__ = ["Peppa", "open_landmarker"]

_MAP = 64
"""Length of the crop's side in the points' unit."""


class Peppa(PointLandmarker):
    """Places 68 points.

    Args:
        session: The network.
        spec: Its catalogue row.
    """

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        if spec.input_size is None:
            raise ModelError(f"The row of {spec.name} has no input_size.")
        self._session, self._spec, self._side = session, spec, spec.input_size[0]

    def place(self, picture: Picture, face: Face) -> Points:
        """The points, and the mean of their scores."""
        alignment = fan_square(face, self._side)
        (output,) = self._session.run(
            {"input": network_input(brightened(cut(picture, alignment)), self._spec)}
        ).values()
        table = output.reshape(68, 3)
        # Measured from edge to edge; ours are indices of pixels.
        points = from_crop(table[:, :2] * np.float32(self._side / _MAP) - np.float32(0.5), alignment)
        return Points(points, five(points), min(max(float(table[:, 2].mean()), 0.0), 1.0))


def open_landmarker(spec: ModelSpec, pool: SessionPool) -> Peppa:
    """Open the landmarker of a row (errors: see ``vision/landmark/families.py``)."""
    return Peppa(pool.session(spec), spec)
