"""The roles that models play, as protocols. Engines plug in here; nothing above names a concrete family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Face, FloatArray, Region, TrackedFace

__all__ = [
    "Attributes",
    "BgrImage",
    "Detector",
    "Embedder",
    "Enhancer",
    "Finding",
    "Gate",
    "KeypointRefiner",
    "Landmarker",
    "Looks",
    "Mark",
    "MarkReader",
    "Masker",
    "PartialDetector",
    "Patch",
    "Picture",
    "Swapper",
    "Uncovering",
    "Upscaler",
]

BgrImage = NDArray[np.uint8]


class Picture(Protocol):
    """What vision needs of a frame: upright BGR of any region, prefiltered to any size."""

    @property
    def width(self) -> int:
        """Upright width in pixels."""

    @property
    def height(self) -> int:
        """Upright height in pixels."""

    def bgr(self, region: Region | None = None, size: tuple[int, int] | None = None) -> BgrImage:
        """The region (default: all) as (height, width, 3) uint8 BGR.

        Args:
            region: In upright pixels, inside the picture, x, y, width and height even for subsampled formats.
            size: (width, height) to scale to, area-averaged, without ever making the full-size picture.
        """


class Detector(Protocol):
    """Finds faces."""

    def detect(self, picture: Picture) -> list[Face]:
        """All faces with bbox, score and keypoints, best score first; no landmarks."""


@runtime_checkable
class PartialDetector(Detector, Protocol):
    """A detector that can spread its search over the frames of a film."""

    def detect_part(self, picture: Picture, step: int, known: Sequence[FloatArray] = ()) -> list[Face]:
        """The new faces in a part of the picture, best score first.

        Args:
            picture: The frame.
            step: Count it up from call to call; after some steps everything has been looked at.
            known: (4,) boxes of faces that are not to be found again.
        """


class KeypointRefiner(Protocol):
    """Places the five points that a neural engine aligns by."""

    def refine_keypoints(self, picture: Picture, face: Face) -> Face:
        """The same face with better keypoints; everything else stays."""


class Landmarker(Protocol):
    """Places landmarks on a face that is roughly known."""

    def refine(self, picture: Picture, face: Face) -> Face:
        """The same face with landmarks, keypoints and confidence from the picture."""


class Embedder(Protocol):
    """Describes who a face is. Vectors of different embedders never mix."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights; part of every cache key."""

    def embed(self, picture: Picture, face: Face) -> FloatArray:
        """(d,) float32 embedding as the network gives it."""


@dataclass(frozen=True)
class Looks:
    """What a face looks like to a network; not what its owner is.

    Attributes:
        gender: ``"female"`` or ``"male"``.
        age: (youngest, oldest) in years; equal where the model gives one number.
    """

    gender: Literal["female", "male"]
    age: tuple[int, int]


class Attributes(Protocol):
    """Estimates how a face looks."""

    def describe(self, picture: Picture, face: Face) -> Looks:
        """Gender and age of the face."""


class Patch(Protocol):
    """A changed region of a frame."""

    @property
    def region(self) -> Region:
        """Where it belongs, in upright pixels."""

    @property
    def bgr(self) -> BgrImage:
        """(height, width, 3) new pixels."""

    @property
    def mask(self) -> NDArray[np.uint8]:
        """(height, width) weight of the new pixels, 0 to 255; where it is 0 the frame keeps its bits."""


@runtime_checkable
class Uncovering(Patch, Protocol):
    """A patch that changes pixels of things in front of the face, as by a warp, without replacing them."""

    @property
    def replaced(self) -> NDArray[np.uint8]:
        """(height, width) the mask, less those things."""


class Swapper(Protocol):
    """Turns (frame, analysis row) into a patch. Pure: the same arguments give the same patch."""

    @property
    def devices(self) -> Mapping[str, str]:
        """Model name to the device that it really runs on."""

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> Any:
        """Work on the actor that is done once; the value is opaque and goes back into :meth:`swap`."""

    def swap(self, picture: Picture, face: TrackedFace, actor: Any) -> Patch | None:
        """The actor's face on this one; None when it cannot be drawn (the frame then stays as it is)."""


class Enhancer(Protocol):
    """Restores a face: pure, like a swapper without an actor."""

    @property
    def devices(self) -> Mapping[str, str]:
        """Model name to the device that it really runs on."""

    def enhance(self, picture: Picture, face: TrackedFace) -> Patch | None:
        """The restored face; None when it cannot be drawn."""


class Masker(Protocol):
    """Says what of a face may be changed, whatever changes it."""

    @property
    def devices(self) -> Mapping[str, str]:
        """Model name to the device that it really runs on."""

    def mask(self, picture: Picture, face: TrackedFace, region: Region) -> NDArray[np.uint8]:
        """(region.height, region.width) 0 (keep the target's pixel) to 255 (may be replaced)."""


class Upscaler(Protocol):
    """Enlarges whole pictures."""

    @property
    def devices(self) -> Mapping[str, str]:
        """Model name to the device that it really runs on."""

    @property
    def scale(self) -> int:
        """Factor of width and height."""

    def upscale(self, pixels: BgrImage) -> BgrImage:
        """(scale·h, scale·w, 3) from (h, w, 3) uint8 BGR."""


@dataclass(frozen=True)
class Finding:
    """Something that a network of the content gate sees.

    Attributes:
        label: What it calls it.
        score: How sure it is, 0 to 1.
        box: Left, top, right, bottom in the pixels that it was given; None is all of them.
    """

    label: str
    score: float
    box: tuple[float, float, float, float] | None


class Gate(Protocol):
    """Tells what may have to be kept back."""

    @property
    def name(self) -> str:
        """Of the model."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights; part of every cache key."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All that it can find."""

    @property
    def exposed(self) -> frozenset[str]:
        """Those of them that are nudity."""

    @property
    def faces(self) -> frozenset[str]:
        """Those of them that are faces."""

    def look(self, pixels: BgrImage, side: int) -> tuple[Finding, ...]:
        """Everything in a picture.

        Args:
            pixels: (height, width, 3) uint8 BGR.
            side: Length in pixels at which the network sees the longer side, where it lets one choose.

        Raises:
            ModelError: It is no picture, or the network's answer is none.
        """


class Mark(Protocol):
    """Writes bits into pictures so that nobody sees it."""

    @property
    def devices(self) -> Mapping[str, str]:
        """Model name to the device that it really runs on."""

    def change(self, picture: Picture, bits: FloatArray) -> FloatArray:
        """What is to be added to a picture.

        Args:
            picture: It.
            bits: (32,) of 0 and 1.

        Returns:
            (h, w, 3) BGR in levels of 255, to be stretched over the picture; usually far smaller than it.

        Raises:
            ModelError: The network's answer is none.
        """


class MarkReader(Protocol):
    """Reads what a :class:`Mark` has written."""

    def read(self, picture: Picture) -> FloatArray:
        """(32,) numbers, above 0 for a 1 and the farther from 0 the surer; of a picture without a mark any.

        Raises:
            ModelError: The network's answer is none.
        """
