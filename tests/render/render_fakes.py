"""Analysis and swappers that need no models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Face, Region, TrackedFace
from understudy.media.frame import Frame
from understudy.render.steps import Row
from understudy.vision.roles import Picture

BOX = Region(40, 30, 32, 24)


def face(confidence: float = 1.0) -> Face:
    box = np.array([BOX.x, BOX.y, BOX.right, BOX.bottom], np.float32)
    return Face(box, 0.9, np.zeros((5, 2), np.float32), confidence=confidence)


def analyse(frames: Iterable[Frame]) -> Iterator[Row]:
    """One face in every frame, three frames late."""
    waiting: list[Frame] = []
    for frame in frames:
        waiting.append(frame)
        if len(waiting) > 3:
            yield waiting.pop(0), (TrackedFace(0, face()),)
    for frame in waiting:
        yield frame, (TrackedFace(0, face(0.3)),)


def find_nothing(frames: Iterable[Frame]) -> Iterator[Row]:
    for frame in frames:
        yield frame, ()


@dataclass(frozen=True, eq=False)
class Box:
    region: Region
    bgr: NDArray[np.uint8]
    mask: NDArray[np.uint8]


class TintBox:
    """Inverts the box of a face."""

    devices: Mapping[str, str] = {"tint": "CPU"}

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> Any:
        del photos

    def swap(self, picture: Picture, face: TrackedFace, actor: Any) -> Box:
        del face, actor
        region = Region(BOX.x, BOX.y, BOX.width, BOX.height)
        mask = np.full((region.height, region.width), 255, np.uint8)
        return Box(region, 255 - picture.bgr(region), mask)
