"""Detection where a face is expected: a small picture of its surroundings costs a thirtieth of the whole frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from understudy.core.geometry import region_around
from understudy.core.types import Face, FloatArray, Region
from understudy.vision.roles import BgrImage, Detector, Picture

__all__ = ["look_near", "overlap"]

_SHOWN: Final = 64  # pixels of the face in what the detector is shown
_SIDE: Final = 192  # of that, at most: detectors look at so little in one piece


def look_near(detector: Detector, picture: Picture, box: FloatArray, reach: float = 3.0) -> list[Face]:
    """The faces around a place, best score first.

    Args:
        detector: Finds faces.
        picture: The frame.
        box: (4,) where one is expected.
        reach: Side of what is looked at, in sizes of the box.
    """
    size = float(max(box[2] - box[0], box[3] - box[1], 8.0))
    region = region_around(box.reshape(2, 2), (reach - 1) / 2 * size, picture.width, picture.height)
    if min(region.width, region.height) < size / 2:
        return []
    share = min(1.0, _SHOWN / size, _SIDE / max(region.width, region.height))
    shown = max(round(region.width * share), 2), max(round(region.height * share), 2)
    small = _Small(picture.bgr(region, shown))
    ratio = np.array([region.width / shown[0], region.height / shown[1]], np.float32)
    corner = np.array([region.x, region.y], np.float32) + (ratio - 1) / 2
    return [
        replace(
            face,
            bbox=face.bbox * np.tile(ratio, 2) + np.tile(corner, 2),
            keypoints=np.asarray(face.keypoints * ratio + corner, np.float32),
        )
        for face in detector.detect(small)
    ]


@dataclass(frozen=True, eq=False)
class _Small:
    """Pixels as a picture."""

    pixels: BgrImage

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    def bgr(self, region: Region | None = None, size: tuple[int, int] | None = None) -> BgrImage:
        x, y, width, height = region or (0, 0, self.width, self.height)
        part = self.pixels[y : y + height, x : x + width]
        if size is None:
            return part
        shrinks = size[0] <= width and size[1] <= height
        return np.asarray(
            cv2.resize(part, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        )


def overlap(box: FloatArray, others: Sequence[FloatArray]) -> float:
    """Largest share of the smaller one of two boxes that lies in both, over all pairs with ``box``."""
    most = 0.0
    for other in others:
        extent = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
        if (extent > 0).all():
            areas = [float(np.prod(each[2:] - each[:2])) for each in (box, other)]
            most = max(most, float(np.prod(extent)) / max(min(areas), 1e-6))
    return most
