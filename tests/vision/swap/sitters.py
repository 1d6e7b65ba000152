"""People who sit for the tests of swappers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.analysis.analyse import analyse
from understudy.core.types import Face, FloatArray, Region, TrackedFace
from understudy.media.frame import Frame
from understudy.vision.canonical import load_canonical
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.landmark.facemesh import FaceMesh
from understudy.vision.roles import Patch


@dataclass(frozen=True, eq=False)
class Sitter:
    """A photo and the face in it; the frame is not to be changed."""

    frame: Frame
    row: TrackedFace

    @property
    def landmarks(self) -> FloatArray:
        return landmarks_of(self.row)

    @property
    def photo(self) -> tuple[Frame, Face]:
        """As an actor."""
        return self.frame, self.row.face

    def mirrored(self) -> Sitter:
        """The same before a mirror."""
        pixels = self.frame.bgr()[:, ::-1]
        points = self.landmarks[load_canonical().mirror] * (-1, 1, 1) + (self.frame.width - 1, 0, 0)
        return Sitter(Frame.from_bgr(pixels), row_of(points))

    def scaled(self, width: float) -> Sitter:
        """With a face of about this width, in pixels."""
        share = width / float(np.ptp(self.landmarks[:, 0]))
        size = round(self.frame.width * share), round(self.frame.height * share)
        half = np.array([0.5, 0.5, 0])
        points = (self.landmarks + half) * share - half
        return Sitter(Frame.from_bgr(self.frame.bgr(None, size)), row_of(points))

    def cut(self, left: int, top: int, right: int, bottom: int) -> Sitter:
        """A part of the photo."""
        pixels = self.frame.bgr()[top:bottom, left:right]
        return Sitter(Frame.from_bgr(pixels), row_of(self.landmarks - (left, top, 0)))


@dataclass(frozen=True, eq=False)
class Studio:
    """The networks that look at them."""

    detector: BlazeFace
    landmarker: FaceMesh

    def rows(self, frames: Iterable[Frame]) -> list[tuple[Frame, tuple[TrackedFace, ...]]]:
        return list(analyse(frames, self.detector, self.landmarker))

    def sitter(self, frame: Frame) -> Sitter:
        ((_, (row,)),) = self.rows([frame])
        return Sitter(frame, row)


def row_of(points: NDArray[np.floating]) -> TrackedFace:
    """A row that says nothing but where the landmarks are."""
    landmarks = points.astype(np.float32)
    bbox = np.r_[landmarks[:, :2].min(0), landmarks[:, :2].max(0)]
    return TrackedFace(0, Face(bbox, 1.0, landmarks[[159, 386, 1, 61, 291], :2], landmarks))


def landmarks_of(row: TrackedFace) -> FloatArray:
    assert row.face.landmarks is not None
    return row.face.landmarks


def blended(frame: Frame, patch: Patch) -> Frame:
    """A copy of the frame with the patch."""
    copy = frame.copied(frame.pts, frame.time_base)
    copy.blend(patch.region, patch.bgr, patch.mask)
    return copy


def whole_mask(frame: Frame, patch: Patch) -> NDArray[np.uint8]:
    """The patch's mask on the whole picture."""
    mask = np.zeros((frame.height, frame.width), np.uint8)
    x, y, width, height = Region(*patch.region)
    mask[y : y + height, x : x + width] = patch.mask
    return mask


def cheek_colours(frame: Frame, landmarks: FloatArray) -> NDArray[np.float32]:
    """(12, 3) L*, a*, b* in the middle of the cheeks."""
    size = frame.width // 4, frame.height // 4
    lab = cv2.cvtColor(frame.bgr(None, size).astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
    x, y = (landmarks[[50, 117, 118, 101, 36, 205, 280, 346, 347, 330, 266, 425], :2] / 4).astype(int).T
    return np.asarray(lab[y, x], np.float32)


def with_landmarks(row: TrackedFace, landmarks: FloatArray | None) -> TrackedFace:
    return replace(row, face=replace(row.face, landmarks=landmarks))
