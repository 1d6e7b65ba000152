"""Square, rotated cut-outs of a picture at a network's size, prefiltered."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ModelError
from understudy.core.types import FloatArray, Region
from understudy.models.spec import ModelSpec
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Crop", "network_input", "network_output", "resample", "sample"]


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
    """The crop at ``side`` × ``side`` pixels, uint8 BGR, as :func:`resample` makes it."""
    matrix = crop.matrix(side)
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5)  # from the square's edges to its pixels' centres
    return resample(picture, matrix, side, border)


def resample(
    picture: Picture,
    matrix: NDArray[np.float64],
    side: int,
    border: int = cv2.BORDER_CONSTANT,
    prefilter: bool = True,
) -> BgrImage:
    """A square of the picture, uint8 BGR (side, side, 3); outside the picture it is as ``border`` says.

    Shrinks by area on a grid that is fixed to the picture, and by linear interpolation only for the rest, so
    that nothing aliases and a crop that moves a little samples the same shrunken pixels.

    Args:
        picture: Where to look.
        matrix: (2, 3) similarity from pixel indices of the result to pixel indices of the picture.
        side: Of the result.
        border: OpenCV's number.
        prefilter: False interpolates between the picture's own pixels, however far apart the samples are.
    """
    matrix = np.array(matrix, np.float64)
    step = max(1, round(math.hypot(matrix[0, 0], matrix[1, 0]))) if prefilter else 1
    region = _covering(picture, matrix, side, 2 * step)
    if region is None:
        return np.zeros((side, side, 3), np.uint8)
    pixels = picture.bgr(region, (region.width // step, region.height // step) if step > 1 else None)
    matrix[:, 2] = (matrix[:, 2] - (region.x, region.y) + 0.5) / step - 0.5
    matrix[:, :2] /= step
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(pixels, matrix, (side, side), flags=flags, borderMode=border), np.uint8)


def network_input(pixels: BgrImage, spec: ModelSpec) -> FloatArray:
    """(1, 3, h, w) float32 RGB from (h, w, 3) BGR, scaled as the model's row says."""
    mean, std = np.empty(3), np.empty(3)
    mean[:], std[:] = spec.mean, spec.std
    height, width = pixels.shape[:2]
    blob = cv2.dnn.blobFromImage(
        pixels, 1 / (255 * std[0]), (width, height), (255 * mean).tolist(), swapRB=True
    )
    if np.ptp(std):
        blob *= (std[0] / std)[:, None, None]
    return np.asarray(blob, np.float32)


def network_output(values: FloatArray, spec: ModelSpec) -> BgrImage:
    """(h, w, 3) uint8 BGR from a network's (1, 3, h, w) RGB; undoes :func:`network_input`, cut to 0 to 255.

    Raises:
        ModelError: The network gave something else than numbers.
    """
    if not np.isfinite(values.sum(dtype=np.float64)):
        raise ModelError(
            f"{spec.name} gave numbers that are not finite.",
            next_step="Compute in full precision: --precision fp32, or --provider cpu.",
        )
    mean, std = np.empty(3, np.float32), np.empty(3, np.float32)
    mean[:], std[:] = spec.mean, spec.std
    pixels = cv2.merge([values[0, band] * (255 * std[band]) + 255 * mean[band] for band in (2, 1, 0)])
    return np.asarray(np.rint(np.clip(pixels, 0, 255)), np.uint8)


def _covering(picture: Picture, matrix: NDArray[np.float64], side: int, grid: int) -> Region | None:
    """The part of the picture that the square needs, with bounds on multiples of ``grid``."""
    low, high = -0.5, side - 0.5
    corners = matrix[:, :2] @ np.array([[low, high, low, high], [low, low, high, high]]) + matrix[:, 2:]
    left, top = np.maximum(np.floor((corners.min(1) - grid) / grid).astype(int) * grid, 0).tolist()
    right, bottom = (np.ceil((corners.max(1) + grid) / grid).astype(int) * grid).tolist()
    right = min(right, picture.width // grid * grid)
    bottom = min(bottom, picture.height // grid * grid)
    if right <= left or bottom <= top:
        return None
    return Region(left, top, right - left, bottom - top)
