"""The canonical face: one symmetric mean shape, one triangulation, one UV map.

``canonical.npz`` is made by ``scripts/derive_mesh.py`` from a few dozen synthetic portraits; nothing in it is
anybody's face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray

__all__ = ["Canonical", "load_canonical"]

# Vertex numbers of MediaPipe's 468-point mesh, in order around each contour; eyes begin at the outer corner.
_EYES: Final = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
_INNER_LIPS: Final = (
    78,
    191,
    80,
    81,
    82,
    13,
    312,
    311,
    310,
    415,
    308,
    324,
    318,
    402,
    317,
    14,
    87,
    178,
    88,
    95,
)
_OUTER_LIPS: Final = (
    61,
    185,
    40,
    39,
    37,
    0,
    267,
    269,
    270,
    409,
    291,
    375,
    321,
    405,
    314,
    17,
    84,
    181,
    91,
    146,
)
_OVAL: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
_BROWS: Final = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
# The nose's ridge and wings and the eyes' corners: where expressions move a face least.
_STEADY: Final = (6, 168, 197, 195, 5, 4, 1, 19, 2, 98, 327, 48, 278, 64, 294, 33, 133, 263, 362, 130, 359)


@dataclass(frozen=True, eq=False)
class Canonical:
    """The mean face and what is derived from it.

    Attributes:
        vertices: (468, 3) frontal, symmetric about x = 0; the ears' line is 1 long; z grows away from the viewer.
        triangles: (t, 3) int32, wound alike.
        mirror: (468,) the vertex on the other side.
        uv: (468, 2) in 0..1, a cylinder's unrolling, so that cheeks keep their texels.
        oval, inner_lips, outer_lips: Contours as vertex numbers in order.
        eyes, brows: The same, the picture's left one first.
    """

    vertices: FloatArray
    triangles: NDArray[np.int32]
    mirror: NDArray[np.intp]
    uv: FloatArray
    oval: NDArray[np.intp]
    inner_lips: NDArray[np.intp]
    outer_lips: NDArray[np.intp]
    eyes: tuple[NDArray[np.intp], NDArray[np.intp]]
    brows: tuple[NDArray[np.intp], NDArray[np.intp]]

    @cached_property
    def rigid(self) -> FloatArray:
        """(468,) weight of each vertex when a pose is fitted: less on the lower face, which speaks."""
        return np.where(self.vertices[:, 1] < 0.12, 1.0, 0.15).astype(np.float32)

    @cached_property
    def bones(self) -> FloatArray:
        """(468,) how little expressions move a vertex: 1 on bones, less on what speaks and frowns."""
        weights = np.full(468, 0.6, np.float32)
        weights[self.vertices[:, 1] > 0.12] = 0.1  # mouth and lower cheeks speak and smile
        weights[[*_STEADY, *self.oval]] = 1.0
        return weights

    @cached_property
    def nearby(self) -> FloatArray:
        """(468, 468) mean over each vertex's surroundings; its rows add up to one."""
        weights = self.kernel(0.04)
        return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)

    @cached_property
    def near_openings(self) -> FloatArray:
        """(468, 2 n) how near each vertex is to those of :attr:`lids_and_lips`, above and below."""
        return np.ascontiguousarray(self.kernel(0.04)[:, np.concatenate(self.lids_and_lips)])

    @cached_property
    def wide(self) -> FloatArray:
        """(468, 468) kernel of the size of a cheek, not normalised."""
        return self.kernel(0.16)

    @cached_property
    def bone_kernel(self) -> FloatArray:
        """(468, 468) carries what bones decide to their neighbours; its rows add up to one."""
        weights = self.kernel(0.04) * self.bones
        return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)

    @cached_property
    def mouth_closer(self) -> FloatArray:
        """(468, 9) how far each vertex moves with the lips when they meet: negative for what comes down.

        Times half the gaps between the lips (the nine middle pairs of :attr:`lids_and_lips`), it shuts the mouth:
        the lower lip takes the chin along, the upper one moves alone.
        """
        above, below = (lips[-9:] for lips in self.lids_and_lips)
        x, y, _ = self.vertices.T
        middle = (self.vertices[above] + self.vertices[below]) / 2
        weights = np.exp(-((x[:, None] - middle[None, :, 0]) ** 2) / (2 * 0.04**2))
        weights /= weights.sum(1, keepdims=True)
        line = float(middle[:, 1].mean())
        upper = np.clip((y - 0.12) / (line - 0.12), 0, 1) * (y <= line)
        lower = (y > line) * 1.0
        upper[above], lower[above] = 1, 0
        upper[below], lower[below] = 0, 1
        aside = np.clip((0.42 - np.abs(x)) / 0.2, 0, 1)
        return np.asarray(weights * ((upper - lower) * aside)[:, None], np.float32)

    @cached_property
    def skin(self) -> FloatArray:
        """(468,) 1 on plain skin; 0 on eyes, brows and lips, whose colours say nothing of the light."""
        weights = np.ones(468, np.float32)
        for contour in (*self.eyes, *self.brows, self.outer_lips, self.inner_lips):
            weights[contour] = 0.0
        flat = self.vertices[:, :2] * 1000
        for contour in (*self.eyes, self.outer_lips):
            inside = [cv2.pointPolygonTest(flat[contour], (float(x), float(y)), True) > -12 for x, y in flat]
            weights[np.array(inside)] = 0.0
        return weights

    @cached_property
    def lids_and_lips(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Vertices above and below an opening, in pairs: where they part, an eye or the mouth is open."""
        above = [*(eye[1:8] for eye in self.eyes), self.inner_lips[1:10]]
        below = [*(eye[:8:-1] for eye in self.eyes), self.inner_lips[:10:-1]]
        return np.concatenate(above), np.concatenate(below)

    def normals(self, landmarks: FloatArray) -> FloatArray:
        """Unit normals of the vertices, area-weighted; z is negative where a vertex faces the viewer.

        Args:
            landmarks: (468, 3), x right, y down, z away.

        Returns:
            (468, 3) float32.
        """
        a, b, c = (landmarks[self.triangles[:, corner]] for corner in range(3))
        p, q = c - a, b - a
        facets = np.stack(
            [
                p[:, 1] * q[:, 2] - p[:, 2] * q[:, 1],
                p[:, 2] * q[:, 0] - p[:, 0] * q[:, 2],
                p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0],
            ],
            1,
        )
        corners = self.triangles.ravel()
        sums = [np.bincount(corners, np.repeat(axis, 3), minlength=len(landmarks)) for axis in facets.T]
        return _unit(np.stack(sums, 1).astype(np.float32))

    def front(self, form: FloatArray) -> NDArray[np.int32]:
        """The triangles that face the viewer by the face's large forms; folded lips and lids stay in.

        Args:
            form: (468, 3) from :meth:`form`.
        """
        away = form[:, 2][self.triangles].mean(1)
        return np.asarray(self.triangles[away < 0.02], np.int32)

    def form(self, normals: FloatArray) -> FloatArray:
        """Normals of the face's large forms, without nostrils and lids; (468, 3) to (468, 3)."""
        return _unit(self._form @ normals)

    def kernel(self, sigma: float) -> FloatArray:
        """Gaussian weights between vertices, not normalised.

        Args:
            sigma: In face widths, measured on the mean face.

        Returns:
            (468, 468) float32.
        """
        square = ((self.vertices[:, None] - self.vertices[None]) ** 2).sum(2)
        return np.asarray(np.exp(-square / (2 * sigma * sigma)), np.float32)

    @cached_property
    def _form(self) -> FloatArray:
        return self.kernel(0.07)


def load_canonical() -> Canonical:
    """Read the packaged mesh."""
    with (resources.files("understudy.vision") / "canonical.npz").open("rb") as file, np.load(file) as data:
        return Canonical(
            vertices=data["vertices"],
            triangles=data["triangles"].astype(np.int32),
            mirror=data["mirror"].astype(np.intp),
            uv=data["uv"],
            oval=np.array(_OVAL),
            inner_lips=np.array(_INNER_LIPS),
            outer_lips=np.array(_OUTER_LIPS),
            eyes=(np.array(_EYES[0]), np.array(_EYES[1])),
            brows=(np.array(_BROWS[0]), np.array(_BROWS[1])),
        )


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.sqrt((vectors * vectors).sum(1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)
