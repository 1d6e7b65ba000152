"""The matte: where the actor's face shows, and how softly it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import smoothstep
from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.swap.mesh.paint import fetch
from understudy.vision.swap.mesh.raster import paint_contours

__all__ = ["Matte", "paint_matte"]

_EDGE: Final = 0.02  # of the face's width, over which the face fades in from its silhouette
_RIM: Final = 0.16  # of the texture's height: how far in from the oval hair and scarves are looked for


@dataclass(frozen=True, eq=False)
class Matte:
    """The masks that are painted once, in UV.

    Attributes:
        painting: (h, w, 4) uint8: the face's oval with a soft edge; inside of the lips; 255 at the oval's rim
            falling to 0 inside; 255 on plain skin, for statistics.
    """

    painting: NDArray[np.uint8]

    def cut(
        self,
        maps: FloatArray,
        covered: NDArray[np.bool_],
        foreign: NDArray[Any],
        parted: float,
        width: float,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The weight of the new face on a grid, and where its plain skin is.

        Args:
            maps: (h, w, 3): u, v and how much a surface faces the viewer (0 to 1).
            covered: (h, w) where the mesh is.
            foreign: (h, w) 0 to 1, how unlike skin the target is.
            parted: 0 to 1, how far the lips are apart; between them the target shows.
            width: Of the face, in pixels of the grid.

        Returns:
            (h, w) uint8, and (h, w) uint8.
        """
        seen = fetch(self.painting, maps, cv2.BORDER_CONSTANT)
        face, mouth, rim, skin = cv2.split(seen)
        radius = max(round(width * _EDGE), 1)
        inside = cv2.copyMakeBorder(
            covered.astype(np.uint8) * 255, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=[0]
        )
        side = (2 * radius + 1, 2 * radius + 1)
        inside = cv2.blur(cv2.blur(cv2.erode(inside, np.ones(side, np.uint8)), side), (3, 3))[1:-1, 1:-1]
        share = (
            maps[..., 2]
            * (1 - rim * (foreign * np.float32(1 / 255)))
            * (1 - mouth * np.float32(parted / 255))
        )
        mask = np.asarray(np.minimum(face, inside) * np.minimum(share, 1.0)).astype(np.uint8)
        return mask, np.asarray(skin, np.uint8)


def paint_matte(canonical: Canonical, size: tuple[int, int]) -> Matte:
    """Paint the masks in UV.

    Args:
        canonical: The mesh.
        size: (width, height) of the texture.
    """
    height = size[1]

    def polygon(*contours: NDArray[np.intp], grow: float = 0.0) -> NDArray[np.uint8]:
        area = paint_contours(canonical.uv, contours, size)
        radius = round(abs(grow) * height)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        return (cv2.dilate(area, kernel) if grow > 0 else cv2.erode(area, kernel)).astype(np.uint8)

    oval = polygon(canonical.oval)
    bordered = cv2.copyMakeBorder(oval, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=[0])
    depth = cv2.distanceTransform((bordered > 127).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1] / height
    # Foreheads go on above the mesh: there the new one fades out slowly.
    top = np.clip((0.3 - np.arange(height)[:, None] / height) / 0.15, 0, 1)
    ramp = smoothstep(depth - 0.006, 0.0, 0.05 + 0.06 * top)
    # The opening is thin on the mean face: doubled, so that nothing of the actor is left between the teeth.
    mouth = np.minimum(
        2 * cv2.GaussianBlur(polygon(canonical.inner_lips), (0, 0), 0.006 * height).astype(float), 255
    )
    features = polygon(*canonical.eyes, *canonical.brows, canonical.outer_lips, grow=0.035)
    skin = np.where((depth > 0.12) & (features == 0), 255, 0)
    rim = 255 * np.clip(1 - depth / _RIM, 0, 1)
    return Matte(np.dstack([255 * ramp, mouth, rim, skin]).astype(np.uint8))
