"""Pictures made of a picture: a part of it, or all of it turned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import cv2
import numpy as np

from understudy.core.types import Face, FloatArray, Region
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Angle", "Part", "Turned"]

Angle = Literal[0, 90, 180, 270]

_TURNS: Final = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True)
class Part:
    """A region of a picture as a picture.

    Attributes:
        picture: The whole.
        region: Inside it.
    """

    picture: Picture
    region: Region

    @property
    def width(self) -> int:
        """The region's width."""
        return self.region.width

    @property
    def height(self) -> int:
        """The region's height."""
        return self.region.height

    def bgr(self, region: Region | None = None, size: tuple[int, int] | None = None) -> BgrImage:
        """As :meth:`Picture.bgr`."""
        if region is None:
            return self.picture.bgr(self.region, size)
        x, y, width, height = region
        return self.picture.bgr(Region(x + self.region.x, y + self.region.y, width, height), size)

    def outwards(self, face: Face) -> Face:
        """A face of this picture in the whole's pixels; it has no landmarks yet."""
        corner = np.array([self.region.x, self.region.y], np.float32)
        return replace(face, bbox=face.bbox + np.tile(corner, 2), keypoints=face.keypoints + corner)


@dataclass(frozen=True)
class Turned:
    """A picture turned clockwise.

    Attributes:
        picture: As it was.
        angle: In degrees.
    """

    picture: Picture
    angle: Angle

    @property
    def width(self) -> int:
        """Width after the turn."""
        return self.picture.height if self.angle in (90, 270) else self.picture.width

    @property
    def height(self) -> int:
        """Height after the turn."""
        return self.picture.width if self.angle in (90, 270) else self.picture.height

    def bgr(self, region: Region | None = None, size: tuple[int, int] | None = None) -> BgrImage:
        """As :meth:`Picture.bgr`."""
        if self.angle in (90, 270) and size is not None:
            size = size[1], size[0]
        pixels = self.picture.bgr(None if region is None else self._before(region), size)
        return pixels if self.angle == 0 else np.asarray(cv2.rotate(pixels, _TURNS[self.angle]), np.uint8)

    def outwards(self, face: Face) -> Face:
        """A face of this picture in the picture as it was; it has no landmarks yet.

        Its keypoints keep their order, which is the face's own: the first eye is the person's right one.
        """
        corners = self._points_before(face.bbox.reshape(2, 2))
        bbox = np.concatenate([corners.min(0), corners.max(0)])
        return replace(face, bbox=bbox, keypoints=self._points_before(face.keypoints))

    def inwards(self, bbox: FloatArray) -> FloatArray:
        """A (4,) box of the picture as it was in the pixels of this one."""
        left, top, right, bottom = bbox
        right_edge, bottom_edge = self.picture.width - 1, self.picture.height - 1
        match self.angle:
            case 0:
                turned = (left, top, right, bottom)
            case 90:
                turned = (bottom_edge - bottom, left, bottom_edge - top, right)
            case 180:
                turned = (right_edge - right, bottom_edge - bottom, right_edge - left, bottom_edge - top)
            case 270:
                turned = (top, right_edge - right, bottom, right_edge - left)
        return np.array(turned, np.float32)

    def _points_before(self, points: FloatArray) -> FloatArray:
        """(n, 2) pixel indices of this picture as those of the picture as it was."""
        x, y = points[:, 0], points[:, 1]
        right, bottom = np.float32(self.picture.width - 1), np.float32(self.picture.height - 1)
        match self.angle:
            case 0:
                before = (x, y)
            case 90:
                before = (y, bottom - x)
            case 180:
                before = (right - x, bottom - y)
            case 270:
                before = (right - y, x)
        return np.stack(before, 1)

    def _before(self, region: Region) -> Region:
        """A region of this picture in the picture as it was."""
        x, y, width, height = region
        match self.angle:
            case 0:
                return region
            case 90:
                return Region(y, self.picture.height - x - width, height, width)
            case 180:
                return Region(self.picture.width - x - width, self.picture.height - y - height, width, height)
            case 270:
                return Region(self.picture.width - y - height, x, height, width)
