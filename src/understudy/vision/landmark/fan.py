"""2D-FAN-4: 68 points, from heat maps of 64 × 64.

Source: Bulat and Tzimiropoulos, "How far are we from solving the 2D & 3D face alignment problem?", 2017. Its crop is a
square in which the box's longer side takes 195 of 256 pixels; very dark crops are equalised first, as FaceFusion does.
"""

from __future__ import annotations

import cv2
import numpy as np

from understudy.core.errors import ModelError
from understudy.core.types import Face
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.align import Alignment, cut
from understudy.vision.crop import network_input
from understudy.vision.landmark.points import PointLandmarker, Points, five, from_crop
from understudy.vision.roles import BgrImage, Picture
from understudy.vision.square import square

__all__ = ["Fan", "brightened", "fan_square", "open_landmarker"]

_EXTENT = 195 / 256
_MAP = 64
_SURE = 0.9
"""Mean of the heat maps' peaks that counts as certain."""

_DARK = 30.0
"""Mean lightness (0 to 255) below which a crop is equalised."""


class Fan(PointLandmarker):
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
        """The points, and as score the mean peak of their heat maps."""
        alignment = fan_square(face, self._side)
        given = network_input(brightened(cut(picture, alignment)), self._spec)
        positions, maps = self._session.run({"input": given}).values()
        # Measured from edge to edge of the heat map; ours are indices of pixels.
        in_crop = positions.reshape(68, -1)[:, :2] * np.float32(self._side / _MAP) - np.float32(0.5)
        points = from_crop(in_crop, alignment)
        peak = float(maps.reshape(68, -1).max(1).mean())
        return Points(points, five(points), min(max(peak / _SURE, 0.0), 1.0))


def fan_square(face: Face, size: int) -> Alignment:
    """The crop that 2D-FAN-4 and its kin are shown."""
    return square(face, size, _EXTENT * size)


def brightened(pixels: BgrImage) -> BgrImage:
    """A dark crop with its lightness equalised by tiles; any other as it is."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)
    if lab[..., 0].mean() >= _DARK:
        return pixels
    lab[..., 0] = cv2.createCLAHE(clipLimit=2).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), np.uint8)


def open_landmarker(spec: ModelSpec, pool: SessionPool) -> Fan:
    """Open the landmarker of a row (errors: see ``vision/landmark/families.py``)."""
    return Fan(pool.session(spec), spec)
