"""What a face's surface looks like in even light, and where a picture of it shows something else.

A face is read on a coarse grid of the UV map, as what its lit skin (:mod:`understudy.vision.swap.mesh.light`) does not
explain: brows are darker, lips redder, beards rougher. What is to be expected there, and how much people and frames
vary, is a mean and a spread per cell: at first of people in general, later of one track. A linear classifier of how far
a cell and its surroundings are from it says what is in front of the face. ``skin.npz``, which holds the general mean
and spread and the classifier, is made by ``scripts/train_occlusion.py`` from synthetic people and drawn things.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import region_around
from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.roles import Picture
from understudy.vision.shape import face_width
from understudy.vision.swap.mesh.light import FLOOR, decoded, fit_shading, harmonics

__all__ = ["GRID", "Reading", "SkinLook", "SkinModel", "Surface", "load_skin"]

GRID: Final = (32, 48)  # rows and columns of the UV map
_ACROSS: Final = 56  # pixels of a face, when it is read
_DARK: Final = 16.0  # added to Y, so that what is black has no strong colour
_LEVEL: Final = 133.0  # brightness (with the floor) at which chroma is given in levels
# Of the map's height: nearer to its edge hair and scarves are the rule.
_RIM, _CHIN = 0.16, 0.07
_LEAST: Final = np.array([0.08, 2.0, 2.0], np.float32)  # spread of the smoothest skin, with noise
_NOISE: Final = 1.2  # levels of chroma
_FAR: Final = 8.0  # spreads beyond which nothing is farther
_LEARN: Final = 0.2  # weight of a new look in what is known of a track
_WITHIN: Final = 0.5  # of people's spread: how little a track's own can be


@dataclass(frozen=True, eq=False)
class Surface:
    """How the grid lies on the mesh.

    Attributes:
        inside: (rows, columns) where there is a triangle.
        corners: (n, 3) vertex numbers of the triangle that the middle of each of these cells lies in.
        shares: (n, 3) of each.
    """

    inside: NDArray[np.bool_]
    corners: NDArray[np.intp]
    shares: FloatArray

    @classmethod
    def of(cls, canonical: Canonical) -> Surface:
        """Lay the grid on the canonical mesh."""
        rows, columns = GRID
        middles = (np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) + 0.5) / (columns, rows)
        points = middles.reshape(-1, 2)
        corners, shares = np.zeros((len(points), 3), np.intp), np.zeros((len(points), 3), np.float32)
        inside = np.zeros(len(points), bool)
        for triangle in canonical.triangles:
            a, b, c = canonical.uv[triangle].astype(np.float64)
            sides = np.stack([b - a, c - a])
            if abs(np.linalg.det(sides)) < 1e-12:
                continue
            far = (points - a) @ np.linalg.inv(sides)
            parts = np.column_stack([1 - far.sum(1), far])
            here = (parts > -1e-6).all(1) & ~inside
            corners[here], shares[here] = triangle, parts[here]
            inside |= here
        return cls(inside.reshape(GRID), corners[inside], shares[inside])

    @cached_property
    def depth(self) -> FloatArray:
        """(rows, columns) distance from the mesh's edge, in heights of the map."""
        bordered = cv2.copyMakeBorder(
            self.inside.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=[0]
        )
        return np.asarray(cv2.distanceTransform(bordered, cv2.DIST_L2, 5)[1:-1, 1:-1] / GRID[0], np.float32)

    @cached_property
    def middle(self) -> NDArray[np.bool_]:
        """(rows, columns) what is not the rim; microphones and cups come from below, where hair does not."""
        rows, columns = GRID
        chin = np.arange(rows)[:, None] > 0.575 * rows
        chin = chin & (np.abs(np.arange(columns) - (columns - 1) / 2) < columns / 6)
        return np.asarray(self.depth > np.where(chin, _CHIN, _RIM))

    def at_cells(self, values: FloatArray) -> FloatArray:
        """(n, c) in the middles of the inner cells, from the vertices' (468, c)."""
        return np.asarray(np.einsum("nk,nkc->nc", self.shares, values[self.corners]), np.float32)

    def laid_out(self, values: FloatArray) -> FloatArray:
        """(rows, columns, c) from (n, c) of the inner cells; 0 elsewhere."""
        grid = np.zeros((*GRID, values.shape[1]), np.float32)
        grid[self.inside] = values
        return grid


@dataclass(frozen=True, eq=False)
class Reading:
    """A face's low frequencies, read once for all who need them.

    Attributes:
        vertices: (468, 3) uint8 Y, Cr, Cb.
        cells: (n, 3) uint8 of the grid's inner cells.
        shown: (n,) 1 where these are inside the picture.
    """

    vertices: NDArray[np.uint8]
    cells: NDArray[np.uint8]
    shown: FloatArray


@dataclass(frozen=True, eq=False)
class SkinLook:
    """A face in one picture, on the grid.

    Attributes:
        rest: (rows, columns, 3) surface colours less those of the lit skin.
        seen: (rows, columns) 0 to 1: how well the picture shows it.
        noise: (rows, columns) spread that a level of noise gives its chroma: much in the dark.
    """

    rest: FloatArray
    seen: FloatArray
    noise: FloatArray


@dataclass(frozen=True, eq=False)
class SkinModel:
    """What to expect, and what to make of what is different.

    Attributes:
        canonical: The mesh.
        surface: The grid on it.
        people: (rows, columns, 6) mean of a look's ``rest`` and spread around it, over many people.
        weights: (c,) of the classifier.
        bias: Of the classifier; above 0 is more likely something else than face.
    """

    canonical: Canonical
    surface: Surface
    people: FloatArray
    weights: FloatArray
    bias: float

    def observe(self, picture: Picture, landmarks: FloatArray) -> SkinLook:
        """Read a face, and fit the light on it.

        Args:
            picture: Where it is.
            landmarks: (468, 3).
        """
        reading = self.read(picture, landmarks)
        normals = self.canonical.normals(landmarks)
        facing = np.clip((-normals[:, 2] - 0.1) / 0.4, 0, 1).astype(np.float32)
        basis = harmonics(self.canonical.form(normals))
        lit = fit_shading(decoded(reading.vertices), basis, self.canonical.skin * facing)
        return self.look(reading, lit, normals)

    def read(self, picture: Picture, landmarks: FloatArray) -> Reading:
        """Sample a face's low frequencies at the mesh's vertices and at the grid's cells.

        Args:
            picture: Where it is.
            landmarks: (468, 3).
        """
        width = face_width(landmarks)
        places = np.vstack([landmarks[:, :2], self.surface.at_cells(landmarks[:, :2])])
        region = region_around(landmarks, 0.06 * width, picture.width, picture.height)
        scale = min(_ACROSS / width, 1.0)
        size = (max(round(region.width * scale), 4), max(round(region.height * scale), 4))
        small = cv2.GaussianBlur(picture.bgr(region, size), (0, 0), 1.0)
        share = np.array(size) / np.array([region.width, region.height])
        x, y = ((places - (region.x, region.y) + 0.5) * share - 0.5).astype(np.float32).T[..., None]
        sampled = cv2.remap(small, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        coded = np.asarray(cv2.cvtColor(sampled, cv2.COLOR_BGR2YCrCb), np.uint8).reshape(-1, 3)
        shown = ((x > -1) & (y > -1) & (x < size[0]) & (y < size[1])).ravel()
        return Reading(coded[:468], coded[468:], shown[468:].astype(np.float32))

    def look(self, reading: Reading, lit: FloatArray, normals: FloatArray) -> SkinLook:
        """Take the light off.

        Args:
            reading: Of the face.
            lit: (468, 3) log Y, Cr, Cb that the light alone gives its skin.
            normals: (468, 3) of the face.
        """
        bright = np.exp(lit[:, :1]) - np.float32(FLOOR)
        even = _surface_colours(np.hstack([bright, lit[:, 1:]]))
        expected = self.surface.at_cells(np.hstack([even, normals[:, 2:]]))
        seen = np.clip((-expected[:, 3:] - 0.1) / 0.3, 0, 1) * reading.shown[:, None]
        chroma = reading.cells.astype(np.float32) - (0, 128, 128)
        rest = _surface_colours(chroma.astype(np.float32)) - expected[:, :3]
        noise = np.float32(_NOISE * _LEVEL) / (reading.cells[:, :1] + np.float32(_DARK))
        both = self.surface.laid_out(np.hstack([rest, seen, noise]))
        return SkinLook(both[..., :3], both[..., 3], both[..., 4])

    def uncovered(
        self, colours: FloatArray, normals: FloatArray, form: FloatArray, covered: FloatArray
    ) -> FloatArray:
        """The colours of a face without what is in front of it: there, as its skin would be in the light elsewhere.

        Args:
            colours: (468, 3) log Y, Cr, Cb at the vertices.
            normals: (468, 3) of the face.
            form: (468, 3) of its large forms.
            covered: (468,) 0 to 1.
        """
        near = np.minimum(4 * (self.canonical.nearby @ covered), 1)  # with its blurred edge
        facing = np.clip((-normals[:, 2] - 0.1) / 0.4, 0, 1)
        weights = (self.canonical.skin * facing * (1 - near)).astype(np.float32)
        lit = fit_shading(colours, harmonics(form), weights + np.float32(1e-4))
        return np.asarray(colours + near[:, None] * (lit - colours), np.float32)

    def learn(self, known: FloatArray | None, look: SkinLook) -> FloatArray:
        """What is known of a track after one more look; what may be in front of the face is not learnt.

        Args:
            known: (rows, columns, 6) before, or None at first.
            look: The new one.
        """
        known = self.people if known is None else known
        trust = look.seen / (1 + np.exp(np.clip(3 * self.doubt(look, known) + 3, -20, 20)))
        share = (_LEARN * trust)[..., None]
        mean, spread = known[..., :3], known[..., 3:]
        off = look.rest - mean
        # Twice the deviation, as people's spread is what few of them exceed.
        square = spread * spread + share * (4 * off * off - spread * spread)
        most = self.people[..., 3:]
        steady = np.clip(np.sqrt(square), np.maximum(_WITHIN * most, _LEAST), most)
        return np.concatenate([mean + share * off, steady], -1).astype(np.float32)

    def doubt(self, look: SkinLook, known: FloatArray | None = None) -> FloatArray:
        """(rows, columns) log odds that something is in front of the face; strongly negative where nothing is seen.

        Args:
            look: The face.
            known: What is known of its track.
        """
        values = self.features(look, self.people if known is None else known)
        odds = np.clip(values @ self.weights + np.float32(self.bias), -_FAR, _FAR)
        return np.where(look.seen > 0.3, odds, -_FAR).astype(np.float32)

    def features(self, look: SkinLook, known: FloatArray) -> FloatArray:
        """(rows, columns, c) how far each cell, its surroundings and its mirror image are from what is expected."""
        seen = (look.seen > 0.3).astype(np.float32)[..., None]
        spread = known[..., 3:].copy()
        spread[..., 1:] = np.sqrt(spread[..., 1:] ** 2 + look.noise[..., None] ** 2)
        off = np.clip((look.rest - known[..., :3]) / spread, -_FAR, _FAR) * seen
        noise = np.minimum(np.abs(off), 2.0).sum((0, 1)) / max(float(seen.sum()), 1.0)
        noise = np.maximum(noise, 0.6)
        narrow, wide = np.maximum(_soft(seen, 0.8), 0.1), np.maximum(_soft(seen, 2.0), 0.1)
        near, around = _soft(off, 0.8) / narrow, _soft(off, 2.0) / wide
        rough = _soft(np.abs(off), 0.8) / narrow
        plain = _soft(look.rest * seen, 0.8) / narrow / (1, 30, 30)
        apart = np.abs(near - near[:, ::-1]) * seen * seen[:, ::-1]
        tint = near[..., 1:]
        parts = [near, near * near / 4, around, rough, apart, plain, near / noise]
        parts += [np.abs(part) for part in (near, around, plain, near / noise)]
        parts += [np.linalg.norm(tint, axis=-1, keepdims=True), np.linalg.norm(near, axis=-1, keepdims=True)]
        parts += [near[..., :1] * tint, tint[..., :1] * tint[..., 1:], np.broadcast_to(noise, off.shape)]
        parts.append(np.minimum(self.surface.depth, 0.3)[..., None])
        return np.concatenate(parts, -1).astype(np.float32)


def load_skin(canonical: Canonical) -> SkinModel:
    """Read the packaged model.

    Args:
        canonical: The mesh.
    """
    with (
        (resources.files("understudy.vision.swap.mesh") / "skin.npz").open("rb") as file,
        np.load(file) as data,
    ):
        people = data["people"].astype(np.float32)
        return SkinModel(canonical, Surface.of(canonical), people, data["weights"], float(data["bias"]))


def _surface_colours(colours: FloatArray) -> FloatArray:
    """(..., 3) log Y and chroma at an even brightness, of Y, Cr, Cb with chroma around zero.

    Light and shadow change the first of them alone.
    """
    bright = np.maximum(colours[..., :1], 0) + np.float32(_DARK)
    return np.concatenate([np.log(bright), colours[..., 1:] * (np.float32(_LEVEL) / bright)], -1)


def _soft(image: NDArray[Any], sigma: float) -> FloatArray:
    soft = cv2.GaussianBlur(np.asarray(image, np.float32), (0, 0), sigma)
    return np.asarray(soft[..., None] if soft.ndim == 2 else soft, np.float32)
