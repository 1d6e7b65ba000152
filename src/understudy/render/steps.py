"""What happens to one frame: a pure function of the frame and its analysis rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import common, region_around, slices
from understudy.core.types import Region, TrackedFace
from understudy.media.frame import Frame
from understudy.safety.invisible_mark import write_mark
from understudy.safety.visible_mark import Label
from understudy.vision.overlay import Overlay
from understudy.vision.recall import Recall, recalling
from understudy.vision.roles import BgrImage, Enhancer, Mark, Masker, Patch, Picture, Swapper, Upscaler

__all__ = [
    "REACH",
    "FaceChanges",
    "Row",
    "Swapped",
    "Work",
    "face_changes",
    "frame_changes",
    "lay_down",
    "swap_frame",
]

REACH: Final = 12
"""Frames from one keyframe to the next, at most, when they are chosen by what changes."""

Row = tuple[Frame, tuple[TrackedFace, ...]]
"""A frame and the faces in it."""

FaceChanges = tuple[TrackedFace, tuple[Patch, ...]]
"""A face and what is laid over it, from the first to the last."""


@dataclass(frozen=True, eq=False)
class Work:
    """The models at work on a frame, in the order in which they work.

    Attributes:
        swapper: The engine; None leaves the faces, for enhancing or upscaling alone.
        actors: What its ``prepare`` returned for each actor; a face's ``actor`` is the place in here.
        enhancer: Restores each face.
        maskers: Limit both; the least counts.
        upscaler: Enlarges the picture at the end.
        label: Words in a corner of every picture.
        mark: Writes the invisible mark into every picture.
        keyframes: Every how many frames of a film a face is drawn, and carried to those between; 1 is each, ``"auto"``
            goes by what changes.
        others: The same with other looks; a face's ``look`` counts them from 1, and 0 is this one.
    """

    swapper: Swapper | None = None
    actors: Sequence[Any] = ()
    enhancer: Enhancer | None = None
    maskers: tuple[Masker, ...] = ()
    upscaler: Upscaler | None = None
    label: Label | None = None
    mark: Mark | None = None
    keyframes: Literal["auto"] | int = 1
    others: tuple[Work, ...] = ()

    def on(self, face: TrackedFace) -> Work:
        """What is done to that face."""
        return self.others[face.look - 1] if face.look else self

    @property
    def on_faces(self) -> bool:
        """Whether it needs to know where the faces are."""
        here = self.swapper is not None or self.enhancer is not None
        return here or any(other.on_faces for other in self.others)

    @property
    def scale(self) -> int:
        """Factor of width and height."""
        return 1 if self.upscaler is None else self.upscaler.scale

    @property
    def reach(self) -> int:
        """Frames from one keyframe to the next, at most."""
        return REACH if self.keyframes == "auto" else self.keyframes

    def recalling(self, recall: Recall) -> Work:
        """The same work, of which what is given to the same face again is remembered."""
        return replace(
            self,
            swapper=recalling(self.swapper, recall),
            enhancer=recalling(self.enhancer, recall),
            others=tuple(other.recalling(recall) for other in self.others),
        )

    @property
    def devices(self) -> Mapping[str, str]:
        """Model name to the device that it really runs on."""
        models = (self.swapper, self.enhancer, *self.maskers, self.upscaler, self.mark)
        own = {name: device for model in models if model for name, device in model.devices.items()}
        return {**own, **{name: device for other in self.others for name, device in other.devices.items()}}


@dataclass(frozen=True, eq=False)
class Swapped:
    """A frame that is done.

    Attributes:
        frame: With its new faces.
        found: Faces that analysis found.
        drawn: Tracks of the faces that were replaced or restored.
        low_confidence: Whether one of these cannot be trusted.
        carried: Whether no face was drawn in it, and one was carried to it from other frames.
        reused: Whether what had been drawn before was used again for all that is new.
        faded: Whether a face was shown in part or not at all, because its head is turned too far.
    """

    frame: Frame
    found: int
    drawn: tuple[int, ...]
    low_confidence: bool
    carried: bool = False
    reused: bool = False
    faded: bool = False

    @property
    def replaced(self) -> int:
        """How many faces were replaced or restored."""
        return len(self.drawn)


@dataclass(frozen=True, eq=False)
class _Limited:
    """A patch of which the masks have taken their part."""

    region: Region
    bgr: BgrImage
    mask: NDArray[np.uint8]


def swap_frame(row: Row, work: Work) -> Swapped:
    """Replace and restore the faces of one frame, in place, and enlarge it.

    Args:
        row: The frame and its faces.
        work: What to do to it.

    Returns:
        The frame, or a larger one if there is an upscaler.
    """
    # All patches are made before the first is blended, so that no face is drawn from a changed neighbour.
    return lay_down(row, frame_changes(row, work), work)


def frame_changes(row: Row, work: Work) -> list[FaceChanges]:
    """What is laid over each face of a frame; faces that cannot be drawn are left out."""
    frame, faces = row
    return [(face, changes) for face in faces if (changes := face_changes(frame, face, work))]


def lay_down(row: Row, changed: Sequence[FaceChanges], work: Work) -> Swapped:
    """Blend changes into their frame, in place, and enlarge it; the second half of :func:`swap_frame`."""
    frame, faces = row
    for face, changes in changed:
        for patch in changes:
            frame.blend(patch.region, patch.bgr, _faded(patch.mask, face.weight))
    doubtful = any(face.face.confidence < 0.5 for face, _ in changed)
    if work.upscaler is not None:
        frame = frame.enlarged(work.upscaler.upscale(frame.bgr()))
    if work.label is not None:
        words = work.label.on(frame.width, frame.height)
        frame.blend(words.region, words.bgr, words.mask)
    if work.mark is not None:
        write_mark(frame, work.mark)
    drawn, faded = tuple(face.track for face, _ in changed), any(face.weight < 1 for face in faces)
    return Swapped(frame, len(faces), drawn, doubtful, faded=faded)


def face_changes(picture: Picture, face: TrackedFace, work: Work) -> tuple[Patch, ...]:
    """What is laid over one face of a picture; empty when it cannot be drawn."""
    if face.weight <= 0:
        return ()
    work = work.on(face)
    changes: list[Patch] = []
    if work.swapper is not None:
        patch = work.swapper.swap(picture, face, work.actors[face.actor])
        if patch is None:
            return ()
        changes.append(patch)
    allowed = _allowed(picture, face, work.maskers, changes)
    changes = [_limited(patch, allowed) for patch in changes]
    if work.enhancer is not None:
        restored = work.enhancer.enhance(Overlay(picture, changes), face)
        if restored is not None:
            changes.append(_limited(restored, allowed))
    return tuple(changes)


_Allowed = tuple[Region, NDArray[np.uint8]]


def _allowed(
    picture: Picture, face: TrackedFace, maskers: Sequence[Masker], patches: Sequence[Patch]
) -> _Allowed | None:
    """What the masks leave around a face, seen once and wide enough for every crop; None is everything."""
    if not maskers:
        return None
    size = face.face.size
    corners = [face.face.bbox.reshape(2, 2) + np.array([[-size], [size]])]
    for x, y, width, height in (patch.region for patch in patches):
        corners.append(np.array([[x, y], [x + width, y + height]]))
    region = region_around(np.vstack(corners), 0.0, picture.width, picture.height)
    masks = [masker.mask(picture, face, region) for masker in maskers]
    return region, np.asarray(np.minimum.reduce(masks), np.uint8)


def _faded(mask: NDArray[np.uint8], weight: float) -> NDArray[np.uint8]:
    return mask if weight >= 1 else cv2.convertScaleAbs(mask, alpha=weight).astype(np.uint8, copy=False)


def _limited(patch: Patch, allowed: _Allowed | None) -> Patch:
    """The patch, less what the masks keep; what they have not seen is kept as well."""
    if allowed is None:
        return patch
    around, least = allowed
    mask = np.zeros_like(patch.mask)
    seen = common(patch.region, around)
    if seen is not None:
        here = slices(seen, patch.region)
        mask[here] = np.minimum(patch.mask[here], least[slices(seen, around)])
    return _Limited(patch.region, patch.bgr, mask)
