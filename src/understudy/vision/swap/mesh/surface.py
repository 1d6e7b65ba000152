"""A coarse grid of the UV map, laid over the mesh."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical

__all__ = ["GRID", "Surface"]

GRID: Final = (32, 48)  # rows and columns of the UV map
# Of the map's height: nearer to its edge hair and scarves are the rule.
_RIM, _CHIN = 0.16, 0.07


@dataclass(frozen=True, eq=False)
class Surface:
    """How the grid lies on the mesh.

    Attributes:
        inside: (rows, columns) where there is a triangle.
        corners: (n, 3) vertex numbers of the triangle that the middle of each of these cells lies in.
        shares: (n, 3) of each.
    """

    inside: NDArray[np.bool_]
    corners: NDArray[np.intp]
    shares: FloatArray

    @classmethod
    def of(cls, canonical: Canonical) -> Surface:
        """Lay the grid on the canonical mesh."""
        rows, columns = GRID
        middles = (np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) + 0.5) / (columns, rows)
        points = middles.reshape(-1, 2)
        corners, shares = np.zeros((len(points), 3), np.intp), np.zeros((len(points), 3), np.float32)
        inside = np.zeros(len(points), bool)
        for triangle in canonical.triangles:
            a, b, c = canonical.uv[triangle].astype(np.float64)
            sides = np.stack([b - a, c - a])
            if abs(np.linalg.det(sides)) < 1e-12:
                continue
            far = (points - a) @ np.linalg.inv(sides)
            parts = np.column_stack([1 - far.sum(1), far])
            here = (parts > -1e-6).all(1) & ~inside
            corners[here], shares[here] = triangle, parts[here]
            inside |= here
        return cls(inside.reshape(GRID), corners[inside], shares[inside])

    @cached_property
    def cells(self) -> NDArray[np.intp]:
        """(n,) numbers of the inner cells."""
        return np.flatnonzero(self.inside)

    @cached_property
    def depth(self) -> FloatArray:
        """(rows, columns) distance from the mesh's edge, in heights of the map."""
        bordered = cv2.copyMakeBorder(
            self.inside.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=[0]
        )
        return np.asarray(cv2.distanceTransform(bordered, cv2.DIST_L2, 5)[1:-1, 1:-1] / GRID[0], np.float32)

    @cached_property
    def middle(self) -> NDArray[np.bool_]:
        """(rows, columns) what is not the rim; microphones and cups come from below, where hair does not."""
        rows, columns = GRID
        chin = np.arange(rows)[:, None] > 0.575 * rows
        chin = chin & (np.abs(np.arange(columns) - (columns - 1) / 2) < columns / 6)
        return np.asarray(self.depth > np.where(chin, _CHIN, _RIM))

    def at_cells(self, values: FloatArray) -> FloatArray:
        """(n, c) in the middles of the inner cells, from the vertices' (468, c)."""
        return np.asarray(np.einsum("nk,nkc->nc", self.shares, values[self.corners]), np.float32)

    def taken(self, grid: FloatArray) -> FloatArray:
        """(c, n) of the inner cells from (rows, columns, c)."""
        flat = grid.reshape(-1, grid.shape[-1])
        return np.ascontiguousarray(np.take(flat, self.cells, 0).T, np.float32)

    def laid_out(self, values: FloatArray) -> FloatArray:
        """(rows, columns, c) from (n, c) of the inner cells; 0 elsewhere."""
        grid = np.zeros((*GRID, values.shape[1]), np.float32)
        grid[self.inside] = values
        return grid
