"""Warping: where the actor's proportions move the face's outline, the picture around it follows smoothly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import smoothstep
from understudy.core.types import FloatArray, Region
from understudy.vision.canonical import Canonical
from understudy.vision.roles import BgrImage
from understudy.vision.swap.mesh.raster import rasterise

__all__ = ["REACH", "Displacement", "displacement", "steadied", "warp"]

REACH: Final = 0.25  # face widths around the face within which its surroundings follow
_STILL: Final = 0.02  # pixels below which nothing has moved
_LARGE: Final = 250.0  # pixels of face width
_GRID: Final = 8  # pixels per node of the displacement field, for a face 400 pixels wide


@dataclass(frozen=True, eq=False)
class Displacement:
    """Where each pixel of a region comes from.

    Attributes:
        source: (h, w, 2) float32 x and y in the region's pixels.
        changed: (h, w) uint8, 255 where that is not the pixel's own place.
    """

    source: FloatArray
    changed: NDArray[np.uint8]


def displacement(
    canonical: Canonical, moved: FloatArray, delta: FloatArray, region: Region, width: float
) -> Displacement:
    """Carry the move of the face's vertices on to its surroundings.

    Args:
        canonical: The mesh.
        moved: (468, 3) landmarks after the move.
        delta: (468, 2) the move itself, in pixels.
        region: The region that is warped.
        width: Of the face in pixels.

    Returns:
        What to take where; nothing has moved farther from the face than :data:`REACH`.
    """
    step = max(round(_GRID * width / 400), 1)
    # One node more on each side, so that every pixel of the region lies between nodes.
    size = (-(-region.width // step) + 2, -(-region.height // step) + 2)
    origin = np.array([region.x, region.y, 0], np.float32)
    points = (moved - origin + np.float32(0.5)) / np.float32(step) + np.array([0.5, 0.5, 0], np.float32)
    attributes = np.column_stack([delta, np.ones(468)]).astype(np.float32)
    field, covered = rasterise(points.astype(np.float32), attributes, canonical.triangles, size)
    grid = width / step
    # Outside the face the move is carried on by its neighbours and dies out with the distance.
    spread = cv2.GaussianBlur(field, (0, 0), 0.07 * grid) + 1e-3 * cv2.GaussianBlur(field, (0, 0), 0.2 * grid)
    beyond = spread[..., :2] / np.maximum(spread[..., 2:], 1e-9)
    distance = cv2.distanceTransform((~covered).astype(np.uint8), cv2.DIST_L2, 5) / (REACH * grid)
    fade = smoothstep(1 - distance, 0, 1)
    smooth = np.where(covered[..., None], field[..., :2], beyond) * fade[..., None]
    shift = np.asarray(cv2.GaussianBlur(smooth, (0, 0), 0.8), np.float32)
    nodes = np.stack(np.meshgrid(np.arange(size[0]), np.arange(size[1])), -1)
    source = ((nodes - 0.5) * step - 0.5 - shift).astype(np.float32)
    far = np.maximum(np.abs(shift[..., 0]), np.abs(shift[..., 1])) > _STILL
    changed = cv2.dilate(far.astype(np.uint8) * 255, np.ones((3, 3), np.uint8))
    return Displacement(
        np.asarray(_enlarged(source, step, region, cv2.INTER_LINEAR), np.float32),
        np.asarray(_enlarged(changed, step, region, cv2.INTER_NEAREST), np.uint8),
    )


def steadied(displaced: Displacement, width: float) -> Displacement:
    """The same as smoothly as large parts of the face move: what is in front of it is bent along with its surroundings.

    Args:
        displaced: Of a region.
        width: Of the face in pixels.
    """
    height, length = displaced.changed.shape
    rows, columns = np.arange(height, dtype=np.float32), np.arange(length, dtype=np.float32)
    here = cv2.merge([np.tile(columns, (height, 1)), np.tile(rows[:, None], (1, length))])
    size = max(length // _GRID, 1), max(height // _GRID, 1)
    small = cv2.resize(displaced.source - here, size, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(small, (0, 0), max(0.15 * width / _GRID, 0.5))
    return Displacement(
        np.asarray(here + cv2.resize(smooth, (length, height)), np.float32), displaced.changed
    )


def warp(image: BgrImage, displaced: Displacement, width: float) -> BgrImage:
    """Take each pixel from where it comes from.

    Args:
        image: (h, w, 3) uint8.
        displaced: Of the same region.
        width: Of the face in pixels. Small faces are sampled by bicubic interpolation, so that nothing beside them
            is softened; large ones show no difference and would take long.
    """
    how = cv2.INTER_CUBIC if width < _LARGE else cv2.INTER_LINEAR
    empty: Any = None
    warped = cv2.remap(image, displaced.source, empty, how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _enlarged(nodes: NDArray[Any], step: int, region: Region, how: int) -> NDArray[Any]:
    size = (nodes.shape[1] * step, nodes.shape[0] * step)
    whole = cv2.resize(nodes, size, interpolation=how)
    return np.ascontiguousarray(whole[step : step + region.height, step : step + region.width])
