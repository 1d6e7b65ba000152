"""The actor: one texture on the canonical face, made once from one or more photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import region_around, smoothstep
from understudy.core.types import Face, FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.gaze import eye_openness, measure_gaze
from understudy.vision.roles import Picture
from understudy.vision.shape import face_width, proportions
from understudy.vision.swap.mesh import even, light
from understudy.vision.swap.mesh.eyes import ActorEyes, actor_eyes
from understudy.vision.swap.mesh.raster import rasterise

__all__ = ["ASPECT", "Actor", "Level", "prepare_actor"]

ASPECT: Final = 1.5  # of the texture, so that a texel is about square on the front of the face
_HEIGHTS: Final = (1280, 640, 320)
_COARSEST: Final = 80  # height of the pyramid's last level
_TEXELS: Final = 0.78  # texels along a face's width, for one texel of the texture's height
_MIRRORED: Final = 0.06  # trust in a mirrored half against a seen one
_MATT: Final = 0.3  # log of how much brighter than its light says skin may be
_DULL: Final = 0.3  # share of the shine beyond that which is taken off
_RELIGHT: Final = ((-0.7, -10, -10), (0.7, 10, 10))

Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Level:
    """The texture at one resolution.

    Attributes:
        luma: (h, w) uint8.
        chroma: (h // 2, w // 2, 2) uint8 Cr and Cb.
    """

    luma: Image
    chroma: Image

    @property
    def texels(self) -> float:
        """Texels along the width of a face."""
        return float(self.luma.shape[0] * _TEXELS)


@dataclass(frozen=True, eq=False)
class Actor:
    """What the engine needs of the actor.

    Attributes:
        levels: Texture pyramid, finest first.
        lit: (468, 3) colours of the texture's vertices as its light alone would make them.
        contrast: Standard deviation of what is painted on the skin, in log Y.
        eyes: Where the irises are in the texture; None when the photo's eyes are shut.
        proportions: (468, 3) of the actor's bones, in the canonical frame.
        uneven: Whether hard shadows, bands or reflexes lay across the face; they were softened.
    """

    levels: tuple[Level, ...]
    lit: FloatArray
    contrast: float
    eyes: ActorEyes | None
    proportions: FloatArray
    uneven: bool

    def level(self, width: float) -> Level:
        """The coarsest level that is fine enough for a face of this width in pixels."""
        return next(
            (level for level in reversed(self.levels) if level.texels >= 0.999 * width), self.levels[0]
        )


def prepare_actor(canonical: Canonical, photos: Sequence[tuple[Picture, Face]]) -> Actor:
    """Bake the photos into one texture and tell its light from its paint.

    Args:
        canonical: The mesh.
        photos: Pictures of one person with the face that is meant, landmarks set.
    """
    taken = [(picture, face.landmarks) for picture, face in photos if face.landmarks is not None]
    best = max(face_width(landmarks) for _, landmarks in taken)
    height = next((h for h in reversed(_HEIGHTS) if h * _TEXELS >= 0.8 * best), _HEIGHTS[0])
    size = (round(height * ASPECT), height)
    total = np.zeros((size[1], size[0], 4), np.float32)
    vertices = np.zeros((468, 7), np.float32)
    mirror = canonical.mirror
    for picture, landmarks in taken:
        normals = canonical.normals(landmarks)
        form = canonical.form(normals)
        facing = _visible(canonical, landmarks, normals, form)
        colours = light.sample_colours(picture, landmarks, face_width(landmarks))
        lit = light.fit_shading(colours, light.harmonics(form), canonical.skin * facing)
        texture, seen = _bake(canonical, picture, landmarks, facing, size)
        seen = seen * _plausible(canonical, texture, lit)
        texture = _matt(canonical, texture, lit)
        # What is turned away is filled from the other half, as that half would look in this half's light.
        shift = _other_half(canonical, colours, lit, facing)
        relit = _shifted(cv2.flip(texture, 1), _spread(canonical, shift, size))
        for pixels, weight in ((texture, seen), (relit, _MIRRORED * cv2.flip(seen, 1))):
            total += np.dstack([pixels * weight[..., None], weight])
        for values, trust in (
            (np.hstack([colours, lit]), facing),
            (np.hstack([colours[mirror] + shift, lit]), _MIRRORED * facing[mirror] + 1e-5),
        ):
            vertices += np.hstack([values * trust[:, None], trust[:, None]])
    means = vertices[:, :6] / vertices[:, 6:]
    paint = means[:, 0] - means[:, 3]
    picture, landmarks = taken[0]
    expected = _unrolled(canonical, np.ascontiguousarray(means[:, 3:]), even.SIZE)
    texture, found = even.even_out(canonical, _filled(total), expected)
    texture = _shut(canonical, texture)
    return Actor(
        levels=_pyramid(texture),
        lit=means[:, 3:],
        contrast=light.skin_contrast(paint, canonical.skin),
        eyes=_eyes(canonical, picture, landmarks),
        proportions=np.mean([proportions(canonical, each) for _, each in taken], 0),
        uneven=found.doubtful,
    )


def _eyes(canonical: Canonical, picture: Picture, landmarks: FloatArray) -> ActorEyes | None:
    gaze = measure_gaze(canonical, picture, landmarks)
    return (
        None if gaze is None else actor_eyes(canonical, landmarks, gaze, eye_openness(canonical, landmarks))
    )


def _plausible(canonical: Canonical, texture: Image, lit: FloatArray) -> FloatArray:
    """(h, w) less than one where the rim of the face is not skin: hair, scarves, earrings, backgrounds."""
    small = (texture.shape[1] // 4, texture.shape[0] // 4)
    colours = light.decoded(cv2.resize(texture, small, interpolation=cv2.INTER_AREA))
    off = colours - _unrolled(canonical, lit, small)
    bright, tint = off[..., 0], np.hypot(off[..., 1], off[..., 2])
    oval = _painted(canonical, [canonical.oval], small)
    depth = cv2.distanceTransform(cv2.copyMakeBorder(oval, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 5)
    rows = (np.arange(small[1]) / small[1])[:, None]
    temples = np.clip((rows - 0.28) / 0.1, 0, 1) * np.clip((0.8 - rows) / 0.1, 0, 1)
    rim = np.clip(3 - 3 * depth[1:-1, 1:-1] / ((0.1 + 0.14 * temples) * small[1]), 0, 1)
    features = _painted(canonical, [*canonical.eyes, *canonical.brows], small)
    rim[cv2.dilate(features, np.ones((7, 7), np.uint8)) > 0] = 0
    # Foreheads shine and frown; jaws wear beards, and beards are the actor's: less doubt there.
    jaw = np.clip((rows - 0.62) / 0.12, 0, 1)
    doubt = np.where(bright < 0, 1 - jaw, 1) * smoothstep(
        np.abs(bright), 0.5 - 0.2 * temples, 0.9 - 0.3 * temples
    )
    strange = rim * np.maximum(doubt, smoothstep(tint, 16, 30))
    grown = cv2.GaussianBlur(cv2.dilate(strange, np.ones((9, 9), np.uint8)), (0, 0), 3)
    size = (texture.shape[1], texture.shape[0])
    return np.asarray(np.clip(1 - 2.2 * cv2.resize(grown, size), 0, 1) ** 2, np.float32)


def _matt(canonical: Canonical, texture: Image, lit: FloatArray) -> Image:
    """The texture without its shine: highlights belong to the photo's light, not to the actor.

    What is much brighter than lit skin is compressed, and takes on the skin's tint.
    """
    size = (texture.shape[1], texture.shape[0])
    expected = _spread(canonical, lit, size)
    features = _painted(canonical, [*canonical.eyes, *canonical.brows, canonical.outer_lips], size)
    near = max(round(0.02 * size[1]), 1)
    kept = cv2.dilate(features, np.ones((2 * near + 1, 2 * near + 1), np.uint8))
    skin = cv2.GaussianBlur(1 - kept.astype(np.float32), (0, 0), near)
    colours = texture.astype(np.float32)
    shine = np.log(colours[..., 0] + light.FLOOR) - expected[..., 0] - _MATT
    shine = np.maximum(shine, 0) * skin
    colours[..., 0] = (colours[..., 0] + light.FLOOR) * np.exp(-_DULL * shine) - light.FLOOR
    share = np.clip(shine * 1.5, 0, 0.6)[..., None]
    colours[..., 1:] += share * (expected[..., 1:] + 128 - colours[..., 1:])
    return np.clip(colours, 0, 255).astype(np.uint8)


def _painted(canonical: Canonical, contours: Sequence[NDArray[np.intp]], size: tuple[int, int]) -> Image:
    area = np.zeros((size[1], size[0]), np.uint8)
    for contour in contours:
        cv2.fillPoly(area, [np.round(canonical.uv[contour] * np.array(size) - 0.5).astype(np.int32)], 1)
    return area


def _visible(
    canonical: Canonical, landmarks: FloatArray, normals: FloatArray, form: FloatArray
) -> FloatArray:
    """(468,) 1 where the photo shows a vertex, 0 where it is turned away, folded or behind the nose."""
    width = face_width(landmarks)
    # Around the mouth the small forms turn away from any camera and are seen all the same.
    toward = np.where(canonical.vertices[:, 1] > 0.12, form[:, 2], normals[:, 2])
    facing = smoothstep(-toward, 0.2, 0.6)
    # Foreshortening, by area on the photo: the landmarks' depth is too flat to be trusted alone.
    a, b, c = (landmarks[canonical.triangles[:, corner], :2] for corner in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    a, b, c = (canonical.vertices[canonical.triangles[:, corner]] for corner in range(3))
    share = area / (np.linalg.norm(np.cross(b - a, c - a), axis=1) * width * width + 1e-9)
    least = np.full(468, 9.0, np.float32)
    for corner in range(3):
        np.minimum.at(least, canonical.triangles[:, corner], share)
    folded = 1 - smoothstep(least, 0.1, 0.4)
    x, y, _ = canonical.vertices.T
    # A nod foreshortens the forehead and hides nothing; mouth and lids fold by themselves.
    folded[(canonical.skin == 0) | (y < -0.3) | ((y > 0.12) & (np.abs(x) < 0.3))] = 0
    kernel = canonical.kernel(0.03)
    folded = kernel @ folded / kernel.sum(1)
    return np.asarray(facing * np.clip(1 - 2 * folded, 0, 1), np.float32)


def _bake(
    canonical: Canonical, picture: Picture, landmarks: FloatArray, facing: FloatArray, size: tuple[int, int]
) -> tuple[Image, FloatArray]:
    """The photo unrolled as Y, Cr, Cb onto the texture, and how well each texel was seen (0 to 1)."""
    region = region_around(landmarks, 4, picture.width, picture.height)
    scale = min(1.0, 1.5 * size[1] * _TEXELS / face_width(landmarks))
    taken = (max(round(region.width * scale), 8), max(round(region.height * scale), 8))
    photo = cv2.cvtColor(picture.bgr(region, taken), cv2.COLOR_BGR2YCrCb)
    attributes = np.empty((468, 3), np.float32)
    attributes[:, 0] = (landmarks[:, 0] - region.x + 0.5) * (taken[0] / region.width) - 0.5
    attributes[:, 1] = (landmarks[:, 1] - region.y + 0.5) * (taken[1] / region.height) - 0.5
    attributes[:, 2] = facing
    maps = _unrolled(canonical, attributes, size)
    texture = cv2.remap(photo, maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(maps[..., 2], (0, 0), 0.02 * size[1])
    return texture.astype(np.uint8), np.minimum(soft, maps[..., 2])


def _unrolled(canonical: Canonical, attributes: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Vertex attributes (468, 3) drawn over the texture."""
    points = np.zeros((468, 3), np.float32)
    points[:, :2] = canonical.uv * np.array(size, np.float32) - 0.5
    return rasterise(points, attributes, canonical.triangles, size)[0]


def _spread(canonical: Canonical, values: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Smooth vertex values as a texture: drawn small and enlarged."""
    small = _unrolled(canonical, values.astype(np.float32), (size[0] // 4, size[1] // 4))
    return cv2.resize(small, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _other_half(canonical: Canonical, colours: FloatArray, lit: FloatArray, facing: FloatArray) -> FloatArray:
    """What to add to a mirrored vertex: the two halves' difference where both are seen, carried outwards."""
    mirror = canonical.mirror
    both = canonical.kernel(0.12) * (facing * facing[mirror])
    support = both.sum(1, keepdims=True)
    local = both @ (colours - colours[mirror]) / (support + 1e-3)
    share = support / (support + 1.0)
    return np.asarray(np.clip(share * local + (1 - share) * (lit - lit[mirror]), *_RELIGHT), np.float32)


def _shifted(texture: NDArray[Any], shift: FloatArray) -> FloatArray:
    out = texture.astype(np.float32)
    out[..., 0] = np.minimum(out[..., 0] * np.exp(shift[..., 0]), 255)
    out[..., 1:] = np.clip(out[..., 1:] + shift[..., 1:], 0, 255)
    return out


def _filled(total: FloatArray) -> Image:
    """The weighted mean, and where nothing was seen the colours from around it (push and pull)."""
    levels = [total]
    while min(levels[-1].shape[:2]) > 4:
        # Means of areas, as enlarging keeps centres: a Gaussian pyramid's would drift to one side, level by level.
        half = (-(-levels[-1].shape[1] // 2), -(-levels[-1].shape[0] // 2))
        levels.append(np.asarray(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA), np.float32))
    colours = levels[-1][..., :3] / (levels[-1][..., 3:] + 1e-6)
    for level in reversed(levels[:-1]):
        around = cv2.resize(colours, level.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        weight = level[..., 3:]
        trust = np.minimum(weight / (_MIRRORED * 0.5), 1.0)
        colours = trust * level[..., :3] / (weight + 1e-6) + (1 - trust) * around
    return np.clip(colours + 0.5, 0, 255).astype(np.uint8)


def _shut(canonical: Canonical, texture: Image) -> Image:
    """The texture with the mouth's inside painted as the line between closed lips; what an open mouth shows is
    the target's."""
    size = (texture.shape[1], texture.shape[0])
    inside = _painted(canonical, [canonical.inner_lips], size) > 0
    lips = (_painted(canonical, [canonical.outer_lips], size) > 0) & ~inside
    line = np.median(texture[lips], 0)
    line[0] *= 0.5
    weight = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.004 * size[1])[..., None]
    return np.asarray(texture * (1 - weight) + line * weight, np.float32).astype(np.uint8)


def _pyramid(texture: Image) -> tuple[Level, ...]:
    levels = []
    while texture.shape[0] >= _COARSEST:
        half = np.asarray(cv2.resize(texture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        levels.append(Level(np.ascontiguousarray(texture[..., 0]), np.ascontiguousarray(half[..., 1:])))
        texture = half
    return tuple(levels)
