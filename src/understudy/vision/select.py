"""Which of the faces in a picture are meant, and how much a photo tells of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import cv2
import numpy as np

from understudy.core.plan import FaceOrder
from understudy.core.types import Face
from understudy.vision.crop import Crop, sample
from understudy.vision.roles import BgrImage, Picture

__all__ = ["frontality", "ranked", "sharpness", "weight", "worth"]

_EQUAL_PLACE: Final = 0.25  # of a face's size: how far two may be apart and still be equally far left
_EQUAL_SIZE: Final = 0.1  # share by which two may differ and still be equally large
_EQUAL_SCORE: Final = 0.02
_SIDE: Final = 112  # pixels at which a photo's sharpness is looked at, those that an embedder sees
_SHARP: Final = 60.0  # variance of the Laplacian there at which a photo counts half


def ranked(faces: Sequence[Face], order: FaceOrder | None = None) -> list[Face]:
    """The faces from first to last.

    Args:
        faces: All faces of the picture.
        order: What puts one before another. Those that are about equal in it (as far left within a quarter of a
            face, as large within a tenth) come by how frontal they are. None is by :func:`weight`: the largest and
            most frontal first.
    """
    if order is None:
        return sorted(faces, key=weight, reverse=True)
    key = _KEYS[order]
    left = sorted(faces, key=key)
    result = []
    while left:
        first = left[0]
        bound = key(first) + _tolerance(first, order)
        best = max((face for face in left if key(face) <= bound), key=frontality)
        result.append(best)
        left.remove(best)
    return result


def frontality(face: Face) -> float:
    """1 for a face that looks into the camera, 0 for a profile.

    By how far the tip of the nose is from the line through the middles of eyes and mouth: nearly nothing at
    5° of yaw, half an eye distance (which counts as a profile) at about 35°.
    """
    left_eye, right_eye, nose, left_mouth, right_mouth = face.keypoints.astype(np.float64)
    across = right_eye - left_eye
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    down = mouth - eyes
    height = float(np.hypot(*down))
    if height < 1e-6:
        return 0.0
    aside = abs(down[0] * (nose - eyes)[1] - down[1] * (nose - eyes)[0]) / height
    # A profile's eyes fall together; its height does not.
    spread = max(float(np.hypot(*across)), height / 2)
    return float(np.clip(1 - 2 * aside / spread, 0, 1))


def weight(face: Face) -> float:
    """How much a face matters: its size, less as it turns away or may be none."""
    # Glasses make a swap doubtful, but nobody less of a face: the leading part may wear them.
    sure = face.score if face.flags == ("glasses",) else face.confidence
    return face.size * (0.5 + 0.5 * frontality(face)) * sure


def worth(picture: Picture, face: Face) -> float:
    """Above 0, to 1: how much a photo tells of who this is, by the face's size, frontality, sharpness and confidence.

    Args:
        picture: The photo.
        face: In it.
    """
    x, y = (face.bbox[:2] + face.bbox[2:]) / 2
    sharp = sharpness(sample(picture, Crop(float(x), float(y), face.size, 0.0), _SIDE))
    size = min(face.size / _SIDE, 1.0)
    return max(size * (0.2 + 0.8 * frontality(face)) * sharp * face.confidence, 1e-6)


def sharpness(pixels: BgrImage) -> float:
    """0.05 to 1: how sharp a face is, whatever its size.

    The variance of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000) at one
    size for all, so that large faces are not punished for their smooth skin.

    Args:
        pixels: (h, w, 3) uint8 BGR of the face alone.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    if grey.shape != (_SIDE, _SIDE):
        how = cv2.INTER_AREA if grey.shape[0] > _SIDE else cv2.INTER_LINEAR
        grey = np.asarray(cv2.resize(grey, (_SIDE, _SIDE), interpolation=how), np.uint8)
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return max(variance / (variance + _SHARP), 0.05)


def _middle(face: Face) -> tuple[float, float]:
    x, y = ((face.bbox[:2] + face.bbox[2:]) / 2).tolist()
    return x, y


_KEYS: Mapping[FaceOrder, Callable[[Face], float]] = {
    "left": lambda face: _middle(face)[0],
    "right": lambda face: -_middle(face)[0],
    "top": lambda face: _middle(face)[1],
    "bottom": lambda face: -_middle(face)[1],
    "large": lambda face: -face.size,
    "small": lambda face: face.size,
    "score": lambda face: -face.score,
    "frontal": lambda face: -frontality(face),
}


def _tolerance(face: Face, order: FaceOrder) -> float:
    if order in ("left", "right", "top", "bottom"):
        return _EQUAL_PLACE * face.size
    return {"large": _EQUAL_SIZE * face.size, "small": _EQUAL_SIZE * face.size, "score": _EQUAL_SCORE}.get(
        order, 0.0
    )
