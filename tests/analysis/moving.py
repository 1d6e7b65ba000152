"""Films of white squares on grey, and models that take them for faces: no weights, and the truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Face, FloatArray
from understudy.media.frame import Frame
from understudy.vision.canonical import load_canonical
from understudy.vision.crop import Crop
from understudy.vision.roles import Picture

Square = tuple[float, float, float]
"""Its middle and its side."""

_SIZE = 480, 270


def frame_of(squares: Iterable[Square], slope: float = 0.0) -> Frame:
    """Squares with soft edges, so that where they are can be told to fractions of a pixel.

    Args:
        squares: Bright on darker ground.
        slope: By which the ground rises from left to right; other shots have another.
    """
    width, height = _SIZE
    x, y = np.arange(width), np.arange(height)
    picture = np.tile(90 + slope * (x - width / 2), (height, 1)).astype(np.float32)
    for middle_x, middle_y, side in squares:
        across = np.clip(side / 2 + 0.5 - abs(x - middle_x), 0, 1)
        down = np.clip(side / 2 + 0.5 - abs(y - middle_y), 0, 1)
        picture += (255 - picture) * np.outer(down, across)
    return Frame.from_bgr(cv2.merge([np.round(picture).astype(np.uint8)] * 3))


class SquareDetector:
    """Finds squares; its search in parts looks at the left half first, then at the right."""

    def __init__(self) -> None:
        self.whole = self.parts = 0

    def detect(self, picture: Picture) -> list[Face]:
        self.whole += 1
        return _squares(picture)

    def detect_part(self, picture: Picture, step: int, known: Sequence[FloatArray] = ()) -> list[Face]:
        self.parts += 1
        middles = [(face, (face.bbox[:2] + face.bbox[2:]) / 2) for face in _squares(picture)]
        return [
            face
            for face, middle in middles
            if (middle[0] >= picture.width / 2) == (step % 2 == 1)
            and not any((box[:2] < middle).all() and (middle < box[2:]).all() for box in known)
        ]


class SquareLandmarker:
    """Lays the mean face into the square that is nearest to where it is told to look."""

    def locate(self, picture: Picture, face: Face) -> tuple[Face, Crop]:
        x, y = ((face.bbox[:2] + face.bbox[2:]) / 2).tolist()
        return self._at(picture, Crop(x, y, 1.5 * face.size, 0))

    def track(self, picture: Picture, previous: FloatArray, crop: Crop | None = None) -> tuple[Face, Crop]:
        del crop
        low, high = previous[:, :2].min(0), previous[:, :2].max(0)
        x, y = ((low + high) / 2).tolist()
        return self._at(picture, Crop(x, y, 1.5 * float((high - low).max()), 0))

    def _at(self, picture: Picture, crop: Crop) -> tuple[Face, Crop]:
        def distance(face: Face) -> float:
            return float(np.hypot(*((face.bbox[:2] + face.bbox[2:]) / 2 - (crop.x, crop.y))))

        near = [face for face in _squares(picture) if distance(face) < crop.size]
        if not near:
            return _face(np.array([crop.x, crop.y]), crop.size / 1.5, 0.1), crop
        face = min(near, key=distance)
        return face, Crop(*((face.bbox[:2] + face.bbox[2:]) / 2).tolist(), 1.5 * face.size, 0)


def _squares(picture: Picture) -> list[Face]:
    gray = picture.bgr()[..., 0].astype(np.float64)
    white = (gray > 200).astype(np.uint8)
    count, labels = cv2.connectedComponents(white)
    faces = []
    for label in range(1, count):
        weight = cv2.dilate((labels == label).astype(np.uint8), np.ones((3, 3), np.uint8)) * (
            gray - gray.min(0)
        )
        ys, xs = np.mgrid[: weight.shape[0], : weight.shape[1]]
        middle = np.array([(xs * weight).sum(), (ys * weight).sum()]) / weight.sum()
        faces.append(_face(middle, float(np.sqrt(weight.sum() / 165)), 0.95))
    return sorted(faces, key=lambda face: -face.size)


def _face(middle: NDArray[np.float64], side: float, confidence: float) -> Face:
    vertices = load_canonical().vertices
    low, high = vertices[:, :2].min(0), vertices[:, :2].max(0)
    landmarks = vertices * (side / float((high - low).max()))
    landmarks[:, :2] += middle - (landmarks[:, :2].min(0) + landmarks[:, :2].max(0)) / 2
    landmarks = landmarks.astype(np.float32)
    keypoints = landmarks[[159, 386, 1, 61, 291], :2]
    bbox = np.r_[landmarks[:, :2].min(0), landmarks[:, :2].max(0)]
    return Face(bbox, confidence, keypoints, landmarks, confidence=confidence)


class Counted:
    """A film that tells how much of it was read."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames, self.read = frames, 0

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            self.read += 1
            yield frame
