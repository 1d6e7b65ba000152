"""Evening out: hard shadows, bands and reflexes of the actor's photo, which no smooth light explains.

What the harmonics leave over of the texture (:mod:`understudy.vision.swap.mesh.light`) is paint, or light that they
cannot say. Two things tell it apart. Faces have two halves: where these differ strongly over more than a wrinkle, the
one that is further from its lit skin is in a shadow, in a patch of sun or behind hair. And foreheads are bare: what is
dark all across them is a cap, a fringe or the shadow of one. Colours are simpler: skin does not leave its tint by much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import smoothstep
from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.swap.mesh import light
from understudy.vision.swap.mesh.raster import paint_contours

__all__ = ["SIZE", "Unevenness", "even_out"]

SIZE: Final = (288, 192)  # of the texture, when it is looked at
# Percent of skin times excess of log Y; the most in portraits that look right is 0.1 and 0.1.
_HALVES, _FOREHEAD = 0.4, 0.25
_STEP: Final = 0.35  # log Y by which halves may differ, and foreheads be dark, without being counted
_TINGED: Final = 6.0  # levels of chroma by which skin may leave its tint
_BROWS, _EYES, _BEARD = 0.18, 0.36, 0.66  # rows of the texture, 0 to 1
_THIN: Final = 9  # pixels of the small texture: what is dark and thinner is a wrinkle, a frame of glasses

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Unevenness:
    """How much of the skin is not as a smooth light would show it; percent of area times excess.

    Attributes:
        halves: Where the face's halves differ, in log Y.
        forehead: Where the forehead is dark, in log Y.
    """

    halves: float
    forehead: float

    @property
    def doubtful(self) -> bool:
        """Whether a viewer would see it on the target."""
        return self.halves > _HALVES or self.forehead > _FOREHEAD


@dataclass(frozen=True, eq=False)
class _Face:
    """The texture, small, and where it is what.

    Attributes:
        colours: (h, w, 3) log Y, Cr, Cb.
        expected: (h, w, 3) the same of lit skin.
        rest: (h, w, 3) their difference, without thin dark lines; on features, that of the skin around them.
        rough: (h, w) root of the mean square of what is finer in log Y: beards.
        free: (h, w) 0 to 1: what may be changed; nothing on eyes, brows and lips.
        eyes: (h, w) 0 to 1.
    """

    colours: FloatArray
    expected: FloatArray
    rest: FloatArray
    rough: FloatArray
    free: FloatArray
    eyes: FloatArray


def even_out(canonical: Canonical, texture: Image, expected: FloatArray) -> tuple[Image, Unevenness]:
    """The texture with its tint kept near the skin's and, where it is doubtful, without hard light and bands.

    Args:
        canonical: The mesh.
        texture: (H, W, 3) uint8 Y, Cr, Cb.
        expected: (h, w, 3) of :data:`SIZE`: log Y, Cr, Cb of lit skin.

    Returns:
        The texture, and how uneven it was before.
    """
    face = _look(canonical, texture, expected)
    found = _measure(canonical, face)
    mended = texture.astype(np.float32)
    if found.doubtful:
        mended = _mirrored(_brightened(mended, face), face)
        face = _look(canonical, mended, expected)
    mended[..., 1:] += cv2.resize(_tint(face), mended.shape[1::-1])
    return np.clip(mended + 0.5, 0, 255).astype(np.uint8), found


def _look(canonical: Canonical, texture: NDArray[Any], expected: FloatArray) -> _Face:
    def area(*contours: NDArray[np.intp], grow: int = 1) -> FloatArray:
        return np.asarray(
            cv2.dilate(paint_contours(canonical.uv, contours, SIZE), _disc(grow)) / 255, np.float32
        )

    features = np.maximum(
        area(*canonical.eyes, grow=11), area(*canonical.brows, canonical.outer_lips, grow=9)
    )
    free = 1 - _soft(features, 2)
    colours = light.decoded(cv2.resize(texture, SIZE, interpolation=cv2.INTER_AREA))
    rest = colours - expected
    plain = (free > 0.5).astype(np.float32)[..., None]
    around = _soft(rest * plain, 5) / (_soft(plain, 5)[..., None] + 1e-3)
    rest = np.asarray(plain * rest + (1 - plain) * around, np.float32)
    rough = np.sqrt(_soft((rest[..., 0] - _soft(rest[..., 0], 2)) ** 2, 4))
    # Above the brows nothing thin is as dark as the edge of a cap.
    closed = cv2.morphologyEx(np.ascontiguousarray(rest[..., 0]), cv2.MORPH_CLOSE, _disc(_THIN))
    rest[..., 0] += np.clip((_rows() - _BROWS + 0.02) / 0.05, 0, 1) * (closed - rest[..., 0])
    return _Face(
        colours, expected, rest, rough, free * area(canonical.oval), _soft(area(*canonical.eyes, grow=13), 2)
    )


def _measure(canonical: Canonical, face: _Face) -> Unevenness:
    """How uneven the middle of the face is; its rim is the matte's."""
    oval = cv2.copyMakeBorder(
        paint_contours(canonical.uv, [canonical.oval], SIZE), 1, 1, 1, 1, cv2.BORDER_CONSTANT
    )
    inner = cv2.erode(oval, _disc(21))[1:-1, 1:-1] > 127
    lips = cv2.dilate(paint_contours(canonical.uv, [canonical.outer_lips], SIZE), _disc(31)) > 127
    skin = inner & (face.free > 0.5)
    bright = _soft(face.rest[..., 0], 2)

    def excess(values: FloatArray, least: float, where: NDArray[np.bool_]) -> float:
        return 100 * float(np.maximum(values[where] - least, 0).mean())

    return Unevenness(
        halves=excess(np.abs(_apart(bright)), _STEP, skin & (_rows() < _BEARD) & ~lips),
        forehead=excess(-bright, _STEP, skin & (_rows() < _BROWS)),
    )


def _brightened(texture: FloatArray, face: _Face) -> FloatArray:
    """Without what differs between the halves, and without what is dark across the forehead; pores stay.

    The change follows the texture's own edges: it is found small with a bilateral filter, and enlarged as a local line
    over the texture's brightness (He and Sun, "Fast guided filter", 2015), so that a shadow's edge leaves no seam.
    """
    base = face.rest[..., 0]
    for _ in range(2):
        base = np.asarray(cv2.bilateralFilter(base, 9, 0.25, 4), np.float32)
    apart = _apart(base)
    odd = smoothstep(np.abs(base) / (np.abs(base) + np.abs(base[:, ::-1]) + 0.05), 0.4, 0.6)
    change = -apart * smoothstep(np.abs(apart), 0.2, 0.5) * odd
    forehead = np.clip((_EYES - _rows()) / 0.06, 0, 1)
    allowed = 0.12 * (1 - smoothstep(-base, 0.3, 0.6))
    change = (change + forehead * np.maximum(-(base + change) - allowed, 0)) * face.free
    guide = np.ascontiguousarray(face.colours[..., 0])
    slope, offset = _lines(guide, change.astype(np.float32))
    size = texture.shape[1::-1]
    values = np.log(texture[..., 0] + light.FLOOR)
    gain = np.exp(cv2.resize(slope, size) * values + cv2.resize(offset, size))
    out = texture.copy()
    out[..., 0] = np.clip((texture[..., 0] + light.FLOOR) * gain - light.FLOOR, 0, 255)
    return out


def _lines(guide: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slope and offset of ``values`` over ``guide``, around each pixel."""

    def mean(image: NDArray[Any]) -> FloatArray:
        return np.asarray(cv2.blur(image, (13, 13)), np.float32)

    middle, level = mean(guide), mean(values)
    slope = (mean(guide * values) - middle * level) / (mean(guide * guide) - middle * middle + 4e-3)
    return mean(slope), mean(level - slope * middle)


def _mirrored(texture: FloatArray, face: _Face) -> FloatArray:
    """With hair that hangs into one half of the forehead covered by the other half; brows come along, eyes stay."""
    smooth = _soft(face.rest[..., 0], 2)
    hair = (
        smoothstep(-_apart(smooth), 0.45, 0.8)
        * smoothstep(-smooth, 0.35, 0.6)
        * np.clip((0.5 - _rows()) / 0.05, 0, 1)
    )
    hair = np.asarray(hair * (1 - np.clip(2 * hair[:, ::-1], 0, 1)), np.float32)
    share = np.clip(1.5 * _soft(cv2.dilate(hair, _disc(13)), 3) * (1 - face.eyes), 0, 1)
    size = texture.shape[1::-1]
    relit = cv2.resize(face.expected - face.expected[:, ::-1], size)
    other = texture[:, ::-1] + 0
    other[..., 0] = np.clip((other[..., 0] + light.FLOOR) * np.exp(relit[..., 0]) - light.FLOOR, 0, 255)
    other[..., 1:] += relit[..., 1:]
    return np.asarray(texture + cv2.resize(share, size)[..., None] * (other - texture), np.float32)


def _tint(face: _Face) -> FloatArray:
    """(h, w, 2) what to add to the chroma so that it stays near the lit skin's; beards, which are rough, are left."""
    tint = _soft(face.rest[..., 1:], 2)
    beard = np.clip((_rows() - _BEARD + 0.1) / 0.1, 0, 1) * smoothstep(face.rough, 0.06, 0.12)
    off = np.hypot(tint[..., 0], tint[..., 1])
    share = np.maximum(off - _TINGED, 0) / (off + 1e-3) * face.free * (1 - beard)
    return np.asarray(-tint * share[..., None], np.float32)


def _apart(values: FloatArray) -> FloatArray:
    """How much a half differs from the other one."""
    return np.asarray(values - values[:, ::-1], np.float32)


def _rows() -> FloatArray:
    """(h, 1) from 0 at the texture's top to 1."""
    return np.linspace(0, 1, SIZE[1], endpoint=False, dtype=np.float32)[:, None]


def _soft(image: NDArray[Any], sigma: float) -> FloatArray:
    return np.asarray(cv2.GaussianBlur(np.asarray(image, np.float32), (0, 0), sigma), np.float32)


def _disc(diameter: int) -> Image:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter)), np.uint8)
