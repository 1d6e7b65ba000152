"""What a swap changed in a frame: found by comparing it with what it showed before, and not taken from the swap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Face, Region
from understudy.safety.regions import around, shown, size_of
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Before", "Change"]

_NEAR: Final = (-1.3, -1.3, 1.3, 1.3)  # what a swap usually changes, in face sizes from the face's middle
_MARGIN: Final = 0.3  # of what lies around a change is shown along, in face sizes


@dataclass(frozen=True, eq=False)
class Change:
    """Something that was changed.

    Attributes:
        region: Where, with a margin.
        pixels: (h, w, 3) what it shows now, at the size at which it was compared.
    """

    region: Region
    pixels: BgrImage


class Before:
    """What a frame shows before it is changed: the surroundings of faces, and all of it at a smaller size.

    Args:
        picture: The frame.
        faces: Those that are known.
        frame: The longer side at which the whole is kept, in pixels.
        near: The same for the surroundings of a face; more where the whole shows them larger.
    """

    def __init__(self, picture: Picture, faces: Sequence[Face], frame: int, near: int) -> None:
        self._frame = frame
        self._whole = shown(picture, Region(0, 0, picture.width, picture.height), frame)
        self._near = [_Near(picture, face, near, self._whole.shape[1] / picture.width) for face in faces]

    def changes(self, after: Picture) -> Iterator[Change]:
        """Everything in which the frame differs now: around each face, and elsewhere.

        Args:
            after: The frame, of the same size.
        """
        for near in self._near:
            yield from near.changes(after)
        everything = Region(0, 0, after.width, after.height)
        elsewhere = _differ(self._whole, shown(after, everything, self._frame))
        scale = elsewhere.shape[1] / after.width
        for near in self._near:
            x, y, width, height = near.region
            left, top = int(x * scale), int(y * scale)
            elsewhere[top : int((y + height) * scale) + 1, left : int((x + width) * scale) + 1] = 0
        x, y, width, height = cv2.boundingRect(elsewhere)
        if width:
            box = np.array([x, y, x + width, y + height], np.float32) / np.float32(scale)
            region = around(box, (-0.75, -0.75, 0.75, 0.75), after.width, after.height)
            yield Change(region, shown(after, region, self._frame))


class _Near:
    """The surroundings of a face, ``side`` pixels long or more, and no smaller than at ``scale``."""

    def __init__(self, picture: Picture, face: Face, side: int, scale: float) -> None:
        self.region = around(face.bbox, _NEAR, picture.width, picture.height)
        self._side = max(side, round(max(self.region.width, self.region.height) * scale))
        self._pixels = shown(picture, self.region, self._side)
        self._scale = self._pixels.shape[1] / self.region.width
        self._margin = round(_MARGIN * size_of(face.bbox) * self._scale)

    def changes(self, after: Picture) -> Iterator[Change]:
        now = shown(after, self.region, self._side)
        x, y, width, height = cv2.boundingRect(_differ(self._pixels, now))
        if width:
            left, top = max(x - self._margin, 0), max(y - self._margin, 0)
            part = now[top : y + height + self._margin, left : x + width + self._margin]
            corner = (self.region.x + round(left / self._scale), self.region.y + round(top / self._scale))
            size = (round(part.shape[1] / self._scale), round(part.shape[0] / self._scale))
            yield Change(Region(*corner, *size), part)


def _differ(before: BgrImage, after: BgrImage) -> NDArray[np.uint8]:
    """(h, w) not 0 where any channel differs."""
    same = cv2.inRange(cv2.absdiff(before, after), (0, 0, 0), (0, 0, 0))
    return np.asarray(cv2.bitwise_not(same), np.uint8)
