"""Where a face lies in the crop that a network knows: five points on a template."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ModelError
from understudy.core.geometry import fit_similarity, region_around
from understudy.core.types import FloatArray, Region
from understudy.vision.crop import resample
from understudy.vision.roles import BgrImage, Picture

__all__ = ["TEMPLATES", "Alignment", "cut", "fit"]

# A crop is sampled up to so many times as finely as it will be, as long as that is coarser than the picture: what
# shrinks on the picture's own grid alone changes with the grid's place under the crop.
_FINEST: Final = 4
_COARSE: Final = 1.5


def _template(*numbers: float) -> FloatArray:
    points = np.array(numbers, np.float32).reshape(5, 2)
    points.setflags(write=False)
    return points


# fmt: off
TEMPLATES: Final[Mapping[str, FloatArray]] = MappingProxyType({
    "arcface_112_v1": _template(
        .35473214, .45658929, .64526786, .45658929, .5, .61154464, .37913393, .77687500, .62086607, .77687500),
    "arcface_112_v2": _template(
        .34191607, .46157411, .65653393, .45983393, .50022500, .64050536, .37097589, .82469196, .63151696, .82325089),
    "arcface_128": _template(
        .36167656, .40387734, .63696719, .40235469, .50019687, .56044219, .38710391, .72160547, .61507734, .72034453),
    "ffhq_512": _template(
        .37691676, .46864664, .62285697, .46912813, .50123859, .61331904, .39308822, .72541100, .61150205, .72490465),
    "mtcnn_512": _template(
        .36562865, .46733799, .63305391, .46585885, .50019127, .61942959, .39032951, .77598822, .61178945, .77476328),
})
# fmt: on
"""(5, 2) key points in the order of :class:`~understudy.core.types.Face`, in shares of the crop's side."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """A face's place in a crop.

    Attributes:
        matrix: (2, 3) float64 similarity from pixel indices of the picture to those of the crop.
        size: The crop's side in pixels.
    """

    matrix: NDArray[np.float64]
    size: int

    @property
    def inverse(self) -> NDArray[np.float64]:
        """(2, 3) from pixel indices of the crop to those of the picture."""
        linear = np.linalg.inv(self.matrix[:, :2])
        return np.hstack([linear, -linear @ self.matrix[:, 2:]])

    def region(self, width: int, height: int) -> Region:
        """The part of a picture of this size, with even bounds, that pasting the crop changes; it may be empty."""
        low, high = -1.0, self.size
        corners = np.array([[low, low], [high, low], [low, high], [high, high]])
        inverse = self.inverse
        return region_around(corners @ inverse[:, :2].T + inverse[:, 2], 0.0, width, height)


def fit(keypoints: FloatArray, template: str, size: int) -> Alignment:
    """The similarity that moves a face onto a template, by least squares.

    Args:
        keypoints: (5, 2) as in :class:`~understudy.core.types.Face`.
        template: A name of :data:`TEMPLATES`.
        size: Side of the crop in pixels.

    Raises:
        ModelError: There is no template of that name.
    """
    if template not in TEMPLATES:
        raise ModelError(
            f"There is no alignment template {template!r}.",
            next_step=f"Name one of these in the model's row: {', '.join(TEMPLATES)}.",
        )
    matrix = fit_similarity(keypoints, TEMPLATES[template] * size)
    return Alignment(np.asarray(matrix, np.float64), size)


def cut(picture: Picture, alignment: Alignment, prefilter: bool = True) -> BgrImage:
    """The aligned crop, (size, size, 3) uint8 BGR, black outside the picture.

    Args:
        picture: Where the face is.
        alignment: From :func:`fit`.
        prefilter: Average over the area of each of the crop's pixels, so that a large face does not alias into a
            small crop and flicker. False is what InsightFace does: linear interpolation between the picture's own
            pixels.
    """
    inverse, size = alignment.inverse, alignment.size
    if not prefilter:
        return resample(picture, inverse, size, prefilter=False)
    finer = 1
    while finer < _FINEST and math.hypot(inverse[0, 0], inverse[1, 0]) > _COARSE * finer:
        finer *= 2
    inverse[:, 2] -= inverse[:, :2] @ np.full(2, (finer - 1) / (2 * finer))
    inverse[:, :2] /= finer
    pixels = resample(picture, inverse, size * finer)
    return np.asarray(cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
