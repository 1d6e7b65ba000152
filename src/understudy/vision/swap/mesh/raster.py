"""Rasterising the mesh: vertex attributes to images, nearest surface wins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray

__all__ = ["paint_contours", "rasterise", "scaled"]

# OpenCV 5's rasteriser is missing from its type stubs.
_cv2: Final[Any] = cv2

# OpenCV draws with a pinhole camera. From this far away, with depth squeezed this much, it is orthographic: over a
# whole face the interpolation differs from the affine one by less than 1e-3 of a triangle.
_DISTANCE: Final = 1000.0
_DEPTH: Final = 0.1
# Between these the camera sees. Close together, or the depth buffer would not tell nose from cheek.
_NEAR: Final = _DISTANCE - 1
_FAR: Final = _DISTANCE + 1
_FIELD_OF_VIEW: Final = float(np.deg2rad(60.0))


def rasterise(
    points: FloatArray,
    attributes: FloatArray,
    triangles: NDArray[np.int32],
    size: tuple[int, int],
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Interpolate three attributes per vertex over the visible triangles.

    Args:
        points: (n, 3): x and y in pixels of the image to draw (pixel centres at whole numbers), z smaller is nearer.
        attributes: (n, 3) float32.
        triangles: (t, 3) vertex numbers.
        size: (width, height).

    Returns:
        (height, width, 3) float32, zero where nothing is drawn, and (height, width) where something is.
    """
    width, height = size
    focal = height / 2 / np.tan(_FIELD_OF_VIEW / 2)
    z = points[:, 2] - points[:, 2].mean()
    depth = _DISTANCE + z * (_DEPTH / max(float(np.abs(z).max()), 1e-6))
    vertices = np.empty((len(points), 3), np.float32)
    vertices[:, 0] = (points[:, 0] + 0.5 - width / 2) / focal * depth
    vertices[:, 1] = (height / 2 - (points[:, 1] + 0.5)) / focal * depth
    vertices[:, 2] = -depth
    color = np.zeros((height, width, 3), np.float32)
    zbuffer = np.full((height, width), _FAR, np.float32)
    how = (
        _cv2.TriangleRasterizeSettings()
        .setShadingType(_cv2.RASTERIZE_SHADING_SHADED)
        .setCullingMode(_cv2.RASTERIZE_CULLING_NONE)
    )
    identity = np.eye(4, dtype=np.float32)
    _cv2.triangleRasterize(
        vertices, triangles, attributes, color, zbuffer, identity, _FIELD_OF_VIEW, _NEAR, _FAR, how
    )
    return color, zbuffer < _FAR - 0.5


def paint_contours(
    uv: FloatArray, contours: Sequence[NDArray[np.intp]], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """(height, width) 255 inside closed contours of the texture, with smooth edges.

    Args:
        uv: (468, 2) of the vertices.
        contours: Vertex numbers in order.
        size: (width, height) of the texture.
    """
    area = np.zeros((size[1], size[0]), np.uint8)
    points = uv * np.array(size, np.float32) - 0.5
    for contour in contours:
        cv2.fillPoly(area, [np.round(points[contour] * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return area


def scaled(points: FloatArray, scale: float) -> FloatArray:
    """Pixel coordinates (n, 3) on a grid that is coarser by ``scale``, with pixel centres at whole numbers."""
    half = np.array([0.5, 0.5, 0], np.float32)
    return ((points + half) * np.float32(scale) - half).astype(np.float32)
