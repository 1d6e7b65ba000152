"""A face at a glance: what is kept of one frame to tell how the face has changed in another, and where each of its
points has gone.

All is done in a small square in which every face lies alike (:data:`SIDE` pixels, the face half as wide): a similarity
transform brings a picture there, and what is left between two frames is turning, expression, light, and whatever came
in front of the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import fit_similarity, smoothstep
from understudy.core.types import FloatArray, TrackedFace
from understudy.vision.canonical import Canonical
from understudy.vision.crop import resample
from understudy.vision.roles import BgrImage, Picture
from understudy.vision.shape import canonical_pose
from understudy.vision.swap.mesh.raster import rasterise

__all__ = ["SIDE", "Passage", "Sight", "change", "passage", "see"]

# OpenCV's dense optical flow is missing from its type stubs.
_cv2: Final[Any] = cv2

SIDE: Final = 256
_WIDTH: Final = SIDE / 2  # of a frontal face
_COARSE: Final = SIDE // 4  # side at which what is smooth is computed
_REACH: Final = 0.3  # face widths beyond the mesh within which the surroundings follow it
_LIGHT: Final = 0.09  # face widths: the finest that light changes
_ASTRAY: Final = SIDE / 85  # pixels by which the mesh may be off
_FLOOR: Final = 10.0  # levels, added before a ratio is taken
_RELIGHT: Final = (0.6, 1.6)

# How much may change before a frame is drawn anew; measured in docs/keyframes.md.
_TURN: Final = np.deg2rad(6.0)
_SIZE: Final = 0.2  # of the logarithm of the scale
_OPEN: Final = np.array([0.007, 0.007, 0.008])  # face widths by which an eye, the other, the mouth opens
_EXPRESSION: Final = 0.02  # face widths by which a part of the face moves
_BRIGHTNESS: Final = 0.12  # of the logarithm
_STRANGE: Final = 16.0  # levels that neither motion nor light explains


@dataclass(frozen=True, eq=False)
class Sight:
    """One face in one frame.

    Attributes:
        face: The row.
        matrix: (2, 3) from pixel indices of the picture to those of the square.
        points: (468, 3) landmarks in the square.
        shape: (468, 3) landmarks in the canonical frame.
        turn: (3, 3) rotation of the head.
        crop: (SIDE, SIDE, 3) uint8 BGR.
    """

    face: TrackedFace
    matrix: NDArray[np.float64]
    points: FloatArray
    shape: FloatArray
    turn: FloatArray
    crop: BgrImage

    @property
    def scale(self) -> float:
        """Pixels of the square for one of the picture."""
        return float(np.hypot(*self.matrix[0, :2]))

    @property
    def inverse(self) -> NDArray[np.float64]:
        """(2, 3) from pixel indices of the square to those of the picture."""
        linear = np.linalg.inv(self.matrix[:, :2])
        return np.hstack([linear, -linear @ self.matrix[:, 2:]])


@dataclass(frozen=True, eq=False)
class Passage:
    """From a face now to the same face in another frame; all over the square of now.

    Attributes:
        shift: (SIDE, SIDE, 2) pixels of the square to what shows the same in the other's square.
        strain: (SIDE, SIDE) face widths by which it moves against the rest of the face.
        gain: (SIDE, SIDE, 3) factor from the other's light to that of now.
        strange: (SIDE, SIDE) levels that neither motion nor light explains.
        inside: (SIDE, SIDE) where the mesh is.
    """

    shift: FloatArray
    strain: FloatArray
    gain: FloatArray
    strange: FloatArray
    inside: NDArray[np.bool_]

    @cached_property
    def strangest(self) -> float:
        """The largest of ``strange`` on the face and off its rim, a few pixels aside."""
        face = cv2.erode(self.inside.astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=0) > 0
        return float(np.quantile(self.strange[face], 0.995)) if face.any() else 0.0

    @cached_property
    def relit(self) -> float:
        """Mean of the logarithm of the gain on the face, without its sign."""
        return float(np.abs(np.log(self.gain[self.inside]).mean(0)).max()) if self.inside.any() else 0.0


def see(canonical: Canonical, picture: Picture, face: TrackedFace) -> Sight | None:
    """Look at a face; None without landmarks."""
    landmarks = face.face.landmarks
    if landmarks is None:
        return None
    steady = canonical.vertices[:, 1] < 0.12  # what speaks moves nothing else
    goal = canonical.vertices[steady, :2] * _WIDTH + (SIDE - 1) / 2
    matrix = np.asarray(fit_similarity(landmarks[steady, :2], goal), np.float64)
    points = np.empty((468, 3), np.float32)
    points[:, :2] = landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    points[:, 2] = landmarks[:, 2] * np.hypot(*matrix[0, :2])
    shape, back = canonical_pose(canonical, landmarks)
    turn = back / np.linalg.norm(back, axis=1, keepdims=True)
    sight = Sight(face, matrix, points, shape, turn.astype(np.float32), np.empty(0, np.uint8))
    crop = resample(picture, sight.inverse, SIDE, cv2.BORDER_REPLICATE)
    return Sight(face, matrix, points, shape, sight.turn, crop)


def passage(canonical: Canonical, now: Sight, other: Sight) -> Passage:
    """The way from one sight of a face to another of the same face."""
    moved = other.points - now.points
    strain = np.linalg.norm(moved[:, :2], axis=1) / _WIDTH
    attributes = np.column_stack([moved[:, :2], strain]).astype(np.float32)
    field, inside = rasterise(now.points, attributes, canonical.triangles, (SIDE, SIDE))
    field = _extended(field, inside)
    shift = np.ascontiguousarray(field[..., :2])
    seen = _fetched(other.crop, shift)
    gain = _gain(now.crop, seen, inside)
    shift = np.asarray(shift + _flow(now.crop, seen, gain), np.float32)
    seen = _fetched(other.crop, shift)
    off = now.crop.astype(np.float32) - seen.astype(np.float32) * gain
    strange = np.abs(cv2.GaussianBlur(off, (0, 0), SIDE / 160)).max(2)
    return Passage(shift, np.ascontiguousarray(field[..., 2]), gain, strange.astype(np.float32), inside)


def change(canonical: Canonical, now: Sight, key: Sight) -> float:
    """How much a face has changed since a frame in which it was drawn; from 1 on it is to be drawn again."""
    # As the head sees the camera: rolling changes nothing that a picture turned round would not show.
    cosine = float(now.turn[:, 2] @ key.turn[:, 2])
    limits = [
        float(np.arccos(np.clip(cosine, -1, 1))) / _TURN,
        abs(float(np.log(now.scale / key.scale))) / _SIZE,
        *(np.abs(_openings(canonical, now) - _openings(canonical, key)) / _OPEN),
        float(np.linalg.norm(canonical.nearby @ (now.shape - key.shape), axis=1).max()) / _EXPRESSION,
    ]
    if max(limits) >= 1:
        return float(max(limits))
    way = passage(canonical, now, key)
    return float(max(*limits, way.relit / _BRIGHTNESS, way.strangest / _STRANGE))


def _openings(canonical: Canonical, sight: Sight) -> FloatArray:
    """(3,) how far the eyes and the mouth are open, in face widths."""
    above, below = canonical.lids_and_lips
    gaps = np.linalg.norm(sight.shape[above] - sight.shape[below], axis=1)
    return np.array([gaps[:7].mean(), gaps[7:14].mean(), gaps[14:].mean()], np.float32)


def _extended(field: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    """Carried on beyond the mesh by its neighbours, dying out with the distance."""
    weight = inside.astype(np.float32)[..., None]
    small = cv2.resize(np.dstack([field * weight, weight]), (_COARSE, _COARSE), interpolation=cv2.INTER_AREA)
    unit = _WIDTH * _COARSE / SIDE
    spread = cv2.GaussianBlur(small, (0, 0), 0.07 * unit) + 1e-3 * cv2.GaussianBlur(
        small, (0, 0), 0.25 * unit
    )
    away = cv2.distanceTransform((small[..., 3] < 0.5).astype(np.uint8), cv2.DIST_L2, 5) / (_REACH * unit)
    beyond = spread[..., :3] / np.maximum(spread[..., 3:], 1e-9) * smoothstep(1 - away, 0, 1)[..., None]
    large = cv2.resize(beyond.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    # The two meet smoothly, just inside the rim.
    join = cv2.blur(cv2.erode(inside.astype(np.float32), np.ones((5, 5), np.uint8)), (5, 5))[..., None]
    return np.asarray(join * field + (1 - join) * large, np.float32)


def _fetched(crop: BgrImage, shift: FloatArray) -> BgrImage:
    """The other's square as it looks from now."""
    empty: Any = None
    own = np.stack(np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32)), -1)
    return np.asarray(
        cv2.remap(crop, own + shift, empty, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _flow(now: BgrImage, seen: BgrImage, gain: FloatArray) -> FloatArray:
    """(SIDE, SIDE, 2) pixels by which the mesh is off: contours, lips and folds, which no landmark sits on.

    Source: Kroeger et al., "Fast optical flow using dense inverse search", 2016, as in OpenCV.
    """
    relit = np.asarray(cv2.multiply(seen, gain, dtype=cv2.CV_8U), np.uint8)
    dense = _cv2.DISOpticalFlow_create(_cv2.DISOPTICAL_FLOW_PRESET_FAST)
    dense.setFinestScale(1)
    found = dense.calc(*(cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) for each in (now, relit)), None)
    smooth = cv2.GaussianBlur(found, (0, 0), SIDE / 128)
    length = np.linalg.norm(smooth, axis=2, keepdims=True)
    # What moves farther came in front of the face, or is hidden: nothing to follow.
    return np.asarray(smooth * np.minimum(1, _ASTRAY / np.maximum(length, 1e-6)), np.float32)


def _gain(now: BgrImage, seen: BgrImage, inside: NDArray[np.bool_]) -> FloatArray:
    """(SIDE, SIDE, 3) ratio of the low frequencies on the face, carried on around it."""
    weight = inside.astype(np.float32)[..., None] + np.float32(1e-3)
    size = (_COARSE, _COARSE)
    means = []
    for pixels in (now, seen):
        small = cv2.resize((pixels + np.float32(_FLOOR)) * weight, size, interpolation=cv2.INTER_AREA)
        means.append(cv2.GaussianBlur(small, (0, 0), _LIGHT * _WIDTH * _COARSE / SIDE))
    ratio = np.clip(means[0] / means[1], *_RELIGHT)
    return np.asarray(cv2.resize(ratio, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.float32)
