"""A face on the mean mesh that turns, moves, blinks and speaks, and pictures that show it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Face, FloatArray, TrackedFace
from understudy.media.frame import Frame
from understudy.vision.canonical import load_canonical
from understudy.vision.shape import five_points
from understudy.vision.swap.mesh.raster import rasterise

__all__ = ["MovingFace"]

canonical_face = cache(load_canonical)


@dataclass(frozen=True)
class MovingFace:
    """Where a face is and what it does.

    Attributes:
        x, y: Its middle in pixels.
        width: In pixels.
        roll, yaw: In degrees.
        shut: Of the eyes, 0 to 1.
        parted: Of the lips, in face widths.
        track: Number of the track.
        confidence: How far its landmarks can be trusted.
    """

    x: float = 120
    y: float = 120
    width: float = 110
    roll: float = 0
    yaw: float = 0
    shut: float = 0
    parted: float = 0
    track: int = 0
    confidence: float = 1.0

    @property
    def landmarks(self) -> FloatArray:
        canonical = canonical_face()
        shape = canonical.vertices.copy()
        above, below = canonical.lids_and_lips
        lids, lips = slice(0, -9), slice(-9, None)
        gap = (shape[below[lids], 1] - shape[above[lids], 1]) / 2 * self.shut
        shape[above[lids], 1] += gap
        shape[below[lids], 1] -= gap
        shape[below[lips], 1] += self.parted
        yaw, roll = np.deg2rad([self.yaw, self.roll])
        turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        spin = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        return (shape @ turn.T @ spin.T * self.width + (self.x, self.y, 0)).astype(np.float32)

    @property
    def row(self) -> TrackedFace:
        landmarks = self.landmarks
        box = np.concatenate([landmarks[:, :2].min(0), landmarks[:, :2].max(0)])
        face = Face(box, 0.9, five_points(landmarks), landmarks, self.confidence)
        return TrackedFace(self.track, face)

    def pixels(self, size: tuple[int, int] = (240, 240), light: float = 1.0) -> NDArray[np.uint8]:
        """(height, width, 3) it on grey."""
        canonical = canonical_face()
        uv = np.column_stack([canonical.uv, np.ones(468)]).astype(np.float32)
        maps, covered = rasterise(self.landmarks, uv, canonical.triangles, size)
        skin = _painted()
        side = skin.shape[0]
        face = cv2.remap(skin, maps[..., 0] * side - 0.5, maps[..., 1] * side - 0.5, cv2.INTER_LINEAR)
        face = np.where(covered[..., None], face, 96)
        return np.clip(face * light, 0, 255).astype(np.uint8)

    def frame(self, light: float = 1.0, pts: int = 0) -> Frame:
        frame = Frame.from_bgr(self.pixels(light=light))
        frame.pts = pts
        return frame


@cache
def _painted(side: int = 256) -> NDArray[np.uint8]:
    """(side, side, 3) the texture: skin with blobs, dark eyes, red lips and a black mouth."""
    canonical = canonical_face()
    noise = np.random.default_rng(7).normal(0, 1, (side, side, 3)).astype(np.float32)
    skin = np.full((side, side, 3), (120, 150, 190), np.float32) + 150 * cv2.GaussianBlur(noise, (0, 0), 5)

    def fill(contour: NDArray[np.intp], colour: tuple[int, int, int]) -> None:
        cv2.fillPoly(skin, [np.rint(canonical.uv[contour] * side).astype(np.int32)], colour)

    fill(canonical.outer_lips, (90, 80, 190))
    fill(canonical.inner_lips, (20, 15, 30))
    for eye in canonical.eyes:
        fill(eye, (60, 50, 50))
    return np.clip(skin, 0, 255).astype(np.uint8)
