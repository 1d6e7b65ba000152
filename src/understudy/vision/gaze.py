"""Where the eyes look, measured from the picture: the face mesh knows the lids but not the irises."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import region_around
from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.roles import Picture

__all__ = ["IRIS_RADIUS", "EyeFrame", "eye_frames", "eye_openness", "measure_gaze"]

IRIS_RADIUS: Final = 0.19  # of the eye's width: 11.7 mm across in a palpebral fissure of about 30 mm
_STEP: Final = 0.025
_COLUMNS: Final = 45
_ROWS: Final = 27
_SHUT: Final = 0.11  # openness below which no iris can be placed

_MIDDLE: Final = np.array([(_COLUMNS - 1) / 2, (_ROWS - 1) / 2])
_GRID: Final = ((np.indices((_ROWS, _COLUMNS))[::-1].reshape(2, -1).T - _MIDDLE) * _STEP).astype(np.float32)

EyeFrame = tuple[FloatArray, FloatArray]


def eye_frames(canonical: Canonical, landmarks: FloatArray) -> tuple[EyeFrame, EyeFrame]:
    """Each eye's own coordinates: x from corner to corner (left to right), y across it, one eye width as the unit.

    Args:
        canonical: The mesh.
        landmarks: (468, 3).

    Returns:
        For each eye the origin (2,) between the corners and the axes (2, 2) in its columns, so that a point is
        ``origin + axes @ (x, y)``. A turned head foreshortens x but not y.
    """

    def frame(left: int, right: int) -> EyeFrame:
        across = landmarks[right] - landmarks[left]
        length = max(float(np.hypot(across[0], across[1])), 1e-3)
        width = float(np.linalg.norm(across))
        down = np.array([-across[1], across[0]]) * (width / length)
        axes = np.stack([across[:2], down], 1).astype(np.float32)
        return np.asarray((landmarks[left, :2] + landmarks[right, :2]) / 2, np.float32), axes

    first, second = canonical.eyes
    return frame(first[0], first[8]), frame(second[8], second[0])


def eye_openness(canonical: Canonical, landmarks: FloatArray) -> tuple[float, float]:
    """Height of each eye's opening, in eye widths: about .3 when open, near 0 when shut."""
    heights = []
    for contour, (origin, axes) in zip(canonical.eyes, eye_frames(canonical, landmarks), strict=True):
        local = (landmarks[contour, :2] - origin) @ np.linalg.inv(axes).T
        heights.append(float((local[9:, 1] - local[7:0:-1, 1]).max()))
    return heights[0], heights[1]


def measure_gaze(canonical: Canonical, picture: Picture, landmarks: FloatArray) -> FloatArray | None:
    """Find the irises: the darkest disc of an iris's size against its surroundings, in both eyes at once.

    Args:
        canonical: The mesh.
        picture: Where the face is.
        landmarks: (468, 3).

    Returns:
        (2,) offset of the irises from the middle of the corners in eye widths, the same for both eyes (they look
        at one thing), or None when the eyes are shut or too small to tell.
    """
    total = np.zeros((_ROWS, _COLUMNS), np.float32)
    seen = False
    frames = eye_frames(canonical, landmarks)
    grids = [_GRID @ axes.T + origin for origin, axes in frames]
    region = region_around(np.concatenate(grids), 2, picture.width, picture.height)
    if min(region.width, region.height) < 4:
        return None
    gray = cv2.cvtColor(picture.bgr(region), cv2.COLOR_BGR2GRAY)
    for eye, openness in enumerate(eye_openness(canonical, landmarks)):
        width = float(np.linalg.norm(frames[eye][1][:, 0]))
        if openness < _SHUT or width < 10:
            continue
        luma = _sampled(gray, grids[eye] - (region.x, region.y))
        total += width * _disc_score(luma, _inside(landmarks[canonical.eyes[eye], :2], frames[eye]))
        seen = True
    if not seen:
        return None
    y, x = np.unravel_index(int(total.argmax()), total.shape)
    rows, columns = slice(max(y - 2, 0), y + 3), slice(max(x - 2, 0), x + 3)
    near = total[rows, columns] - total[rows, columns].min()
    ys, xs = np.mgrid[rows, columns][:, : near.shape[0], : near.shape[1]]
    weight = float(near.sum()) + 1e-6
    centre = np.array([(xs * near).sum(), (ys * near).sum()]) / weight if weight > 1e-5 else np.array([x, y])
    return np.asarray((centre - _MIDDLE) * _STEP, np.float32)


def _sampled(gray: NDArray[Any], points: NDArray[np.floating]) -> FloatArray:
    """(rows, columns) of an image at the grid's points."""
    maps = points.reshape(_ROWS, _COLUMNS, 2).astype(np.float32)
    empty: Any = None
    luma = cv2.remap(gray, maps, empty, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(luma, np.float32)


def _inside(contour: FloatArray, frame: EyeFrame) -> FloatArray:
    """(rows, columns) 0 to 1: where the lids leave the eye open."""
    origin, axes = frame
    local = (contour - origin) @ np.linalg.inv(axes).T / _STEP + _MIDDLE
    inside = np.zeros((_ROWS, _COLUMNS), np.uint8)
    cv2.fillPoly(inside, [np.round(local * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return np.asarray(inside / 255, np.float32)


def _disc_score(luma: FloatArray, inside: FloatArray) -> FloatArray:
    """How much darker a disc at each place is than the rest of the opening, in units of the opening's contrast."""
    radius = IRIS_RADIUS / _STEP
    reach = int(radius) + 1
    ys, xs = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(xs, ys), 0, 1).astype(np.float32)
    area = float(inside.sum())
    total = float((luma * inside).sum())
    covered = cv2.filter2D(inside, -1, disc, borderType=cv2.BORDER_CONSTANT)
    dark = cv2.filter2D(luma * inside, -1, disc, borderType=cv2.BORDER_CONSTANT)
    mean_disc = dark / (covered + 1e-3)
    mean_rest = (total - dark) / np.maximum(area - covered, 1.0)
    spread = float(np.sqrt(((luma - total / max(area, 1.0)) ** 2 * inside).sum() / max(area, 1.0))) + 1.0
    # A disc that hangs over the lids shows too little to be believed.
    share = np.clip(covered / (0.75 * float(covered.max()) + 1e-3), 0, 1)
    return np.asarray((mean_rest - mean_disc) / spread * share, np.float32)
