"""Cut-outs of people for the truth set: portraits without their background, their landmarks found once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from truth_layers import Cutout

from understudy.core.types import Face, FloatArray
from understudy.media.frame import Frame
from understudy.vision.canonical import load_canonical
from understudy.vision.landmark.facemesh import FaceMesh
from understudy.vision.roles import Detector
from understudy.vision.shape import face_width

__all__ = ["CAST", "Person", "Turn", "read_people"]

CAST: Final = ("woman-76", "man-83", "man-00", "woman-09", "man-32", "man-27")
"""Portraits that come off their background cleanly, and whose people are not alike."""

_SIDE: Final = 512  # of the picture that is cut out
_FEATHER: Final = 1.6  # pixels of that, softness of the edge
_STEP: Final = 8  # pixels between the points at which a turn of the head is computed
_ROUNDS: Final = 6


class Turn(NamedTuple):
    """How far a head is turned, in radians."""

    yaw: float = 0.0
    pitch: float = 0.0


@dataclass(frozen=True, eq=False)
class Person(Cutout):
    """Somebody.

    Attributes:
        name: Of the portrait.
        landmarks: (468, 3) as the landmarker sees them on this large still picture: the truth of every scene, moved.
    """

    name: str
    landmarks: FloatArray

    @property
    def width(self) -> float:
        """Of the face, in pixels."""
        return face_width(self.landmarks)

    @property
    def middle(self) -> NDArray[np.float64]:
        """(2,) of the face's box."""
        flat = self.landmarks[:, :2].astype(np.float64)
        return (flat.min(0) + flat.max(0)) / 2

    def turned(self, turn: Turn) -> Person:
        """Their head turned about the neck, as far as warping a picture goes; hair goes along, shoulders stay."""
        if turn == Turn():
            return self
        grid, weights = self._grid
        field = (weights @ (_rotated(self.landmarks, turn) - self.landmarks)[:, :2]).reshape(grid.shape)
        # The field says where a pixel goes; wanted is where one comes from: the fixed point of grid - field.
        source = grid
        for _ in range(_ROUNDS):
            source = grid - _at(field, source)
        maps = cv2.resize(source, self.alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
        landmarks = self.landmarks.copy()
        landmarks[:, :2] += _at(field, landmarks[None, :, :2])[0]
        pixels, alpha = (
            cv2.remap(part, maps, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            for part in (self.pixels, self.alpha)
        )
        return _Turned(np.asarray(pixels), np.asarray(alpha), self.name, landmarks, still=self)

    @cached_property
    def _grid(self) -> tuple[FloatArray, FloatArray]:
        """(rows, columns, 2) points _STEP pixels apart, and (n, 468) how much each landmark moves them."""
        height, width = self.alpha.shape
        x, y = np.meshgrid(np.arange(0, width, _STEP), np.arange(0, height, _STEP))
        grid = np.stack([x, y], 2).astype(np.float32) + (_STEP - 1) / 2
        squared = ((grid.reshape(-1, 1, 2) - self.landmarks[:, :2]) ** 2).sum(2)
        nearest = squared.min(1, keepdims=True)
        spread = (0.03 * self.width + 0.4 * np.sqrt(nearest)) ** 2
        weights = np.exp((nearest - squared) / (2 * spread))
        reach = np.clip(1 - np.sqrt(nearest) / (1.3 * self.width), 0, 1)
        return grid, weights / weights.sum(1, keepdims=True) * (reach * reach * (3 - 2 * reach))


@dataclass(frozen=True, eq=False)
class _Turned(Person):
    """Placed as the still person is."""

    still: Person

    @property
    def width(self) -> float:
        return self.still.width

    @property
    def middle(self) -> NDArray[np.float64]:
        return self.still.middle


def read_people(
    detector: Detector, landmarker: FaceMesh, media: Path | None, names: Sequence[str] = CAST
) -> list[Person]:
    """The cast, cut out; without the shared portraits it is the package's own two people, who do not exist either.

    Args:
        detector: Finds the face in the portrait.
        landmarker: Places its landmarks.
        media: Folder with ``portraits``, or None.
        names: Of the portraits.
    """
    if media is not None:
        return [cut_out(media / "portraits" / f"{name}.jpg", detector, landmarker) for name in names]
    people = []
    for name in ("actor", "target"):
        with resources.as_file(resources.files("understudy.app") / "data" / f"{name}.jpg") as path:
            people.append(cut_out(path, detector, landmarker))
    return people


def cut_out(path: Path, detector: Detector, landmarker: FaceMesh) -> Person:
    """A portrait without its background (Rother et al., "GrabCut", 2004)."""
    pixels = np.asarray(cv2.imread(str(path)), np.uint8)
    frame = Frame.from_bgr(pixels)
    found = max(detector.detect(frame), key=lambda face: face.size)
    face, _ = landmarker.locate(frame, found)
    assert face.landmarks is not None
    alpha = cv2.resize(_silhouette(pixels, face), pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    more = (
        pixels.shape[0] // 4
    )  # where the portrait ends the body goes on, mirrored: a counter hides most of it
    drawn, alpha = (
        cv2.copyMakeBorder(part, 0, more, 0, 0, cv2.BORDER_REFLECT)
        for part in (_carried_on(pixels, alpha), alpha)
    )
    alpha[-more:] = alpha[-more - 1]
    return Person(np.asarray(drawn, np.uint8), np.asarray(alpha, np.uint8), path.stem, face.landmarks)


def _silhouette(pixels: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """(_SIDE, _SIDE) where the person is, softly; shoulders that the portrait cuts off are rounded."""
    assert face.landmarks is not None
    small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    points = face.landmarks[:, :2] * (_SIDE / pixels.shape[1])
    oval = points[load_canonical().oval].astype(np.float32)
    (x, y), width = oval.mean(0), float(np.ptp(oval[:, 0]))
    chin = float(oval[:, 1].max())
    guess = np.full((_SIDE, _SIDE), cv2.GC_BGD, np.uint8)
    cv2.ellipse(guess, ((x, y - 0.25 * width), (2.0 * width, 2.5 * width), 0), cv2.GC_PR_BGD, -1)
    cv2.ellipse(guess, ((x, y - 0.1 * width), (1.25 * width, 1.75 * width), 0), cv2.GC_PR_FGD, -1)
    body = [(x - 0.4 * width, chin), (x + 0.4 * width, chin), (_SIDE, _SIDE - 0.3 * width), (_SIDE, _SIDE)]
    body += [(0, _SIDE), (0, _SIDE - 0.3 * width)]
    guess[round(chin + 0.1 * width) :][guess[round(chin + 0.1 * width) :] == cv2.GC_BGD] = cv2.GC_PR_BGD
    torso = np.zeros_like(guess)
    cv2.fillPoly(torso, [np.round(body).astype(np.int32)], 1)
    guess[torso > 0] = cv2.GC_PR_FGD
    cv2.fillConvexPoly(guess, cv2.convexHull(np.round(oval).astype(np.int32)), cv2.GC_FGD)
    sure = [
        (x - 0.22 * width, chin),
        (x + 0.22 * width, chin),
        (x + 0.6 * width, _SIDE),
        (x - 0.6 * width, _SIDE),
    ]
    cv2.fillPoly(guess, [np.round(sure).astype(np.int32)], cv2.GC_FGD)
    guess[: max(round(float(points[:, 1].min()) - 0.75 * width), 1)] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(small, guess, None, np.zeros((1, 65)), np.zeros((1, 65)), 6, cv2.GC_INIT_WITH_MASK)
    mask = np.where((guess == cv2.GC_FGD) | (guess == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    mask = _one_piece(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)))
    # Shoulders: an ellipse that ends before the portrait's sides do.
    bust = np.zeros_like(mask)
    cv2.ellipse(
        bust, ((_SIDE / 2, _SIDE + 0.0), (0.98 * _SIDE, 2 * (_SIDE - chin) + 0.3 * width), 0), 255, -1
    )
    bust[: round(chin)] = 255
    soft = cv2.GaussianBlur(np.minimum(mask, bust), (0, 0), _FEATHER).astype(np.float32)
    return np.asarray(np.clip((soft - 90) * 255 / 140, 0, 255), np.uint8)


def _rotated(points: FloatArray, turn: Turn) -> FloatArray:
    cos, sin = math.cos(turn.yaw), math.sin(turn.yaw)
    yaw = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    cos, sin = math.cos(turn.pitch), math.sin(turn.pitch)
    pitch = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    pivot = points.mean(0) + np.array([0, 0.35, 0.45]) * face_width(points)
    return np.asarray((points - pivot) @ (yaw @ pitch).T + pivot, np.float32)


def _at(field: FloatArray, places: FloatArray) -> FloatArray:
    """(h, w, 2) values of a field over the grid at (h, w, 2) places of the picture."""
    cells = (places - (_STEP - 1) / 2) / _STEP
    return np.asarray(cv2.remap(field, cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _one_piece(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest piece, without holes."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    piece = (labels == largest).astype(np.uint8) * 255
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(piece, outlines, -1, 255, -1)
    return piece


def _carried_on(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with the person's colours instead of the background's at and beyond the soft edge."""
    inside = (cv2.erode(alpha, np.ones((9, 9), np.uint8)) > 250).astype(np.float32)[..., None]
    spread = np.zeros(pixels.shape, np.float32)
    for reach in (96, 24, 6):  # from far to near: the nearest colour that there is
        weight = cv2.GaussianBlur(inside, (0, 0), reach)[..., None]
        near = cv2.GaussianBlur(pixels * inside, (0, 0), reach) / np.maximum(weight, 1e-4)
        spread += (near - spread) * np.minimum(weight * 20, 1)
    share = np.maximum(cv2.GaussianBlur(inside, (0, 0), 1.5)[..., None], inside)
    return np.asarray(np.clip(pixels * share + spread * (1 - share), 0, 255), np.uint8)
