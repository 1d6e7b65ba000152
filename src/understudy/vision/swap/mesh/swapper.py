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
from understudy.vision.shape import canonical_pose, face_width, lips_parted, proportions
from understudy.vision.swap.mesh.actor import Actor, prepare_actor
from understudy.vision.swap.mesh.eyes import eye_opening, look
from understudy.vision.swap.mesh.grain import match_grain
from understudy.vision.swap.mesh.light import Relight, decoded, relight
from understudy.vision.swap.mesh.matte import paint_matte
from understudy.vision.swap.mesh.occlusion import Occlusion, find_occlusion
from understudy.vision.swap.mesh.paint import foreign, paint_chroma, paint_luma
from understudy.vision.swap.mesh.raster import rasterise, scaled
from understudy.vision.swap.mesh.skin import load_skin
from understudy.vision.swap.mesh.warp import REACH, displacement, steadied, warp

__all__ = ["MeshPatch", "MeshSwapper"]

_MATTE: Final = (480, 320)
_SMALLEST: Final = 16.0  # face width in pixels below which nothing can be drawn


@dataclass(frozen=True, eq=False)
class MeshPatch:
    """A changed region; see :class:`understudy.vision.roles.Patch`."""

    region: Region
    bgr: BgrImage
    mask: NDArray[np.uint8]
    replaced: NDArray[np.uint8]
    """The mask, less what is left in front of the face."""


@dataclass(frozen=True, eq=False)
class _Pose:
    """A face's geometry: landmarks in pixels, (468, 3) normals of the vertices and of the large forms, width.

    ``hidden`` is what is in front of it, if anything.
    """

    landmarks: FloatArray
    normals: FloatArray
    form: FloatArray
    width: float
    hidden: Occlusion | None = None


class MeshSwapper:
    """The built-in engine. It keeps nothing between calls; ``docs/mesh.md`` says what it does and why.

    Args:
        likeness: 0 keeps the target's facial proportions, 1 gives it the actor's.
    """

    def __init__(self, likeness: float = 1.0) -> None:
        self._likeness = likeness
        self._canonical = load_canonical()
        self._skin = load_skin(self._canonical)
        self._matte = paint_matte(self._canonical, _MATTE)
        self._opening = eye_opening(self._canonical, _MATTE)

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
        visible = region_around(landmarks, 0.0, picture.width, picture.height)
        if min(visible.width, visible.height) < _SMALLEST:
            return None
        normals = self._canonical.normals(landmarks)
        form = self._canonical.form(normals)
        reading = self._skin.read(picture, landmarks)
        colours = decoded(reading.vertices)
        light = relight(self._canonical, colours, normals, form, actor.lit, actor.contrast)
        seen = self._skin.look(reading, light.lit, normals)
        hidden = find_occlusion(self._skin, picture, landmarks, seen, face.skin)
        if hidden is not None:
            colours = self._skin.uncovered(colours, normals, form, hidden.at(landmarks))
            light = relight(self._canonical, colours, normals, form, actor.lit, actor.contrast)
        pose = _Pose(landmarks, normals, form, width, hidden)
        gaze = face.gaze if face.gaze is not None else measure_gaze(self._canonical, picture, landmarks)
        if self._likeness == 0:
            return self._kept(picture, pose, light, gaze, actor)
        return self._shaped(picture, face.proportions, pose, light, gaze, actor)

    def _kept(
        self, picture: Picture, pose: _Pose, light: Relight, gaze: FloatArray | None, actor: Actor
    ) -> MeshPatch:
        """With the target's own proportions."""
        region = region_around(pose.landmarks, 2.0, picture.width, picture.height)
        bgr, mask = self._draw(picture.bgr(region), _within(pose.landmarks, region), pose, light, gaze, actor)
        if pose.hidden is not None:
            mask = _part(mask, pose.hidden.over(region))
        return MeshPatch(region, bgr, mask, mask)

    def _shaped(
        self,
        picture: Picture,
        own: FloatArray | None,
        pose: _Pose,
        light: Relight,
        gaze: FloatArray | None,
        actor: Actor,
    ) -> MeshPatch | None:
        """With the actor's proportions, the surroundings warped along."""
        canonical, landmarks = self._canonical, pose.landmarks
        delta = self._moves(landmarks, own, actor.proportions)
        moved = np.asarray(landmarks + delta, np.float32)
        reach = np.vstack([landmarks, moved])
        region = region_around(reach, REACH * pose.width, picture.width, picture.height)
        core = region_around(moved, 2.0, picture.width, picture.height)
        if min(core.width, core.height) < _SMALLEST:
            return None
        displaced = displacement(canonical, moved, delta[:, :2], region, pose.width)
        before = picture.bgr(region)
        under = warp(before, displaced, pose.width)
        rows = slice(core.y - region.y, core.bottom - region.y)
        columns = slice(core.x - region.x, core.right - region.x)
        inner = np.ascontiguousarray(under[rows, columns])
        bgr, mask = self._draw(inner, _within(moved, core), pose, light, gaze, actor)
        under[rows, columns] = _over(inner, bgr, mask)
        changed = displaced.changed
        changed[rows, columns] |= (mask > 0).astype(np.uint8) * 255
        if pose.hidden is None:
            return MeshPatch(region, under, changed, changed)
        steady = steadied(displaced, pose.width)
        seen = warp(pose.hidden.over(region), steady, pose.width)
        return MeshPatch(
            region, _over(warp(before, steady, pose.width), under, seen), changed, _part(changed, seen)
        )

    def _moves(self, landmarks: FloatArray, own: FloatArray | None, wanted: FloatArray) -> FloatArray:
        """(468, 3) pixels by which the landmarks move to take on the actor's proportions."""
        _, back = canonical_pose(self._canonical, landmarks)
        theirs = proportions(self._canonical, landmarks) if own is None else own
        delta = np.asarray(self._likeness * (wanted - theirs) @ back, np.float32)
        above, below = self._canonical.lids_and_lips
        delta[above] = delta[below] = (delta[above] + delta[below]) / 2  # openings are the performance's
        return delta

    def _draw(
        self,
        target: BgrImage,
        points: FloatArray,
        pose: _Pose,
        light: Relight,
        gaze: FloatArray | None,
        actor: Actor,
    ) -> tuple[BgrImage, NDArray[np.uint8]]:
        """The new face over ``target`` (whose top-left pixel is the points' origin), and its mask."""
        canonical, full = self._canonical, (target.shape[1], target.shape[0])
        half, quarter = _shrunk(full, 2), _shrunk(full, 4)
        triangles = canonical.front(pose.form)
        facing = np.clip((-pose.normals[:, 2] - 0.08) / 0.3, 0, 1)
        attributes = np.column_stack([canonical.uv, facing]).astype(np.float32)
        maps, covered = rasterise(scaled(points, 0.5), attributes, triangles, half)
        if actor.eyes is not None and gaze is not None:
            look(canonical, maps, self._opening, points, 0.5, gaze, actor.eyes)
        small = scaled(points, 0.25)
        change, drawn = rasterise(small, light.field, triangles, quarter)
        expected, _ = rasterise(small, light.lit, triangles, quarter)
        strange = foreign(cv2.resize(target, quarter, interpolation=cv2.INTER_AREA), expected, drawn)
        mask, plain = self._matte.cut(
            maps, covered, cv2.resize(strange, half), lips_parted(canonical, points), pose.width / 2
        )
        level = actor.level(pose.width)
        own = cv2.cvtColor(target, cv2.COLOR_BGR2YCrCb)
        skin = cv2.resize(plain, full, interpolation=cv2.INTER_NEAREST)
        luma = paint_luma(level.luma, maps, change[..., 0], light.contrast, full)
        luma = match_grain(luma, cv2.extractChannel(own, 0), skin, pose.width)
        chroma = paint_chroma(
            level.chroma, maps, light.turn, np.asarray(cv2.resize(change[..., 1:], half), np.float32), full
        )
        bgr = cv2.cvtColor(cv2.merge([luma, *cv2.split(chroma)]), cv2.COLOR_YCrCb2BGR)
        return np.asarray(bgr, np.uint8), np.asarray(cv2.resize(mask, full), np.uint8)


def _within(landmarks: FloatArray, region: Region) -> FloatArray:
    return (landmarks - np.array([region.x, region.y, 0], np.float32)).astype(np.float32)


def _shrunk(size: tuple[int, int], by: int) -> tuple[int, int]:
    return -(-size[0] // by), -(-size[1] // by)


def _part(mask: NDArray[np.uint8], share: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.multiply(mask, share, scale=1 / 255), np.uint8)


def _over(under: BgrImage, bgr: BgrImage, mask: NDArray[np.uint8]) -> BgrImage:
    """``bgr`` over ``under`` by the mask's weight."""
    weight = cv2.merge([mask] * 3)
    new = cv2.multiply(bgr, weight, scale=1 / 255)
    return np.asarray(cv2.add(new, cv2.multiply(under, cv2.bitwise_not(weight), scale=1 / 255)), np.uint8)
