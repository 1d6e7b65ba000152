"""The mesh swapper: rasterise, fetch the actor's texture, light it, match the grain, and say where it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import region_around
from understudy.core.types import Face, FloatArray, Region, TrackedFace
from understudy.vision.canonical import load_canonical
from understudy.vision.gaze import measure_gaze
from understudy.vision.roles import BgrImage, Picture
from understudy.vision.shape import canonical_pose, face_width, proportions
from understudy.vision.swap.mesh import light
from understudy.vision.swap.mesh.actor import Actor, Level, prepare_actor
from understudy.vision.swap.mesh.eyes import eye_opening, look
from understudy.vision.swap.mesh.grain import match_grain
from understudy.vision.swap.mesh.matte import paint_matte
from understudy.vision.swap.mesh.raster import rasterise
from understudy.vision.swap.mesh.warp import REACH, displacement, warp

__all__ = ["MeshPatch", "MeshSwapper"]

_SHADOW: Final = 0.5  # share of the target's cast shadows and glow, beyond what smooth light explains
_TINT: Final = 5.0  # levels of chroma by which the light may vary over a face
_MATTE: Final = (480, 320)
_SMALLEST: Final = 16.0  # face width in pixels below which nothing can be drawn
Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class MeshPatch:
    """A changed region; see :class:`understudy.vision.roles.Patch`."""

    region: Region
    bgr: BgrImage
    mask: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Relight:
    """How to bring the texture into the target's light.

    Attributes:
        field: (468, 3) per vertex: offset of log Y, and what to add to Cr and Cb.
        contrast: Exponent of Y.
        turn: Complex factor of chroma.
        lit: (468, 3) colours that the light alone gives the target's skin.
    """

    field: FloatArray
    contrast: float
    turn: complex
    lit: FloatArray


class MeshSwapper:
    """The built-in engine. It keeps nothing between calls; ``docs/mesh.md`` says what it does and why.

    Args:
        likeness: 0 keeps the target's facial proportions, 1 gives it the actor's.
    """

    def __init__(self, likeness: float = 1.0) -> None:
        self._likeness = likeness
        self._canonical = load_canonical()
        self._matte = paint_matte(self._canonical, _MATTE)
        self._opening = eye_opening(self._canonical, _MATTE)
        self._wide = self._canonical.kernel(0.16)

    @property
    def devices(self) -> Mapping[str, str]:
        """The engine has no network of its own."""
        return {"mesh": "cpu"}

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> Actor:
        """Bake the actor's photos into a texture."""
        return prepare_actor(self._canonical, photos)

    def swap(self, picture: Picture, face: TrackedFace, actor: Actor) -> MeshPatch | None:
        """Draw the actor's face with the target's pose, expression, gaze and light."""
        landmarks = face.face.landmarks
        if landmarks is None or (width := face_width(landmarks)) < _SMALLEST:
            return None
        normals = self._canonical.normals(landmarks)
        relight = self._relight(picture, landmarks, normals, width, actor)
        moved, shift = self._proportions(face, landmarks, actor)
        margin = REACH * width if shift is not None else 2.0
        region = region_around(np.vstack([landmarks, moved]), margin, picture.width, picture.height)
        if min(region.width, region.height) < _SMALLEST:
            return None
        target = picture.bgr(region)
        field = None
        if shift is not None:
            field = displacement(self._canonical, moved, shift, region, width)
            target = warp(target, field)
        core = region_around(moved, 2.0, picture.width, picture.height)
        inner = (
            slice(core.y - region.y, core.bottom - region.y),
            slice(core.x - region.x, core.right - region.x),
        )
        local = (moved - np.array([core.x, core.y, 0])).astype(np.float32)
        gaze = face.gaze if face.gaze is not None else measure_gaze(self._canonical, picture, landmarks)
        patch, mask = self._draw(target[inner], local, normals, relight, gaze, width, actor)
        if field is None:
            return MeshPatch(core, patch, mask)
        return MeshPatch(region, *_over(target, patch, mask, inner, field))

    def _relight(
        self, picture: Picture, landmarks: FloatArray, normals: FloatArray, width: float, actor: Actor
    ) -> Relight:
        colours = light.sample_colours(picture, landmarks, width)
        facing = np.clip((-normals[:, 2] - 0.1) / 0.4, 0, 1)
        weights = (self._canonical.skin * facing).astype(np.float32)
        lit = light.fit_shading(colours, light.harmonics(self._canonical.form(normals)), weights)
        rest = colours - lit
        near = weights / (1 + (rest[:, 0] / 0.35) ** 2)
        kernel = self._wide * near
        shadow = (kernel @ rest[:, 0]) / (kernel.sum(1) + 1.0)
        spread = float(np.sqrt(np.average(rest[:, 0] ** 2, weights=near + 1e-6)))
        contrast = float(np.clip(spread / max(actor.contrast, 0.02), 0.65, 1.1))
        wanted = lit[:, 0] + _SHADOW * shadow
        offset = wanted - contrast * actor.lit[:, 0]
        turn = _turn(lit, actor.lit, weights)
        kept = np.clip(_complex(lit) - turn * _complex(actor.lit), -_TINT - 1j * _TINT, _TINT + 1j * _TINT)
        field = np.column_stack([offset, kept.real, kept.imag]).astype(np.float32)
        return Relight(field, contrast, turn, lit)

    def _proportions(
        self, face: TrackedFace, landmarks: FloatArray, actor: Actor
    ) -> tuple[FloatArray, FloatArray | None]:
        """The landmarks with the actor's proportions, and how far that moved them."""
        if self._likeness == 0:
            return landmarks, None
        _, back = canonical_pose(self._canonical, landmarks)
        own = face.proportions if face.proportions is not None else proportions(self._canonical, landmarks)
        delta = self._likeness * (actor.proportions - own) @ back
        above, below = self._canonical.lids_and_lips
        delta[above] = delta[below] = (delta[above] + delta[below]) / 2  # openings are the performance's
        return (landmarks + delta).astype(np.float32), delta[:, :2].astype(np.float32)

    def _draw(
        self,
        target: BgrImage,
        points: FloatArray,
        normals: FloatArray,
        relight: Relight,
        gaze: FloatArray | None,
        width: float,
        actor: Actor,
    ) -> tuple[BgrImage, Image]:
        """The new face over ``target`` (whose top-left pixel is the points' origin), and its mask."""
        canonical, full = self._canonical, (target.shape[1], target.shape[0])
        half = ((full[0] + 1) // 2, (full[1] + 1) // 2)
        quarter = ((full[0] + 3) // 4, (full[1] + 3) // 4)
        facing = np.clip((-normals[:, 2] - 0.08) / 0.3, 0, 1)
        triangles = canonical.front(normals)
        maps, covered = rasterise(
            _scaled(points, 0.5), np.column_stack([canonical.uv, facing]).astype(np.float32), triangles, half
        )
        if actor.eyes is not None and gaze is not None:
            look(canonical, maps, self._opening, points, 0.5, gaze, actor.eyes)
        small = _scaled(points, 0.25)
        change, drawn = rasterise(small, relight.field, triangles, quarter)
        expected, _ = rasterise(small, relight.lit, triangles, quarter)
        foreign = _foreign(cv2.resize(target, quarter, interpolation=cv2.INTER_AREA), expected, drawn)
        mask = self._matte.cut(
            maps, covered, cv2.resize(foreign, half, interpolation=cv2.INTER_LINEAR), width / 2
        )
        level = next((x for x in reversed(actor.levels) if x.texels >= 0.999 * width), actor.levels[0])
        luma = _luma(level, maps, change[..., 0], relight.contrast, full)
        own = cv2.cvtColor(target, cv2.COLOR_BGR2YCrCb)
        skin = self._matte.fetch(self._matte.skin, maps)
        luma = match_grain(luma, np.ascontiguousarray(own[..., 0]), cv2.resize(skin, full), width)
        chroma = _chroma(
            level, maps, relight.turn, cv2.resize(change[..., 1:], half, interpolation=cv2.INTER_LINEAR), full
        )
        patch = cv2.cvtColor(cv2.merge([luma, *cv2.split(chroma)]), cv2.COLOR_YCrCb2BGR)
        return patch.astype(np.uint8), cv2.resize(mask, full, interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _scaled(points: FloatArray, scale: float) -> FloatArray:
    """Pixel coordinates on a grid that is coarser by ``scale``, centres kept."""
    half = np.array([0.5, 0.5, 0], np.float32)
    return ((points + half) * scale - half).astype(np.float32)


def _complex(colours: FloatArray) -> NDArray[np.complex64]:
    """Chroma (Cr, Cb) as complex numbers."""
    return (colours[:, 1] + 1j * colours[:, 2]).astype(np.complex64)


def _turn(lit: FloatArray, actor: FloatArray, weights: FloatArray) -> complex:
    """The factor that takes the actor's skin chroma to the target's; it leaves neutral hair and eyes neutral."""
    mine, theirs = _complex(actor), _complex(lit)
    ratio = complex((weights * theirs * mine.conj()).sum() / ((weights * np.abs(mine) ** 2).sum() + 1e-3))
    size = min(max(abs(ratio), 0.3), 1.3)
    angle = float(np.clip(np.angle(ratio), -0.5, 0.5))
    return size * complex(np.cos(angle), np.sin(angle))


def _luma(
    level: Level, maps: FloatArray, offset: FloatArray, contrast: float, size: tuple[int, int]
) -> Image:
    """The texture's brightness in the target's light: ``exp(offset) * (Y + floor) ** contrast - floor``."""
    height, width = level.luma.shape
    uv = cv2.resize(maps[..., :2], size, interpolation=cv2.INTER_LINEAR)
    cv2.multiply(uv, (float(width), float(height), 0, 0), uv)
    cv2.subtract(uv, (0.5, 0.5, 0, 0), uv)
    raw = cv2.remap(level.luma, uv, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    curve = (np.arange(256) + light.FLOOR) ** contrast
    unit = 255.0 / curve[-1]
    bent = cv2.LUT(raw, np.round(curve * unit).astype(np.uint8))
    gain = cv2.resize(np.exp(offset) / np.float32(unit), size, interpolation=cv2.INTER_LINEAR)
    lit = cv2.multiply(bent, gain, dtype=cv2.CV_8U)
    return cv2.subtract(lit, (light.FLOOR, 0, 0, 0)).astype(np.uint8)


def _chroma(level: Level, maps: FloatArray, turn: complex, shift: FloatArray, size: tuple[int, int]) -> Image:
    """(h, w, 2) Cr and Cb, fetched at half size, turned by a complex factor and shifted."""
    height, width = level.chroma.shape[:2]
    raw = cv2.remap(
        level.chroma,
        maps[..., 0] * width - 0.5,
        maps[..., 1] * height - 0.5,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]], np.float32)
    turned = cv2.transform(raw, matrix) + shift
    coded = np.clip(turned + 128.5, 0, 255).astype(np.uint8)
    return cv2.resize(coded, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _foreign(target: BgrImage, expected: FloatArray, drawn: NDArray[np.bool_]) -> FloatArray:
    """(h, w) 0 to 1: how unlike its lit skin the target is; hair, scarves, hands."""
    colours = cv2.cvtColor(target, cv2.COLOR_BGR2YCrCb).astype(np.float32)
    bright = np.abs(np.log(colours[..., 0] + light.FLOOR) - expected[..., 0])
    tint = np.abs(colours[..., 1] - 128 - expected[..., 1]) + np.abs(colours[..., 2] - 128 - expected[..., 2])
    strange = np.clip(np.maximum((bright - 0.45) / 0.4, (tint - 20) / 20), 0, 1) * drawn
    return cv2.GaussianBlur(strange.astype(np.float32), (0, 0), 1.2).astype(np.float32)


def _over(
    target: BgrImage, patch: BgrImage, mask: Image, inner: tuple[slice, slice], field: FloatArray
) -> tuple[BgrImage, Image]:
    """The patch on the warped surroundings, and everything that changed as the mask."""
    weight = cv2.merge([mask] * 3)
    under = target[inner]
    mixed = cv2.add(
        cv2.multiply(patch, weight, scale=1 / 255), cv2.multiply(under, 255 - weight, scale=1 / 255)
    )
    target[inner] = mixed
    changed = ((np.abs(field[..., 0]) + np.abs(field[..., 1])) > 0.02).astype(np.uint8) * 255
    changed[inner] = np.maximum(changed[inner], (mask > 0).astype(np.uint8) * 255)
    return target, changed
