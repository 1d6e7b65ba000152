"""What a face's surface looks like in even light, and where a picture of it shows something else.

A face is read on a coarse grid of the UV map, as what its lit skin (:mod:`understudy.vision.swap.mesh.light`) does not
explain: brows are darker, lips redder, beards rougher. What is to be expected there, and how much people and frames
vary, is a mean and a spread per cell: at first of people in general, later of one track. A linear classifier of how far
a cell and its surroundings are from it says what is in front of the face. ``skin.npz``, which holds the general mean
and spread and the classifier, is made by ``scripts/train_occlusion.py`` from synthetic people and drawn things.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import region_around
from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.roles import Picture
from understudy.vision.shape import face_width
from understudy.vision.swap.mesh.light import FLOOR, decoded, fit_shading, harmonics
from understudy.vision.swap.mesh.surface import GRID, Surface

__all__ = ["Reading", "SkinLook", "SkinModel", "load_skin"]

_ACROSS: Final = 56  # pixels of a face, when it is read
_DARK: Final = 16.0  # added to Y, so that what is black has no strong colour
_LEVEL: Final = 133.0  # brightness (with the floor) at which chroma is given in levels
_LEAST: Final = np.array([0.08, 2.0, 2.0], np.float32)  # spread of the smoothest skin, with noise
_SEEN: Final = 0.3  # how well a cell is to be seen
_PLAIN: Final = np.array([1, 1 / 30, 1 / 30], np.float32)  # brings brightness and chroma to one scale
_NOISE: Final = 1.2  # levels of chroma
_FAR: Final = 8.0  # spreads beyond which nothing is farther
_LEARN: Final = 0.2  # weight of a new look in what is known of a track
_WITHIN: Final = 0.5  # of people's spread: how little a track's own can be


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
        odds = np.clip(self.weights @ values + np.float32(self.bias), -_FAR, _FAR)
        laid = np.full(GRID, -_FAR, np.float32)
        laid[self.surface.inside] = odds
        laid[look.seen <= _SEEN] = -_FAR
        return laid

    def features(self, look: SkinLook, known: FloatArray) -> FloatArray:
        """(c, n) how far each inner cell, its surroundings and its mirror image are from what is expected."""
        seen = (look.seen > _SEEN).astype(np.float32)[..., None]
        spread = known[..., 3:].copy()
        spread[..., 1:] = np.sqrt(spread[..., 1:] ** 2 + look.noise[..., None] ** 2)
        off = np.clip((look.rest - known[..., :3]) / spread, -_FAR, _FAR) * seen
        size = np.abs(off)
        total = np.minimum(size, 2).reshape(-1, 3).sum(0)
        noise = np.maximum(total / max(float(seen.sum()), 1.0), 0.6).astype(np.float32)[:, None]
        narrow = _mean([off, size, look.rest * (seen * _PLAIN)], seen, 0.8)
        wide = _mean([off], seen, 2.0)
        apart = np.abs(narrow[..., :3] - narrow[:, ::-1, :3]) * (seen * seen[:, ::-1])
        near, rough, plain = np.split(self.surface.taken(narrow), 3)
        around, relative, tint = self.surface.taken(wide), near / noise, near[1:]
        square = near * near
        parts = [near, square / 4, around, rough, self.surface.taken(apart), plain, relative]
        parts += [np.abs(part) for part in (near, around, plain, relative)]
        parts += [np.sqrt(square[1:].sum(0, keepdims=True)), np.sqrt(square.sum(0, keepdims=True))]
        parts += [near[:1] * tint, tint[:1] * tint[1:], np.broadcast_to(noise, near.shape)]
        parts.append(np.minimum(self.surface.taken(self.surface.depth[..., None]), 0.3))
        return np.concatenate(parts).astype(np.float32, copy=False)


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


def _mean(images: list[FloatArray], seen: FloatArray, sigma: float) -> FloatArray:
    """The images, which are 0 where nothing is seen, one behind the other and softened by what is seen nearby."""
    soft = cv2.GaussianBlur(cv2.merge([*images, seen]), (0, 0), sigma)
    return np.asarray(soft[..., :-1] / np.maximum(soft[..., -1:], np.float32(0.1)), np.float32)
