"""InsightFace's 2d106det: 106 points from an upright square 1.5 times the box's longer side."""

from __future__ import annotations

import numpy as np

from understudy.core.errors import ModelError
from understudy.core.types import Face
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.align import cut
from understudy.vision.crop import network_input
from understudy.vision.landmark.points import PointLandmarker, Points, five, from_crop
from understudy.vision.roles import Picture
from understudy.vision.square import plain_if_normalised, square

__all__ = ["Insight106", "open_landmarker"]

_MARGIN = 1.5


class Insight106(PointLandmarker):
    """Places 106 points.

    Args:
        session: The network.
        spec: Its catalogue row.
        prefilter: False samples the picture as InsightFace does, aliased.
    """

    def __init__(self, session: Session, spec: ModelSpec, prefilter: bool = True) -> None:
        if spec.input_size is None:
            raise ModelError(f"The row of {spec.name} has no input_size.")
        self._session, self._spec, self._prefilter = session, spec, prefilter
        self._side = spec.input_size[0]

    def place(self, picture: Picture, face: Face) -> Points:
        """The points; the network does not say how sure it is."""
        alignment = square(face, self._side, self._side / _MARGIN)
        given = network_input(cut(picture, alignment, self._prefilter), self._spec)
        (output,) = self._session.run({"data": given}).values()
        # -1 to 1 over the crop.
        points = from_crop((output.reshape(-1, 2)[-106:] + 1) * np.float32(self._side // 2), alignment)
        return Points(points, five(points))


def open_landmarker(spec: ModelSpec, pool: SessionPool) -> Insight106:
    """Open the landmarker of a row (errors: see ``vision/landmark/families.py``)."""
    return Insight106(pool.session(spec), plain_if_normalised(spec, pool))
