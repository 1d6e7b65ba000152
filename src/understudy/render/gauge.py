"""How good a new face is, measured on the result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import apply_affine
from understudy.core.types import Face, FloatArray
from understudy.vision.align import cut, fit
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import Picture
from understudy.vision.shape import canonical_pose, face_width, proportions

__all__ = ["Gauge", "Identity", "Landmarks", "View", "flicker", "mean_index", "scaled", "view"]

_SIDE: Final = 96  # pixels of the cut-out that flicker is looked for in
_TEMPLATE: Final = "ffhq_512"
_PRESENT: Final = 0.5  # probability of a face from which landmarks count as found again

Gray = NDArray[np.uint8]


class Identity(Protocol):
    """Tells people apart."""

    def of(self, picture: Picture, face: Face) -> FloatArray:
        """(d,) embedding of length 1."""


class Landmarks(Protocol):
    """Finds landmarks again."""

    def track(self, picture: Picture, previous: FloatArray) -> tuple[Face, object]:
        """The face, and how it was seen; from where its landmarks are about."""


@dataclass(frozen=True, eq=False)
class Gauge:
    """What measures.

    Attributes:
        landmarker: Finds landmarks again.
        identity: Tells people apart; None when nothing that does is installed.
        actors: (d,) embedding of length 1 of each actor, by number.
    """

    landmarker: Landmarks
    identity: Identity | None = None
    actors: Sequence[FloatArray] = ()

    def likeness(self, picture: Picture, face: Face, actor: int) -> float:
        """Cosine of a face's embedding to the actor's; not a number when it cannot be told."""
        if self.identity is None or actor >= len(self.actors):
            return float("nan")
        return float(self.identity.of(picture, face) @ self.actors[actor])

    def expression(self, picture: Picture, face: Face) -> float:
        """How far the expression is from the target's, in percent of the face's width.

        The landmarks are found again in the result. Both faces are brought into the canonical frame by a similarity
        transform (Umeyama 1991) and freed of their proportions, which are the actor's on purpose; what is left is
        compared as a root mean square over the landmarks.

        Args:
            picture: The result.
            face: The target's, with landmarks.

        Returns:
            Percent; not a number when no face is found there.
        """
        if face.landmarks is None:
            return float("nan")
        again, _ = self.landmarker.track(picture, face.landmarks)
        if again.landmarks is None or again.confidence < _PRESENT:
            return float("nan")
        canonical = load_canonical()
        one, other = (
            canonical_pose(canonical, points)[0] - proportions(canonical, points)
            for points in (face.landmarks, again.landmarks)
        )
        off = np.square((one - other)[:, :2]).sum(1).mean()
        return float(100 * np.sqrt(off) / face_width(canonical.vertices))


@dataclass(frozen=True, eq=False)
class View:
    """A face cut out upright and at one size, whatever its pose: what moves with the head stands still.

    Attributes:
        gray: (side, side) uint8.
        inside: (side, side) bool, the pixels of the face.
    """

    gray: Gray
    inside: NDArray[np.bool_]


def view(picture: Picture, face: Face) -> View | None:
    """The view of a face; None without landmarks."""
    if face.landmarks is None:
        return None
    alignment = fit(face.keypoints, _TEMPLATE, _SIDE)
    gray = cv2.cvtColor(cut(picture, alignment), cv2.COLOR_BGR2GRAY)
    oval = apply_affine(alignment.matrix, face.landmarks[load_canonical().oval, :2])
    inside = cv2.fillConvexPoly(np.zeros((_SIDE, _SIDE), np.uint8), np.rint(oval).astype(np.int32), 1)
    return View(np.asarray(gray, np.uint8), inside.astype(np.bool_))


def flicker(before: tuple[View, View], after: tuple[View, View]) -> float:
    """Flicker index of two successive frames: what of the new face changes in excess of the target's own.

    What the motion of the target explains is taken off: dense optical flow of the target (Kroeger et al., "Fast
    optical flow using dense inverse search", 2016) carries the first frame onto the second, in both alike. The index is
    the root of the difference of the mean squares of what is left over the face's oval, with its sign.

    Args:
        before: The target's face in both frames.
        after: The new face in both.

    Returns:
        Levels of 255: 0 is as steady as the target, below 0 steadier.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    nothing = np.zeros((_SIDE, _SIDE, 2), np.float32)
    flow = search.calc(before[1].gray, before[0].gray, nothing)
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32)
    rest = []
    for first, second in (before, after):
        earlier = first.gray.astype(np.float32)
        moved = cv2.remap(
            earlier, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        rest.append(float(np.square((second.gray - moved)[before[1].inside]).mean()))
    excess = rest[1] - rest[0]
    return math.copysign(math.sqrt(abs(excess)), excess)


def mean_index(indices: Sequence[float] | NDArray[Any]) -> float:
    """The flicker index of several pairs of frames: the root of the mean of their squares, which keep their signs."""
    values = np.asarray(indices, np.float64)
    mean = float((np.sign(values) * np.square(values)).mean())
    return math.copysign(math.sqrt(abs(mean)), mean)


def scaled(face: Face, scale: float) -> Face:
    """The face in a picture that is so many times as large."""
    if scale == 1:
        return face
    return replace(
        face,
        bbox=face.bbox * scale,
        keypoints=face.keypoints * scale,
        landmarks=None if face.landmarks is None else face.landmarks * scale,
    )
