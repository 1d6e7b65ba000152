"""Small faces in large pictures, for detectors that look at a picture in one size.

The picture is looked at as a whole, and when it is so large that the smallest faces wanted would then be too few
pixels for the network, in overlapping tiles too. What two tiles share is as large as the largest face that the
whole picture might not show, so that every face is seen uncut by one of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from understudy.core.types import Face, FloatArray, Region
from understudy.vision.detect.candidates import merged, unknown
from understudy.vision.roles import Detector, Picture
from understudy.vision.views import Part

__all__ = ["Tiles", "spans"]

_SMALLEST_SEEN = 13.0
"""Face size in the network's pixels from which a detector finds practically all: YuNet finds, of portraits pasted into
texture, 98.6 % at 12 and 14 pixels and all at 16. A face of 40 pixels at 1920 × 1080 has 13."""


class Tiles:
    """Looks with a detector at the whole picture and at tiles of it.

    Args:
        detector: Looks once at the picture it is given.
        side: Of the network's input, in pixels.
        smallest: Size in pixels of the smallest face that is looked for.
    """

    def __init__(self, detector: Detector, side: int, smallest: float = 40.0) -> None:
        self._detector = detector
        self._side = side
        self._smallest = smallest

    def detect(self, picture: Picture) -> list[Face]:
        """All faces, best score first; no landmarks."""
        tiles = self._tiles(picture)
        return merged([self._detector.detect(picture), *(self._look(picture, region) for region in tiles)])

    def detect_part(self, picture: Picture, step: int, known: Sequence[FloatArray] = ()) -> list[Face]:
        """The whole picture and a tile of it in turns; see :class:`PartialDetector`."""
        tiles = self._tiles(picture)
        if step % 2 == 0 or not tiles:
            found = self._detector.detect(picture)
        else:
            found = self._look(picture, tiles[step // 2 % len(tiles)])
        return unknown(found, known)

    def _look(self, picture: Picture, region: Region) -> list[Face]:
        part = Part(picture, region)
        faces = [part.outwards(face) for face in self._detector.detect(part)]
        return [face for face in faces if not _cut(face.bbox, region, picture)]

    def _tiles(self, picture: Picture) -> list[Region]:
        """None when the whole picture shows the smallest face well enough."""
        coarse = self._side / max(picture.width, picture.height)
        fine = _SMALLEST_SEEN / self._smallest
        if coarse >= fine:
            return []
        extent, overlap = self._side / fine, 1.25 * _SMALLEST_SEEN / coarse
        # A tile has to bring something new: very large pictures get larger ones, which see a little less.
        extent = max(extent, 2 * overlap)
        columns = spans(picture.width, extent, overlap)
        rows = spans(picture.height, extent, overlap)
        return [Region(x, y, width, height) for y, height in rows for x, width in columns]


def spans(length: int, extent: float, overlap: float) -> list[tuple[int, int]]:
    """(start, extent) of equal, even intervals of at most about ``extent`` that cover 0 to ``length``."""
    count = max(math.ceil((length - overlap) / (extent - overlap)), 1)
    if count == 1:
        return [(0, length)]
    equal = math.ceil((length + (count - 1) * overlap) / count / 2) * 2
    return [(i * (length - equal) // (count - 1) // 2 * 2, equal) for i in range(count)]


def _cut(bbox: FloatArray, region: Region, picture: Picture) -> bool:
    """Whether a tile's inner edge cuts the face: another tile, or the whole picture, shows all of it."""
    low = np.array([region.x, region.y], np.float32)
    high = np.array([region.right, region.bottom], np.float32) - 1
    inner_low, inner_high = low > 0, high < (picture.width - 2, picture.height - 2)
    return bool(((bbox[:2] <= low) & inner_low).any() or ((bbox[2:] >= high) & inner_high).any())
