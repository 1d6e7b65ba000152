"""MediaPipe's face mesh: 468 landmarks from an upright 192 × 192 crop around the face.

The crop is a square around the face, 1.5 times its extent, turned so that the eyes are level (the region of
interest of MediaPipe's face_landmark graph). In films the crop is *kept* while the face stays about where it
was in it: identical frames then give bit-identical landmarks, and noise does not move the crop. (Landmarks
depend a little on the crop: moving it by 3 % moves them by 0.5 % of the face's width, root mean square.)

On heads that are turned or tilted the network leans to one side, by up to 2 % of the face's width at the eyes' corners,
and to the other side when it sees the picture mirrored. Half the difference is its lean; it is taken off. It depends on
the pose alone, so in films it is measured anew where a head moved enough for another crop, and else every few frames
and followed slowly. Where a head starts or stops, its place is predicted wrongly: then it is looked at once more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Face, FloatArray
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.canonical import load_canonical
from understudy.vision.crop import Crop, network_input, sample
from understudy.vision.roles import Picture
from understudy.vision.shape import five_points

__all__ = ["FaceMesh", "Sight", "open_landmarker"]

_MARGIN = 1.5
"""Side of the crop in extents of the face."""

_MOST_PASSES = 4

_SHIFT, _GROWTH, _TURN = 0.03, 0.05, math.radians(3)
"""A crop is kept while the face's own is nearer than this: centre in sides, side in sides, angle."""

_LEAN_EVERY, _LEAN_SHARE, _UNSETTLED = 6, 0.5, 2
"""The lean is measured in one frame of so many, and the last measurement counts for so much; but in the first frames
of a crop always, and for all."""

# Indices into the mesh (sides of the picture, not of the person).
_LEFT_EYE, _RIGHT_EYE = (33, 133), (362, 263)


class _Answer(NamedTuple):
    """(468, 3) landmarks in picture pixels, and the probability that there is a face in the crop."""

    landmarks: FloatArray
    presence: float


@dataclass(frozen=True, eq=False)
class Sight:
    """How a face was seen, for the next frame.

    Attributes:
        crop: What the network saw.
        lean: (468, 3) its lean, in pixels of the crop.
        age: Frames since the crop is this one.
    """

    crop: Crop
    lean: NDArray[np.float64]
    age: int = 0


class FaceMesh:
    """Places landmarks.

    Args:
        session: The network.
        spec: Its catalogue row.
    """

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        if spec.input_size is None:
            raise ValueError(f"the catalogue's row {spec.name} has no input_size")
        self._session, self._spec = session, spec
        self._side = spec.input_size[0]
        self._mirror = load_canonical().mirror

    def refine(self, picture: Picture, face: Face) -> Face:
        """The face with landmarks, and with bbox, keypoints and confidence from them."""
        return self.locate(picture, face)[0]

    def refine_keypoints(self, picture: Picture, face: Face) -> Face:
        """The face with keypoints from the mesh; everything else stays."""
        return replace(face, keypoints=self.refine(picture, face).keypoints)

    def locate(self, picture: Picture, face: Face) -> tuple[Face, Sight]:
        """Like :meth:`refine`, and the sight from which :meth:`track` goes on.

        The first pass is made in the detector's box, the next in the landmarks' own, until that stays:
        tracking on the same picture gives the same bits.
        """
        eyes = face.keypoints[1] - face.keypoints[0]
        middle = (face.bbox[:2] + face.bbox[2:]) / 2
        crop = Crop(float(middle[0]), float(middle[1]), _MARGIN * face.size, math.atan2(eyes[1], eyes[0]))
        answer, sight = self._run(picture, crop)
        for _ in range(_MOST_PASSES - 1):
            crop = _crop_around(answer.landmarks)
            answer, sight = self._run(picture, crop)
            if _fits(crop, _crop_around(answer.landmarks)):
                break
        return _face(answer, face.score), sight

    def track(self, picture: Picture, previous: FloatArray, sight: Sight | None = None) -> tuple[Face, Sight]:
        """One pass, from where the face was in the frame before, and another where it turns out not to be there.

        Args:
            picture: The frame.
            previous: (468, 3) landmarks of the frame before, or a prediction of this one's.
            sight: What :meth:`locate` or the last :meth:`track` gave; its crop is used again while it fits.

        Returns:
            The face, its score and confidence the probability that it (still) is one; and how it was seen.
        """
        wanted = _crop_around(previous)
        crop = sight.crop if sight is not None and _fits(sight.crop, wanted) else wanted
        answer, now = self._run(picture, crop, sight)
        own = _crop_around(answer.landmarks)
        if not _fits(crop, own):
            answer, now = self._run(picture, own, sight)
        return _face(answer, answer.presence), now

    def _run(self, picture: Picture, crop: Crop, before: Sight | None = None) -> tuple[_Answer, Sight]:
        pixels = sample(picture, crop, self._side, cv2.BORDER_REPLICATE)
        points, presence = self._network(pixels)
        age = before.age + 1 if before is not None and before.crop == crop else 0
        if before is None or age < _UNSETTLED or age % _LEAN_EVERY == 0:
            mirrored, _ = self._network(cv2.flip(pixels, 1))
            mirrored = mirrored[self._mirror] * (-1, 1, 1) + (self._side, 0, 0)
            lean = (points - mirrored) / 2
            if before is not None and age >= _UNSETTLED:
                # Written as a difference so that equal frames change no bit.
                lean = before.lean + _LEAN_SHARE * (lean - before.lean)
        else:
            lean = before.lean
        points = points - lean
        matrix = crop.matrix(self._side)
        landmarks = np.empty((468, 3), np.float32)
        landmarks[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        landmarks[:, 2] = points[:, 2] * (crop.size / self._side)
        answer = _Answer(landmarks, 1 / (1 + math.exp(-presence)))
        return answer, Sight(crop, lean, age)

    def _network(self, pixels: NDArray[Any]) -> tuple[NDArray[np.float64], float]:
        """(468, 3) landmarks in pixels of the crop, edge to edge, and the presence's logit."""
        given = network_input(np.asarray(pixels, np.uint8), self._spec)
        outputs = self._session.run({"input_1": given}, ("conv2d_21", "conv2d_31"))
        return outputs["conv2d_21"].reshape(468, 3).astype(np.float64), float(
            outputs["conv2d_31"].reshape(-1)[0]
        )


def open_landmarker(spec: ModelSpec, pool: SessionPool) -> FaceMesh:
    """Open the landmarker of a row (errors: see ``vision/landmark/families.py``)."""
    return FaceMesh(pool.session(spec), spec)


def _crop_around(landmarks: FloatArray) -> Crop:
    """The landmarks' own crop: level with the eyes, around their extent as seen from there."""
    points = landmarks[:, :2].astype(np.float64)
    across = points[_RIGHT_EYE[1]] - points[_LEFT_EYE[0]]
    angle = math.atan2(across[1], across[0])
    cos, sin = math.cos(angle), math.sin(angle)
    to_level = np.array([[cos, sin], [-sin, cos]])
    level = points @ to_level.T
    low, high = level.min(0), level.max(0)
    x, y = (low + high) / 2 @ to_level
    return Crop(float(x), float(y), _MARGIN * float((high - low).max()), angle)


def _fits(crop: Crop, wanted: Crop) -> bool:
    turn = abs(math.remainder(crop.angle - wanted.angle, math.tau))
    shift = math.hypot(crop.x - wanted.x, crop.y - wanted.y)
    growth = abs(crop.size - wanted.size)
    return turn <= _TURN and shift <= _SHIFT * crop.size and growth <= _GROWTH * crop.size


def _face(answer: _Answer, score: float) -> Face:
    flat: NDArray[np.float32] = answer.landmarks[:, :2]
    bbox = np.concatenate([flat.min(0), flat.max(0)])
    return Face(bbox, score, five_points(answer.landmarks), answer.landmarks, confidence=answer.presence)
