"""What is in front of a face, found without a network: what does not look like this face's skin.

:mod:`understudy.vision.swap.mesh.skin` says which cells of a coarse grid on the face show something else. That decides
whether there is anything at all, which is cheap, and on most frames the end of it. Where there is, colours around each
edge say how much of a pixel is whose: a pixel between the colour of the thing and that of the face beside it is a
mixture of the two (Levin, Lischinski and Weiss, "A closed-form solution to natural image matting", 2008: colours lie
on a line).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import common, region_around, slices, smoothstep
from understudy.core.types import FloatArray, Region
from understudy.vision.roles import Picture
from understudy.vision.shape import face_width
from understudy.vision.swap.mesh.paint import fetch
from understudy.vision.swap.mesh.raster import rasterise
from understudy.vision.swap.mesh.skin import SkinLook, SkinModel

__all__ = ["Occlusion", "find_occlusion", "suspects"]

_SURE: Final = (2.8, 3.1)  # log odds around a thing's surest cell between which it comes to count
_GROWN: Final = -0.5  # log odds to which a thing goes on around surer cells
_ACROSS: Final = 160.0  # pixels of a face, when edges are looked for
_MARGIN: Final = 0.1  # face widths around the face in which a thing is followed
_BAND: Final = 0.05  # face widths around suspicious cells in which its edge may lie
_NEAR: Final = 0.035  # face widths: colours on either side of an edge are averaged so far
_COARSE: Final = 4  # pixels per node of the colours around
_ALIKE: Final = 14.0  # levels between thing and face, below which colours say little of the edge


@dataclass(frozen=True, eq=False)
class Occlusion:
    """What hides a face.

    Attributes:
        region: In the picture.
        alpha: (h, w) float32, 0 to 1, how much of a pixel is in front; on a coarser grid than the region's.
    """

    region: Region
    alpha: FloatArray

    def at(self, landmarks: FloatArray) -> FloatArray:
        """(n,) 0 to 1: how far each of (n, 3) landmarks is covered."""
        share = np.array(self.alpha.shape[1::-1]) / (self.region.width, self.region.height)
        places = (landmarks[:, :2] - (self.region.x, self.region.y) + 0.5) * share - 0.5
        x, y = places.astype(np.float32).T[..., None]
        return np.asarray(cv2.remap(self.alpha, x, y, cv2.INTER_LINEAR).ravel(), np.float32)

    def over(self, region: Region) -> NDArray[np.uint8]:
        """(region.height, region.width) 255 where the face is seen, 0 where something is in front of it."""
        seen = np.full((region.height, region.width), 255, np.uint8)
        part = common(self.region, region)
        if part is not None:
            whole = cv2.resize(
                self.alpha, (self.region.width, self.region.height), interpolation=cv2.INTER_CUBIC
            )
            taken = np.clip(whole[slices(part, self.region)], 0, 1)
            seen[slices(part, region)] = np.rint(255 - 255 * taken)
        return seen


def find_occlusion(
    skin: SkinModel, picture: Picture, landmarks: FloatArray, look: SkinLook, known: FloatArray | None
) -> Occlusion | None:
    """What hides a face; None when nothing does.

    Args:
        skin: What faces look like.
        picture: Where the face is.
        landmarks: (468, 3).
        look: The face on the grid.
        known: What is known of its track.
    """
    odds = skin.doubt(look, known)
    cells = suspects(skin, odds)
    if cells is None:
        return None
    width = face_width(landmarks)
    region = region_around(landmarks, _MARGIN * width, picture.width, picture.height)
    scale = min(_ACROSS / width, 1.0)
    size = max(round(region.width * scale), 4), max(round(region.height * scale), 4)
    canonical = skin.canonical
    normals = canonical.normals(landmarks)
    shift = np.array([region.x, region.y, 0], np.float32)
    share = np.array([size[0] / region.width, size[1] / region.height, scale], np.float32)
    points = (landmarks - shift + np.float32(0.5)) * share - np.float32(0.5)
    attributes = np.column_stack([canonical.uv, np.ones(468)]).astype(np.float32)
    maps, drawn = rasterise(points, attributes, canonical.front(canonical.form(normals)), size)
    coded = cv2.cvtColor(picture.bgr(region, size), cv2.COLOR_BGR2YCrCb)
    colours = np.asarray(coded * np.array([1, 2, 2], np.float32), np.float32)
    likely = fetch(np.dstack([cells, np.clip(odds, -4, 4)]), maps) * drawn[..., None]
    alpha = _matte(colours, likely.astype(np.float32), drawn, width * scale)
    return Occlusion(region, alpha)


def suspects(skin: SkinModel, odds: FloatArray) -> FloatArray | None:
    """(rows, columns) 0 to 1: the cells that belong to a thing; None when there is none.

    Cells of about even odds count if they hang together with surer ones in the face's middle; at its rim hair and
    scarves are the rule. How sure the surest is decides smoothly, so that nothing flickers.

    Args:
        skin: What faces look like.
        odds: (rows, columns) from :meth:`SkinModel.doubt`.
    """
    # A single cell is a mole, a gap in a beard or a highlight.
    sure = cv2.GaussianBlur(np.clip(odds, -4, 6), (0, 0), 0.8) * skin.surface.middle
    if float(sure.max()) <= _SURE[0]:
        return None
    # Pieces that nearly touch are one thing, and are sure of each other.
    near = cv2.dilate((odds > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8)
    gains = [0.0] + [float(smoothstep(sure[labels == label].max(), *_SURE)) for label in range(1, count)]
    return np.asarray(np.array(gains, np.float32)[labels] * (odds > _GROWN), np.float32)


def _matte(colours: FloatArray, likely: FloatArray, drawn: NDArray[np.bool_], width: float) -> FloatArray:
    """(h, w) how much of each pixel is the thing's.

    Args:
        colours: (h, w, 3) Y, Cr, Cb, each as far apart as it looks.
        likely: (h, w, 2) gain of the things' cells, log odds of the cells.
        drawn: (h, w) where the mesh is.
        width: Of the face in pixels.
    """
    gain, odds = cv2.split(likely)
    reach = 2 * max(round(_BAND * width), 1) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    band = _soft(cv2.dilate(gain, disc), 0.02 * width)
    prior = band / (1 + np.exp(-2 * odds)) * (gain > 0.02)
    thing = np.asarray((odds > 1.5) & (gain > 0.02), np.float32)
    face = np.asarray(drawn & ((band < 0.02) | (odds < -1.5)), np.float32)
    alpha = prior
    for _ in range(2):
        theirs, own = _around(colours, thing, width), _around(colours, face, width)
        apart = theirs - own
        square = _dot(apart, apart)
        along = np.clip(_dot(colours - own, apart) / (square + 1), 0, 1)
        trust = square / (square + np.float32(_ALIKE**2))
        off = colours - theirs
        like = np.clip(1.5 - np.sqrt(_dot(off, off)) / np.float32(2 * _ALIKE), 0, 1)
        # Beside the face are not its colours: only what looks like the thing goes on.
        share = np.where(drawn, trust * along + (1 - trust) * prior, like)
        alpha = band * _steep(np.asarray(share, np.float32))
        thing = np.asarray(alpha > 0.8, np.float32)
        face = np.asarray(drawn & (alpha < 0.1), np.float32)
    # What is amid the thing is the thing's, whatever its colour; and no speckles.
    amid = np.clip(5 * _soft(gain * (odds > 1.5), 0.02 * width) - 4, 0, 1)
    return np.asarray(cv2.medianBlur(np.maximum(alpha, amid * gain), 5), np.float32)


def _around(colours: FloatArray, where: FloatArray, width: float) -> FloatArray:
    """(h, w, 3) mean colour of the places nearby, or else of those that are nearest; on a coarse grid, being smooth."""
    size = colours.shape[1::-1]
    small = max(size[0] // _COARSE, 1), max(size[1] // _COARSE, 1)
    weighted = cv2.merge([*cv2.split(cv2.multiply(colours, cv2.merge([where] * 3))), where])
    weighted = cv2.resize(weighted, small, interpolation=cv2.INTER_AREA)
    sigma = _NEAR * width / _COARSE
    total = _soft(weighted, sigma) + np.float32(1e-2) * _soft(weighted, 4 * sigma)
    total += np.float32(1e-6) * weighted.mean((0, 1))
    mean = total[..., :3] / np.maximum(total[..., 3:], np.float32(1e-9))
    return np.asarray(cv2.resize(mean, size), np.float32)


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(cv2.transform(cv2.multiply(a, b), np.ones((1, 3), np.float32)), np.float32)


def _steep(share: FloatArray) -> FloatArray:
    """Nearly nothing to nothing, nearly all to all."""
    t = np.clip((share - np.float32(0.15)) / np.float32(0.7), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _soft(image: NDArray[Any], sigma: float) -> FloatArray:
    return np.asarray(cv2.GaussianBlur(np.asarray(image, np.float32), (0, 0), max(sigma, 0.5)), np.float32)
