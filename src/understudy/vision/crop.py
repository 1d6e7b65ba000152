"""Square, rotated cut-outs of a picture at a network's size, prefiltered."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray, Region
from understudy.models.spec import ModelSpec
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Crop", "network_input", "sample"]


@dataclass(frozen=True)
class Crop:
    """A square of the picture, turned.

    Attributes:
        x, y: Its centre in picture pixels.
        size: Length of its side in picture pixels.
        angle: Radians from the picture's x axis to the square's, clockwise on the screen.
    """

    x: float
    y: float
    size: float
    angle: float

    def matrix(self, side: int) -> NDArray[np.float64]:
        """(2, 3) matrix from the square's own coordinates (0 to ``side``, edge to edge) to the picture's."""
        scale = self.size / side
        cos, sin = scale * math.cos(self.angle), scale * math.sin(self.angle)
        middle = side / 2
        return np.array(
            [
                [cos, -sin, self.x - middle * (cos - sin)],
                [sin, cos, self.y - middle * (sin + cos)],
            ]
        )


def sample(picture: Picture, crop: Crop, side: int, border: int = cv2.BORDER_CONSTANT) -> BgrImage:
    """The crop at ``side`` × ``side`` pixels, uint8 BGR; outside the picture it is as ``border`` says.

    Shrinks by area on a grid that is fixed to the picture, and by linear interpolation only for the rest, so
    that nothing aliases and a crop that moves a little samples the same shrunken pixels.
    """
    step = max(1, round(crop.size / side))
    region = _covering(picture, crop, 2 * step)
    if region is None:
        return np.zeros((side, side, 3), np.uint8)
    pixels = picture.bgr(region, (region.width // step, region.height // step) if step > 1 else None)
    matrix = crop.matrix(side)
    # From pixel indices of the result (whose centres lie at + ½) to pixel indices of the shrunken region.
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5)
    matrix[:, 2] = (matrix[:, 2] - (region.x, region.y) + 0.5) / step - 0.5
    matrix[:, :2] /= step
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(pixels, matrix, (side, side), flags=flags, borderMode=border), np.uint8)


def network_input(pixels: BgrImage, spec: ModelSpec) -> FloatArray:
    """(1, 3, h, w) float32 RGB from (h, w, 3) BGR, scaled as the model's row says."""
    height, width = pixels.shape[:2]
    mean = (255 * spec.mean,) * 3
    blob = cv2.dnn.blobFromImage(pixels, 1 / (255 * spec.std), (width, height), mean, swapRB=True)
    return np.asarray(blob, np.float32)


def _covering(picture: Picture, crop: Crop, grid: int) -> Region | None:
    """The part of the picture that the crop needs, with bounds on multiples of ``grid``."""
    reach = crop.size / 2 * (abs(math.cos(crop.angle)) + abs(math.sin(crop.angle))) + grid
    left = max(math.floor((crop.x - reach) / grid) * grid, 0)
    top = max(math.floor((crop.y - reach) / grid) * grid, 0)
    right = min(math.ceil((crop.x + reach) / grid), picture.width // grid) * grid
    bottom = min(math.ceil((crop.y + reach) / grid), picture.height // grid) * grid
    if right <= left or bottom <= top:
        return None
    return Region(left, top, right - left, bottom - top)
