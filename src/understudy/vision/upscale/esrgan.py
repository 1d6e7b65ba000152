"""Real-ESRGAN, BSRGAN and networks like them: RGB of 0 to 1 in, the same enlarged out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from understudy.core.errors import ModelError
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.crop import network_input, network_output
from understudy.vision.roles import BgrImage

__all__ = ["TiledUpscaler", "open_upscaler"]

_RIM: Final = 4  # a quarter of the overlap is thrown away on each side of a tile, and half of it is faded


class _Settings(BaseModel):
    """What a row's ``settings`` may say.

    Attributes:
        scale: Factor of width and height.
        tile: Side in pixels of what the network is shown at once: bounds its memory.
        overlap: Pixels that neighbouring tiles share.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    scale: int = Field(ge=1, le=8)
    tile: int = Field(256, ge=32, multiple_of=4)
    overlap: int = Field(32, ge=4, multiple_of=4)

    @model_validator(mode="after")
    def _goes_on(self) -> _Settings:
        if 2 * self.overlap > self.tile:
            raise ValueError("overlap must be at most half of tile")
        return self


class TiledUpscaler:
    """Enlarges a picture tile by tile; neighbours overlap and are faded into each other.

    Args:
        spec: Its row.
        session: Its network.
        scale, tile, overlap: As in the row's settings.
    """

    def __init__(self, spec: ModelSpec, session: Session, scale: int, tile: int, overlap: int) -> None:
        self._spec = spec
        self._session = session
        self._scale = scale
        self._tile = tile
        self._overlap = overlap

    @property
    def devices(self) -> Mapping[str, str]:
        """Where the network runs."""
        return {self._spec.name: self._session.device}

    @property
    def scale(self) -> int:
        """Factor of width and height."""
        return self._scale

    def upscale(self, pixels: BgrImage) -> BgrImage:
        """(scale·h, scale·w, 3) from (h, w, 3) uint8 BGR."""
        height, width = pixels.shape[:2]
        scale, rim = self._scale, self._overlap // _RIM
        step = self._tile - self._overlap
        right = rim + _missing(width + 2 * rim, self._tile, step)
        bottom = rim + _missing(height + 2 * rim, self._tile, step)
        shown = np.asarray(cv2.copyMakeBorder(pixels, rim, bottom, rim, right, cv2.BORDER_REFLECT), np.uint8)
        large = np.empty((scale * (height + bottom - rim), scale * (width + right - rim), 3), np.uint8)
        for y in range(0, shown.shape[0] - self._tile + 1, step):
            _fade(large[scale * y :], self._row(shown[y : y + self._tile], step), self._ramp(y)[:, None])
        return np.ascontiguousarray(large[: scale * height, : scale * width])

    def _row(self, shown: NDArray[np.uint8], step: int) -> BgrImage:
        """A row of tiles, faded into each other from left to right."""
        scale, rim = self._scale, self._overlap // _RIM
        kept = slice(scale * rim, scale * (self._tile - rim))
        row = np.empty((scale * (self._tile - 2 * rim), scale * (shown.shape[1] - 2 * rim), 3), np.uint8)
        for x in range(0, shown.shape[1] - self._tile + 1, step):
            drawn = self._enlarged(np.ascontiguousarray(shown[:, x : x + self._tile]))
            _fade(row[:, scale * x :], drawn[kept, kept], self._ramp(x))
        return row

    def _ramp(self, start: int) -> NDArray[np.float32]:
        """Weights along a new tile's side, over as many pixels as there are of the one before it."""
        if start == 0:
            return np.ones(1, np.float32)
        shared = self._scale * (self._overlap - 2 * (self._overlap // _RIM))
        kept = self._scale * (self._tile - 2 * (self._overlap // _RIM))
        return np.minimum(np.arange(1, kept + 1, dtype=np.float32) / (shared + 1), 1)

    def _enlarged(self, tile: BgrImage) -> BgrImage:
        drawn = network_output(
            next(iter(self._session.run({"input": network_input(tile, self._spec)}).values())), self._spec
        )
        side = self._scale * self._tile
        if drawn.shape != (side, side, 3):
            raise ModelError(
                f"{self._spec.name} enlarged {self._tile} pixels to {drawn.shape[1]}×{drawn.shape[0]}; its row "
                f"says {self._scale} times."
            )
        return drawn


def open_upscaler(spec: ModelSpec, pool: SessionPool) -> TiledUpscaler:
    """Open an upscaler of this family.

    Args:
        spec: Its row; ``settings`` must say the ``scale``.
        pool: Opens its network.

    Raises:
        ModelError: The row is wrong, or its weights are missing or corrupt.
    """
    try:
        settings = _Settings.model_validate(dict(spec.settings))
    except ValidationError as error:
        raise ModelError(f"The settings of {spec.name} are wrong: {error}.") from error
    return TiledUpscaler(spec, pool.session(spec), settings.scale, settings.tile, settings.overlap)


def _missing(length: int, tile: int, step: int) -> int:
    """Pixels by which a side must grow so that whole tiles cover it."""
    return max(tile - length, 0) if length <= tile else -(length - tile) % step


def _fade(below: BgrImage, new: BgrImage, weight: NDArray[np.float32]) -> None:
    """Lay pixels down in place over the first ones of ``below``, by weights of rows (n, 1) or columns (n,)."""
    height, width = new.shape[:2]
    share = np.ascontiguousarray(np.broadcast_to(weight, (height, width)))
    area = below[:height, :width]
    area[...] = cv2.blendLinear(np.ascontiguousarray(new), np.ascontiguousarray(area), share, 1 - share)
