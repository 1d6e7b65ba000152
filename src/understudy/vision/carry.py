"""Carrying: what was drawn over a face in two frames, brought to a frame between them.

Each pixel of the face now is followed through the mesh to what shows the same in the drawn frame
(:mod:`understudy.vision.sight`), fetched there, and brought into the light of now. The two are blended by how near
each of them is, in time and in looks, pixel by pixel: lids that are shut now come from the frame in which they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import apply_affine, region_around
from understudy.core.types import FloatArray, Region
from understudy.vision.canonical import Canonical
from understudy.vision.paste import Pasted
from understudy.vision.roles import BgrImage, Patch, Picture
from understudy.vision.sight import SIDE, Passage, Sight, passage

__all__ = ["Drawn", "carry", "flattened"]

_STRAIN: Final = 0.006  # face widths of motion that count as much as the whole time between
_STRANGE: Final = 8.0  # levels that do
_MARGIN: Final = 0.06  # face widths by which a face may move over its patch


@dataclass(frozen=True, eq=False)
class Drawn:
    """A face in a frame in which it was drawn.

    Attributes:
        sight: The face before.
        region: Where it was changed.
        pixels: (height + 2, width + 2, 4) uint8 BGR and weight of the new pixels, with a rim of weight 0; None when
            it could not be drawn.
    """

    sight: Sight
    region: Region
    pixels: NDArray[np.uint8] | None

    @classmethod
    def of(cls, sight: Sight, patches: Sequence[Patch]) -> Drawn:
        """What was laid over a face, from the first to the last."""
        patch = flattened(patches)
        if patch is None:
            return cls(sight, Region(0, 0, 0, 0), None)
        colours = cv2.copyMakeBorder(patch.bgr, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        weight = cv2.copyMakeBorder(patch.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=[0])
        return cls(sight, patch.region, np.asarray(cv2.merge([*cv2.split(colours), weight]), np.uint8))


def flattened(patches: Sequence[Patch]) -> Patch | None:
    """Patches that lie over one another as one that does the same, up to rounding; None for none."""
    if len(patches) < 2:
        return patches[0] if patches else None
    left, top = (min(patch.region[axis] for patch in patches) for axis in (0, 1))
    right, bottom = (
        max(patch.region.right for patch in patches),
        max(patch.region.bottom for patch in patches),
    )
    region = Region(left, top, right - left, bottom - top)
    bgr = np.zeros((region.height, region.width, 3), np.float32)
    seen = np.zeros((region.height, region.width, 1), np.float32)  # how much of what lies below is covered
    for patch in patches:
        y, x = patch.region.y - top, patch.region.x - left
        here = np.s_[y : y + patch.region.height, x : x + patch.region.width]
        weight = patch.mask[..., None].astype(np.float32) / 255
        bgr[here] += weight * (patch.bgr - bgr[here])
        seen[here] += weight * (1 - seen[here])
    bgr /= np.maximum(seen, 1e-6)
    return Pasted(region, np.rint(bgr).astype(np.uint8), np.rint(255 * seen[..., 0]).astype(np.uint8))


def carry(
    canonical: Canonical, picture: Picture, now: Sight, before: Drawn, after: Drawn, share: float
) -> Pasted | None:
    """What to lay over a face between two frames in which it was drawn.

    Args:
        canonical: The mesh.
        picture: Of now; only its size is looked at.
        now: The face now.
        before, after: The same face in the two.
        share: How much of the time between them has passed, 0 to 1.

    Returns:
        A patch; None when nothing was drawn in either.
    """
    region = _region(picture, now, (before, after))
    if region is None:
        return None
    ways = [passage(canonical, now, drawn.sight) for drawn in (before, after)]
    near = _nearness(ways, share)
    fetched = [
        _fetched(drawn, _source(now, drawn, way, region), region)
        for drawn, way in zip((before, after), ways, strict=True)
    ]
    first = _over(now, near, region)
    one, other = (
        np.asarray(cv2.multiply(part, mask, dtype=cv2.CV_32F))
        for part, (_, mask) in zip((first, 1 - first), fetched, strict=True)
    )
    bgr = cv2.blendLinear(fetched[0][0], fetched[1][0], one, other)
    gain = ways[1].gain + near[..., None] * (ways[0].gain - ways[1].gain)
    bgr = cv2.multiply(bgr, _over(now, gain, region), dtype=cv2.CV_8U)
    mask = cv2.convertScaleAbs(cv2.add(one, other))
    return Pasted(region, np.asarray(bgr, np.uint8), np.asarray(mask, np.uint8))


def _nearness(ways: Sequence[Passage], share: float) -> FloatArray:
    """(SIDE, SIDE) weight of the first: the nearer one counts, in time and in looks."""
    far = [
        (part + way.strain / _STRAIN + way.strange / _STRANGE) ** 2
        for part, way in zip((share, 1 - share), ways, strict=True)
    ]
    return np.asarray(cv2.GaussianBlur(far[1] / (far[0] + far[1] + 1e-6), (0, 0), SIDE / 100), np.float32)


def _region(picture: Picture, now: Sight, drawn: Sequence[Drawn]) -> Region | None:
    """Where the patches' faces are now."""
    corners = []
    for each in drawn:
        if each.pixels is not None:
            x, y, width, height = each.region
            ends = np.array([[x, y], [x + width, y], [x, y + height], [x + width, y + height]])
            corners.append(apply_affine(now.inverse, apply_affine(each.sight.matrix, ends)))
    if not corners:
        return None
    region = region_around(np.vstack(corners), _MARGIN * SIDE / 2 / now.scale, picture.width, picture.height)
    return region if min(region.width, region.height) > 0 else None


def _over(now: Sight, field: FloatArray, region: Region) -> FloatArray:
    """A field over the square, over a region of the picture; its edge goes on beyond."""
    matrix = now.inverse
    matrix[:, 2] -= region.x, region.y
    size = (region.width, region.height)
    return np.asarray(
        cv2.warpAffine(field, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def _source(now: Sight, drawn: Drawn, way: Passage, region: Region) -> FloatArray:
    """(h, w, 2) where in what was drawn to find what the region's pixels show."""
    back = drawn.sight.inverse
    linear = back[:, :2] @ now.matrix[:, :2]
    offset = back[:, :2] @ now.matrix[:, 2] + back[:, 2] + linear @ (region.x, region.y)
    offset += 1 - np.array(drawn.region[:2])  # the rim
    # What moves against the face dies out within the square, so that its edge may go on beyond it.
    shift = cv2.transform(_over(now, way.shift, region), back[:, :2])
    x = np.arange(region.width, dtype=np.float32)
    y = np.arange(region.height, dtype=np.float32)[:, None]
    for axis in (0, 1):
        across = np.float32(linear[axis, 0]) * x + np.float32(offset[axis])
        shift[..., axis] += across + np.float32(linear[axis, 1]) * y
    return np.asarray(shift, np.float32)


def _fetched(drawn: Drawn, source: FloatArray, region: Region) -> tuple[BgrImage, NDArray[np.uint8]]:
    """The new pixels and their weight, over the region."""
    if drawn.pixels is None:
        size = (region.height, region.width)
        return np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8)
    empty: Any = None
    seen = cv2.remap(drawn.pixels, source, empty, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    bgr, mask = cv2.cvtColor(seen, cv2.COLOR_BGRA2BGR), cv2.extractChannel(seen, 3)
    return np.asarray(bgr, np.uint8), np.asarray(mask, np.uint8)
