"""Warping: where the actor's proportions move the face's outline, the picture around it follows smoothly."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from understudy.core.types import FloatArray, Region
from understudy.vision.canonical import Canonical
from understudy.vision.roles import BgrImage
from understudy.vision.swap.mesh.raster import rasterise

__all__ = ["REACH", "displacement", "warp"]

REACH: Final = 0.25  # face widths around the face within which its surroundings follow
_LARGE: Final = 250.0  # pixels of face width
_GRID: Final = 8  # pixels per node of the displacement field, for a face 400 pixels wide


def displacement(
    canonical: Canonical, moved: FloatArray, delta: FloatArray, region: Region, width: float
) -> FloatArray:
    """Where each pixel of a region comes from when the face's vertices have moved.

    Args:
        canonical: The mesh.
        moved: (468, 3) landmarks after the move.
        delta: (468, 2) the move itself, in pixels.
        region: The region that is warped.
        width: Of the face in pixels.

    Returns:
        (height, width, 2) what to take from a pixel's own coordinates; zero farther than :data:`REACH`.
    """
    step = max(_GRID * width / 400, 1.0)
    size = (max(round(region.width / step), 4), max(round(region.height / step), 4))
    scale = np.array([size[0] / region.width, size[1] / region.height, 1 / step], np.float32)
    points = (moved - np.array([region.x, region.y, 0]) + 0.5) * scale - 0.5
    attributes = np.column_stack([delta, np.ones(468)]).astype(np.float32)
    field, covered = rasterise(points.astype(np.float32), attributes, canonical.triangles, size)
    grid = width / step
    # Outside the face the move is carried on by its neighbours and dies out with the distance.
    spread = cv2.GaussianBlur(field, (0, 0), 0.07 * grid) + 1e-3 * cv2.GaussianBlur(field, (0, 0), 0.2 * grid)
    beyond = spread[..., :2] / np.maximum(spread[..., 2:], 1e-9)
    distance = cv2.distanceTransform((~covered).astype(np.uint8), cv2.DIST_L2, 5) / (REACH * grid)
    fade = np.clip(1 - distance, 0, 1)
    fade = fade * fade * (3 - 2 * fade)
    smooth = np.where(covered[..., None], field[..., :2], beyond) * fade[..., None]
    smooth = cv2.GaussianBlur(smooth, (0, 0), 0.8)
    return np.asarray(cv2.resize(smooth, (region.width, region.height)), np.float32)


def warp(image: BgrImage, shift: FloatArray, width: float) -> BgrImage:
    """Take each pixel from ``(x, y) - shift``.

    Args:
        image: (h, w, 3) uint8.
        shift: (h, w, 2) float32.
        width: Of the face in pixels. Small faces are sampled by bicubic interpolation, so that nothing beside them
            is softened; large ones show no difference and would take long.
    """
    rows, columns = (np.arange(size, dtype=np.float32) for size in image.shape[:2])
    x, y = columns[None, :] - shift[..., 0], rows[:, None] - shift[..., 1]
    how = cv2.INTER_CUBIC if width < _LARGE else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(image, x, y, how, borderMode=cv2.BORDER_REPLICATE), np.uint8)
