"""The path that all neural engines share: align, run, match colours, paste back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ModelError, PlanError
from understudy.core.plan import Look
from understudy.core.types import Face, FloatArray, TrackedFace
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.align import TEMPLATES, fit
from understudy.vision.color_match import match_colors
from understudy.vision.crop import network_input, network_output
from understudy.vision.mask.box import box_mask
from understudy.vision.paste import Pasted, paste
from understudy.vision.recall import Recall
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Network", "NeuralSwapper", "Source"]

_SMALLEST: Final = 8  # pixels of the picture under a crop, below which there is nothing to see


class Source(Protocol):
    """How an engine is told whom to draw."""

    @property
    def devices(self) -> Mapping[str, str]:
        """Model name to device, of the networks that it uses itself."""

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> Any:
        """Work on the actor that is done once."""

    def feed(self, picture: Picture, face: Face, actor: Any) -> FloatArray:
        """The network's second input for this face; ``actor`` is what :meth:`prepare` returned."""


@dataclass(frozen=True, eq=False)
class Network:
    """An engine's graph and what it is fed with.

    Attributes:
        spec: Its row: size, mean, std and template.
        session: Runs it.
        target, source: Names of its inputs.
        denormalise: Whether its output is in the units of its input, and not 0 to 1.
    """

    spec: ModelSpec
    session: Session
    target: str = "target"
    source: str = "source"
    denormalise: bool = True

    @property
    def side(self) -> int:
        """Of the square that it draws, in pixels.

        Raises:
            ModelError: The row gives no size, or not that of a square.
        """
        width, height = self.spec.input_size or (0, 0)
        if width != height or width <= 0:
            raise ModelError(f"The row of {self.spec.name} gives no square input_size.")
        return width

    def draw(self, crop: BgrImage, source: FloatArray) -> BgrImage:
        """(side, side, 3) uint8 BGR from an aligned crop of that size.

        Raises:
            ModelError: The network gave something else than numbers.
        """
        inputs = {self.target: network_input(crop, self.spec), self.source: source}
        drawn = next(iter(self.session.run(inputs).values()))
        plain = self.spec if self.denormalise else self.spec.model_copy(update={"mean": 0.0, "std": 1.0})
        return network_output(drawn, plain)


class NeuralSwapper:
    """An engine around a network. Keeps nothing between calls, unless it was given a recall.

    Args:
        network: Draws a face.
        source: Tells it whose.
        look: Size, mask and colours.

    Raises:
        ModelError: The row gives no square size or no template.
        PlanError: The size asked for is no multiple of the network's.
    """

    def __init__(self, network: Network, source: Source, look: Look) -> None:
        if network.spec.template is None:
            raise ModelError(f"The row of {network.spec.name} names no template.")
        self._network, self._source = network, source
        self._template: str = network.spec.template
        self._size = look.pixel_boost or network.side
        if self._size % network.side:
            sizes = ", ".join(str(size) for size in (128, 256, 512, 768, 1024) if size % network.side == 0)
            raise PlanError(
                f"{network.spec.name} draws {network.side} pixels, of which {self._size} is no multiple.",
                next_step=f"Choose one of these with --pixel-boost: {sizes}.",
            )
        self._color_match = look.color_match or 0.0
        boxed = "box" in look.mask
        self._mask = (
            box_mask(self._size, look.mask_blur, look.mask_padding) if boxed else box_mask(self._size, 0)
        )
        self._skin = _features(self._template, self._size)
        self._recall: Recall | None = None

    @property
    def devices(self) -> Mapping[str, str]:
        """The network's device and those of the networks that describe the actor."""
        return {self._network.spec.name: self._network.session.device, **self._source.devices}

    def recalling(self, recall: Recall) -> Self:
        """The same engine, which does not draw again what looks the same as what it drew last of a face."""
        other = copy(self)
        other._recall = recall
        return other

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> Any:
        """The actor as the network wants to be told."""
        return self._source.prepare(photos)

    def swap(self, picture: Picture, face: TrackedFace, actor: Any) -> Pasted | None:
        """Draw the actor's face and lay it over the target's."""
        alignment = fit(face.face.keypoints, self._template, self._size)
        region = alignment.region(picture.width, picture.height)
        if min(region.width, region.height) < _SMALLEST:
            return None

        def run(crop: BgrImage) -> BgrImage:
            return self._draw(crop, self._source.feed(picture, face.face, actor))

        key = self._network.spec.name, face.track, face.actor, face.look
        sketch = (self._recall or Recall()).draw(key, picture, alignment, self._mask, run)
        drawn = match_colors(sketch.drawn, sketch.crop, self._skin, self._color_match)
        return paste(picture, sketch.alignment, drawn, self._mask)

    def _draw(self, crop: BgrImage, source: FloatArray) -> BgrImage:
        """The crop swapped; a crop k times as large as the network's in k × k interleaved phases."""
        step = self._size // self._network.side
        if step == 1:
            return self._network.draw(crop, source)
        drawn = np.empty_like(crop)
        for down in range(step):
            for across in range(step):
                phase: tuple[slice, slice] = np.s_[down::step, across::step]
                drawn[phase] = self._network.draw(np.ascontiguousarray(crop[phase]), source)
        return drawn


def _features(template: str, size: int) -> NDArray[np.uint8]:
    """(size, size) 255 on the oval around eyes and mouth, where there is face and nothing else."""
    points = TEMPLATES[template] * size
    middle = points[[0, 1, 3, 4]].mean(0)
    axes = points[1, 0] - points[0, 0], points[3, 1] - points[0, 1]
    mask = np.zeros((size, size), np.uint8)
    cv2.ellipse(
        mask, np.rint(middle).astype(int).tolist(), [round(0.75 * axis) for axis in axes], 0, 0, 360, 255, -1
    )
    return mask
