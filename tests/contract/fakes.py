"""The simplest things that keep the contracts of vision: no weights, no surprise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Face, FloatArray, Region
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import Picture

# Where a face's five points are in its box.
_POINTS = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.55], [0.35, 0.75], [0.65, 0.75]], np.float32)


class ArrayPicture:
    """A picture over (height, width, 3) BGR pixels."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self._pixels = pixels
        self.height, self.width = pixels.shape[:2]

    def bgr(self, region: Region | None = None, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        x, y, width, height = region or (0, 0, self.width, self.height)
        pixels = self._pixels[y : y + height, x : x + width]
        return pixels if size is None else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


class FakeDetector:
    """Takes every white patch on black for a face."""

    def detect(self, picture: Picture) -> list[Face]:
        bright = (picture.bgr().min(2) > 200).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
        faces = []
        for x, y, width, height, area in stats[1:].tolist():
            bbox = np.array([x, y, x + width, y + height], np.float32)
            points = _POINTS * (width, height) + (x, y)
            faces.append(Face(bbox, area / (width * height), points.astype(np.float32)))
        return sorted(faces, key=lambda face: -face.score)


class FakeLandmarker:
    """Lays the mean face into the box."""

    def refine(self, picture: Picture, face: Face) -> Face:  # noqa: ARG002
        flat = load_canonical().vertices.astype(np.float64)
        low, high = flat.min(0), flat.max(0)
        scale = face.size / (high - low).max()
        landmarks = (flat - (low + high) / 2) * scale
        landmarks[:, :2] += (face.bbox[:2] + face.bbox[2:]) / 2
        return Face(face.bbox, face.score, face.keypoints, landmarks.astype(np.float32))


class FakeEmbedder:
    """Takes a face's mean colour for who it is."""

    digest = "0" * 64

    def embed(self, picture: Picture, face: Face) -> FloatArray:
        left, top, right, bottom = face.bbox.round().astype(int).tolist()
        patch = picture.bgr()[max(top, 0) : bottom, max(left, 0) : right]
        return patch.reshape(-1, 3).mean(0).astype(np.float32)
