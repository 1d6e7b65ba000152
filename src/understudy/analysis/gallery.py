"""The few best and most different sights of each track: what tells who it is, and what a contact sheet shows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.analysis.moments import Moment
from understudy.core.types import Face, FloatArray
from understudy.media.frame import BgrPixels, Frame
from understudy.vision.crop import Crop, sample
from understudy.vision.roles import Picture
from understudy.vision.select import frontality, sharpness

__all__ = ["MOST", "Gallery", "View", "facing"]

MOST: Final = 5
"""Views of a track."""
_SIDE: Final = 256  # pixels of a view at most; the face is half as wide
_AGAIN: Final = 8  # frames from one look at a track to the next
_QUALITY: Final = 95
_STEP: Final = np.array([0.25, 0.15])  # of where a face looks: about 15 degrees
_CUT: Final = 0.3  # of a whole face's worth: what one is worth of which the picture's edge takes a part
_LONG_AGO: Final = 240  # frames after which a view is as different as it gets by that alone


@dataclass(frozen=True, eq=False)
class View:
    """A face cut out of one frame, upright.

    Attributes:
        track, frame: Where it comes from.
        worth: How much it tells of who this is: its size in pixels, less as it turns away or is blurred.
        face: In the coordinates of the picture; no landmarks.
        bbox: (4,) in the frame.
        jpeg: The picture, twice as wide as the face, as a JPEG.
    """

    track: int
    frame: int
    worth: float
    face: Face
    bbox: FloatArray
    jpeg: bytes

    @property
    def pixels(self) -> BgrPixels:
        """(side, side, 3) uint8 BGR."""
        decoded = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        return np.asarray(decoded, np.uint8)

    @property
    def picture(self) -> Picture:
        """What models look at."""
        return Frame.from_bgr(self.pixels)


class Gallery:
    """Collects views while a film goes by."""

    def __init__(self) -> None:
        self._views: dict[int, list[View]] = {}
        self._looked: dict[int, int] = {}

    def look(self, picture: Picture, moment: Moment) -> None:
        """Keep what is worth keeping of a frame.

        Args:
            picture: The frame.
            moment: What is in it.
        """
        for track, seen in moment.samples.items():
            if seen.bridged or moment.number - self._looked.get(track, -_AGAIN) < _AGAIN:
                continue
            self._looked[track] = moment.number
            kept = self._views.setdefault(track, [])
            if len(kept) == MOST and seen.face.size < min(view.worth for view in kept) / 2:
                continue  # not even sharp and from the front it would be worth a place
            kept.append(_view(picture, track, moment.number, seen.face))
            if len(kept) > MOST:
                kept.remove(_least_missed(kept))

    @property
    def views(self) -> dict[int, tuple[View, ...]]:
        """By track, the most telling first."""
        return {
            track: tuple(sorted(kept, key=lambda view: -view.worth)) for track, kept in self._views.items()
        }


def facing(keypoints: FloatArray) -> FloatArray:
    """(n, 2) where faces look, from (n, 5, 2) key points: how far the tip of the nose is off the eyes' middle.

    To the right in distances of the eyes, and down in distances from the eyes to the mouth; both along the face.
    """
    left_eye, right_eye, nose, left_mouth, right_mouth = np.moveaxis(keypoints.astype(np.float64), 1, 0)
    eyes = (left_eye + right_eye) / 2
    down = (left_mouth + right_mouth) / 2 - eyes
    height = np.maximum(np.hypot(*down.T), 1e-6)
    x, y = (down / height[:, None]).T
    off_x, off_y = (nose - eyes).T
    # A profile's eyes fall together; its height does not.
    width = np.maximum(np.hypot(*(right_eye - left_eye).T), height / 2)
    return np.stack([(y * off_x - x * off_y) / width, (x * off_x + y * off_y) / height], 1).astype(np.float32)


def _view(picture: Picture, track: int, frame: int, face: Face) -> View:
    eyes = face.keypoints[1] - face.keypoints[0]
    x, y = ((face.bbox[:2] + face.bbox[2:]) / 2).tolist()
    crop = Crop(x, y, 2 * face.size, math.atan2(float(eyes[1]), float(eyes[0])))
    side = int(np.clip(round(2 * face.size), 32, _SIDE))
    pixels = sample(picture, crop, side)
    worth = face.size * (0.2 + 0.8 * frontality(face)) * face.confidence
    worth *= _CUT if "cut" in face.flags else 1.0
    worth *= sharpness(pixels[side // 4 : side - side // 4, side // 4 : side - side // 4])
    jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
    inside = replace(
        face,
        bbox=_inside(face.bbox, crop, side),
        keypoints=_moved(face.keypoints, crop, side),
        landmarks=None,
    )
    return View(track, frame, worth, inside, face.bbox, jpeg)


def _moved(points: FloatArray, crop: Crop, side: int) -> FloatArray:
    """(n, 2) points of the picture in the crop's pixels."""
    back = cv2.invertAffineTransform(crop.matrix(side))
    return np.asarray(points @ back[:, :2].T + back[:, 2], np.float32)


def _inside(bbox: FloatArray, crop: Crop, side: int) -> FloatArray:
    """The face's box in the crop: as large, upright there."""
    half = (bbox[2:] - bbox[:2]) / 2 * side / crop.size
    middle = np.full(2, side / 2)
    return np.concatenate([middle - half, middle + half]).astype(np.float32)


def _least_missed(views: list[View]) -> View:
    """Of the two that are most alike, the lesser; the best of all always stays."""
    apart = _apart(views)
    one, other = np.unravel_index(int(apart.argmin()), apart.shape)
    return min(views[int(one)], views[int(other)], key=lambda view: view.worth)


def _apart(views: list[View]) -> NDArray[np.float64]:
    """(n, n) how different each two are: by where they look and when they are."""
    # In steps: among those that look about the same way the best one stays, and not the latest of a slow turn.
    looks = _STEP * np.rint(facing(np.stack([view.face.keypoints for view in views])) / _STEP)
    frames = np.array([view.frame for view in views], np.float64)
    apart = np.abs(looks[:, None] - looks).sum(2)
    apart += 0.1 * np.minimum(np.abs(frames[:, None] - frames) / _LONG_AGO, 1)
    # A view that tells little is no loss, however different it is.
    worth = np.array([view.worth for view in views])
    apart *= np.sqrt(np.minimum(worth[:, None], worth) / worth.max())
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart)
