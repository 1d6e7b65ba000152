"""Whether a face wears glasses, which a swap would paint over.

``glasses.npz`` is made by ``scripts/train_glasses.py`` from synthetic people and drawn glasses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import region_around
from understudy.core.types import Face, FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.roles import Picture

__all__ = ["ROWS_COLUMNS_ANGLES", "GlassesClassifier", "eye_patch", "gradient_histograms", "load_glasses"]

# The patch on the mean face, in face widths: from above the brows to below any rim, and past both temples.
_LEFT, _TOP, _RIGHT, _BOTTOM = -0.56, -0.50, 0.56, 0.06
_SIDE: Final = 100  # its pixels for one face width
ROWS_COLUMNS_ANGLES: Final = (8, 16, 8)  # of the histograms
_SURROUNDINGS: Final = 33  # pixels over which contrast is evened out
_FAINT: Final = 4.0  # gradients of this size, in grey levels, are noise


@dataclass(frozen=True, eq=False)
class GlassesClassifier:
    """A linear classifier of gradient histograms.

    Attributes:
        weights: (1024,), the same for mirror images.
        bias: From which the threshold is taken off already.
    """

    weights: FloatArray
    bias: float

    def score(self, canonical: Canonical, picture: Picture, face: Face) -> float:
        """Above 0 for a face with glasses: log odds, less a threshold that doubts in favour of bare faces.

        Args:
            canonical: The mesh.
            picture: Where it is.
            face: Without landmarks nothing is seen.
        """
        if face.landmarks is None:
            return -math.inf
        features = gradient_histograms(eye_patch(canonical, picture, face.landmarks))
        return float(features @ self.weights) + self.bias


def load_glasses() -> GlassesClassifier:
    """Read the packaged weights."""
    with (resources.files("understudy.vision") / "glasses.npz").open("rb") as file, np.load(file) as data:
        return GlassesClassifier(data["weights"], float(data["bias"]))


def eye_patch(canonical: Canonical, picture: Picture, landmarks: FloatArray) -> NDArray[np.uint8]:
    """(56, 112) grey: the surroundings of the eyes, laid over the mean face's by an affine map.

    Args:
        canonical: The mesh.
        picture: Where the face is; black outside it.
        landmarks: (468, 3).
    """
    width, height = round((_RIGHT - _LEFT) * _SIDE), round((_BOTTOM - _TOP) * _SIDE)
    steady = np.concatenate([*canonical.eyes, *canonical.brows, [168, 6, 197]])
    mean = (canonical.vertices[steady, :2] - (_LEFT, _TOP)) * _SIDE - 0.5
    flat = np.column_stack([mean, np.ones(len(mean))])
    matrix = np.linalg.lstsq(flat, landmarks[steady, :2].astype(np.float64), rcond=None)[0].T
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ matrix.T
    region = region_around(corners, 2, picture.width, picture.height)
    if min(region.width, region.height) < 4:
        return np.zeros((height, width), np.uint8)
    # Shrunken by area to about the patch's scale first, so that nothing aliases.
    step = max(1, int(np.hypot(*matrix[:, 0])))
    size = max(region.width // step, 2), max(region.height // step, 2)
    gray = cv2.cvtColor(picture.bgr(region, size if step > 1 else None), cv2.COLOR_BGR2GRAY)
    scale = np.array([gray.shape[1] / region.width, gray.shape[0] / region.height])
    matrix[:, 2] = (matrix[:, 2] - (region.x, region.y) + 0.5) * scale - 0.5
    matrix[:, :2] *= scale[:, None]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(gray, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)


def gradient_histograms(patch: NDArray[np.uint8]) -> FloatArray:
    """How much edge of each direction there is in each cell, relative to its surroundings.

    Histograms of oriented gradients (Dalal and Triggs 2005), with directions weighed smoothly and contrast evened
    out by a moving window in place of blocks. A direction knows its brighter side: a rim is two edges, a fold one.

    Args:
        patch: (56, 112) from :func:`eye_patch`.

    Returns:
        (1024,) float32, rows by columns by directions.
    """
    gray = cv2.GaussianBlur(patch.astype(np.float32), (0, 0), 0.7)
    x, y = cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=1), cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=1)
    square = x * x + y * y
    window = (_SURROUNDINGS, _SURROUNDINGS)
    level = np.sqrt(np.maximum(cv2.blur(square, window), 0)) + _FAINT
    scale = 1 / np.sqrt((np.sqrt(square) + 1e-3) * level)
    rows, columns, angles = ROWS_COLUMNS_ANGLES
    cells = [
        cv2.resize(
            np.square(np.maximum(cv2.addWeighted(x, np.cos(angle), y, np.sin(angle), 0) * scale, 0)),
            (columns, rows),
            interpolation=cv2.INTER_AREA,
        )
        for angle in np.arange(angles) * (2 * np.pi / angles)
    ]
    return np.sqrt(np.stack(cells, -1)).ravel()
