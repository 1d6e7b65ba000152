"""What neural detectors have in common: how a picture goes in, and how faces come out of many candidates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from understudy.core.errors import ModelError
from understudy.core.geometry import iou
from understudy.core.plan import Seeing
from understudy.core.types import Face, FloatArray
from understudy.models.spec import ModelSpec
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Candidates", "DetectorSettings", "Letterbox", "letterbox", "merged", "read_settings", "unknown"]

_COVERED = 0.5
"""Share of a box from which another view's face is taken for the same."""

_KNOWN = 0.3
"""Intersection over union from which a face is one that is known; its box may come from its landmarks."""


class DetectorSettings(BaseModel):
    """The settings of a detector's row.

    Attributes:
        score: Least score of a face.
        overlap: Intersection over union above which the weaker of two candidates goes.
        side: Of the square that a picture is fitted into, in pixels.
        dynamic: The network takes any multiple of 32: no more is padded than that needs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: float = Field(0.5, ge=0, le=1)
    overlap: float = Field(0.4, gt=0, le=1)
    side: int = 640
    dynamic: bool = False


def read_settings(spec: ModelSpec, seeing: Seeing) -> DetectorSettings:
    """The row's settings, with what the user wants instead.

    Raises:
        ModelError: The row's settings are none of a detector, or it cannot work at the size wanted.
    """
    try:
        settings = DetectorSettings.model_validate({"side": max(spec.input_size or (640,)), **spec.settings})
    except ValidationError as error:
        raise ModelError(f"The settings of {spec.name} do not fit its family: {error}") from error
    if seeing.detector_size not in (None, settings.side) and not settings.dynamic:
        raise ModelError(
            f"{spec.name} only works at {settings.side} pixels.", next_step="Leave --detector-size out."
        )
    side = settings.side if seeing.detector_size is None else math.ceil(seeing.detector_size / 32) * 32
    score = settings.score if seeing.detector_score is None else seeing.detector_score
    return settings.model_copy(update={"side": side, "score": score})


@dataclass(frozen=True, eq=False)
class Letterbox:
    """A picture fitted into the top left corner of a network's input.

    Attributes:
        pixels: (h, w, 3) uint8 BGR, black where the picture ends.
        ratio: (2,) picture pixels per pixel, across and down.
    """

    pixels: BgrImage
    ratio: FloatArray


def letterbox(picture: Picture, settings: DetectorSettings) -> Letterbox:
    """Fit a picture into a network's input, prefiltered where it shrinks."""
    scale = settings.side / max(picture.width, picture.height)
    # As the peers' truncation, but for products such as 639.9999 that mean 640.
    width = max(int(picture.width * scale + 1e-6), 1)
    height = max(int(picture.height * scale + 1e-6), 1)
    if scale < 1:
        pixels = picture.bgr(size=(width, height))
    else:
        pixels = np.asarray(cv2.resize(picture.bgr(), (width, height)), np.uint8)
    full = (
        (math.ceil(width / 32) * 32, math.ceil(height / 32) * 32)
        if settings.dynamic
        else (settings.side,) * 2
    )
    padded = cv2.copyMakeBorder(pixels, 0, full[1] - height, 0, full[0] - width, cv2.BORDER_CONSTANT)
    ratio = np.array([picture.width / width, picture.height / height], np.float32)
    return Letterbox(np.asarray(padded, np.uint8), ratio)


@dataclass(frozen=True, eq=False)
class Candidates:
    """What a network thinks might be faces, in pixel indices of its input.

    Attributes:
        boxes: (n, 4) left, top, right, bottom.
        scores: (n,) 0 to 1.
        points: (n, 5, 2) keypoints in the order of :class:`Face`.
    """

    boxes: FloatArray
    scores: FloatArray
    points: FloatArray

    def faces(self, settings: DetectorSettings, ratio: FloatArray) -> list[Face]:
        """The best of each heap of candidates that score enough, best first, in pixels of the picture.

        A candidate goes when its intersection over union with a better one is above ``settings.overlap``, with
        bounds counted as pixels (both included), which is InsightFace's rule.
        """
        corners = self.boxes[:, :2]
        rectangles = np.hstack([corners, self.boxes[:, 2:] - corners + 1]).astype(np.float64)
        least = math.nextafter(settings.score, -1)
        chosen = cv2.dnn.NMSBoxes(rectangles.tolist(), self.scores.tolist(), least, settings.overlap)
        kept = np.asarray(chosen, np.intp).reshape(-1)
        # From the input's pixel indices to the picture's: centres of pixels lie half a pixel from their edges.
        boxes = (self.boxes[kept] + 0.5) * np.tile(ratio, 2) - 0.5
        points = (self.points[kept] + 0.5) * ratio - 0.5
        return [
            Face(box.astype(np.float32), float(score), five.astype(np.float32))
            for box, score, five in zip(boxes, self.scores[kept], points, strict=True)
            if (box[2:] > box[:2]).all()
        ]


def merged(views: Sequence[Sequence[Face]]) -> list[Face]:
    """Faces that several views of one picture show, each once, best score first.

    A face goes when a better one of *another* view covers most of it. Two of the same view stay: its detector took
    them for two people, and one may stand in front of the other.
    """
    kept: list[tuple[int, Face]] = []
    found = [(number, face) for number, faces in enumerate(views) for face in faces]
    for number, face in sorted(found, key=lambda each: -each[1].score):
        if not any(number != other and _covered(face.bbox, better.bbox) for other, better in kept):
            kept.append((number, face))
    return [face for _, face in kept]


def unknown(faces: Sequence[Face], known: Sequence[FloatArray]) -> list[Face]:
    """The faces that are none of the (4,) boxes."""
    return [face for face in faces if not any(iou(face.bbox, box) > _KNOWN for box in known)]


def _covered(box: FloatArray, by: FloatArray) -> bool:
    extent = np.minimum(box[2:], by[2:]) - np.maximum(box[:2], by[:2])
    area = float(np.prod(box[2:] - box[:2]))
    return bool((extent > 0).all() and np.prod(extent) >= _COVERED * area)
