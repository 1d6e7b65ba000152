"""Eyes: the actor's, looking where the target looks, opening and closing as the target's do.

The lids move with the mesh. Behind them, the texture would stretch with the opening and stare where the actor stared;
so inside the opening it is fetched by a similarity transform instead, from the target's iris to the actor's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.gaze import IRIS_RADIUS, eye_frames, eye_openness
from understudy.vision.swap.mesh.paint import fetch
from understudy.vision.swap.mesh.raster import paint_contours

__all__ = ["ActorEyes", "actor_eyes", "eye_opening", "look"]

_GAZE_LIMIT: Final = np.array([0.26, 0.14], np.float32)


@dataclass(frozen=True, eq=False)
class ActorEyes:
    """The actor's eyes in the texture.

    Attributes:
        origins: Per eye (2,) the middle of its corners, in UV.
        axes: Per eye (2, 2), from eye widths to UV.
        gaze: (2,) where the irises are, in eye widths.
        openness: Per eye, height of the opening in eye widths.
    """

    origins: tuple[FloatArray, FloatArray]
    axes: tuple[FloatArray, FloatArray]
    gaze: FloatArray
    openness: tuple[float, float]


def actor_eyes(
    canonical: Canonical, landmarks: FloatArray, gaze: FloatArray, openness: tuple[float, float]
) -> ActorEyes:
    """Carry the eyes' own coordinates from the photo to the texture.

    Args:
        canonical: The mesh.
        landmarks: (468, 3) of the photo.
        gaze: (2,) as :func:`understudy.vision.gaze.measure_gaze` gives it.
        openness: Per eye.
    """
    origins, axes = [], []
    for contour, (origin, frame) in zip(canonical.eyes, eye_frames(canonical, landmarks), strict=True):
        local = np.column_stack(
            [(landmarks[contour, :2] - origin) @ np.linalg.inv(frame).T, np.ones(len(contour))]
        )
        affine, *_ = np.linalg.lstsq(local, canonical.uv[contour], rcond=None)
        origins.append(affine[2].astype(np.float32))
        axes.append(affine[:2].T.astype(np.float32))
    return ActorEyes((origins[0], origins[1]), (axes[0], axes[1]), gaze, openness)


def eye_opening(canonical: Canonical, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(h, w) weight of the eyeball in UV: 255 within the lids, nothing on them.

    Args:
        canonical: The mesh.
        size: (width, height) of the texture.
    """
    opening = paint_contours(canonical.uv, canonical.eyes, size)
    radius = max(round(0.004 * size[1]), 1)
    opening[:] = cv2.erode(opening, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))
    return np.asarray(cv2.GaussianBlur(opening, (0, 0), 0.008 * size[1]), np.uint8)


def look(
    canonical: Canonical,
    maps: FloatArray,
    opening: NDArray[np.uint8],
    landmarks: FloatArray,
    scale: float,
    gaze: FloatArray,
    actor: ActorEyes,
) -> None:
    """Redirect the UV map inside the eyes' openings, in place.

    Args:
        canonical: The mesh.
        maps: (h, w, 3) UV in its first two channels.
        opening: (H, W) from :func:`eye_opening`.
        landmarks: (468, 3) in pixels of ``maps`` times ``scale``, so that ``landmarks * scale`` fits ``maps``.
        scale: Of ``maps`` against the landmarks' pixels.
        gaze: (2,) of the target, in eye widths.
        actor: The actor's eyes.
    """
    target = np.clip(gaze, -_GAZE_LIMIT, _GAZE_LIMIT)
    height, width = maps.shape[:2]
    opened = eye_openness(canonical, landmarks)
    for eye, (origin, axes) in enumerate(eye_frames(canonical, landmarks)):
        points = (landmarks[canonical.eyes[eye], :2] + 0.5) * scale - 0.5
        low = np.maximum(np.floor(points.min(0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(points.max(0)).astype(int) + 2, [width, height])
        if (high - low).min() < 2:
            continue
        window = maps[low[1] : high[1], low[0] : high[0], :2]
        weight = fetch(opening, maps[low[1] : high[1], low[0] : high[0]], cv2.BORDER_CONSTANT)
        columns, rows = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
        pixels = (np.stack([columns, rows], -1) + 0.5) / scale - 0.5
        local = (pixels - origin) @ np.linalg.inv(axes).T
        # Wider open than in the photo: stretch a little rather than show the photo's lids.
        down = (local[..., 1] - target[1]) / max(
            opened[eye] / max(actor.openness[eye], 0.1), 1.0
        ) + actor.gaze[1]
        # The iris keeps its shape; the white on either side is stretched from it to the corner.
        stops = [-0.5, target[0] - IRIS_RADIUS, target[0] + IRIS_RADIUS, 0.5]
        goals = [-0.5, actor.gaze[0] - IRIS_RADIUS, actor.gaze[0] + IRIS_RADIUS, 0.5]
        across = np.interp(local[..., 0], stops, goals)
        direct = np.stack([across, down], -1) @ actor.axes[eye].T + actor.origins[eye]
        share = (weight.astype(np.float32) / 255)[..., None]
        window += share * (direct.astype(np.float32) - window)
