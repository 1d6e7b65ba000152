"""The roles that models play, as protocols. Engines plug in here; nothing above names a concrete family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Face, FloatArray, Region, TrackedFace

__all__ = ["BgrImage", "Detector", "Embedder", "Landmarker", "Patch", "Picture", "Swapper"]

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


class Swapper(Protocol):
    """Turns (frame, analysis row) into a patch. Pure: the same arguments give the same patch."""

    @property
    def devices(self) -> Mapping[str, str]:
        """Model name to the device that it really runs on."""

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> Any:
        """Work on the actor that is done once; the value is opaque and goes back into :meth:`swap`."""

    def swap(self, picture: Picture, face: TrackedFace, actor: Any) -> Patch | None:
        """The actor's face on this one; None when it cannot be drawn (the frame then stays as it is)."""
