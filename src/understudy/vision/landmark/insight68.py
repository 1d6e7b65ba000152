"""InsightFace's 1k3d68: 68 points in space from an upright square 1.5 times the box's longer side, and the pose."""

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
from understudy.vision.landmark.pose import Pose, mean_shape_68, measure_pose
from understudy.vision.roles import Picture
from understudy.vision.square import plain_if_normalised, square

__all__ = ["Insight68", "open_landmarker"]

_MARGIN = 1.5


class Insight68(PointLandmarker):
    """Places 68 points in space.

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
        self._mean = mean_shape_68()

    def place(self, picture: Picture, face: Face) -> Points:
        """The points, (68, 3); the network does not say how sure it is."""
        alignment = square(face, self._side, self._side / _MARGIN)
        given = network_input(cut(picture, alignment, self._prefilter), self._spec)
        (output,) = self._session.run({"data": given}).values()
        # -1 to 1 over the crop, larger is nearer; of the 1103 points the last 68 are the layout known as iBUG's.
        values = output.reshape(-1, 3)[-68:] * np.float32(self._side // 2)
        values *= np.array([1, 1, -1], np.float32)
        points = from_crop(values + np.array([self._side // 2, self._side // 2, 0], np.float32), alignment)
        return Points(points, five(points))

    def pose(self, picture: Picture, face: Face) -> Pose:
        """Where the face looks."""
        return measure_pose(self.place(picture, face).points, self._mean)


def open_landmarker(spec: ModelSpec, pool: SessionPool) -> Insight68:
    """Open the landmarker of a row (errors: see ``vision/landmark/families.py``)."""
    return Insight68(pool.session(spec), plain_if_normalised(spec, pool))
