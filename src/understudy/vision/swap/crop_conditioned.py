"""Engines that are shown the actor: BlendSwap, UniFace.

The source is an aligned crop of one photo, RGB from 0 to 1. Its template and size are in the row's settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from understudy.core.errors import PlanError
from understudy.core.plan import Look
from understudy.core.types import Face, FloatArray
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.align import cut, fit
from understudy.vision.roles import Picture
from understudy.vision.select import worth
from understudy.vision.swap.identity import Mix
from understudy.vision.swap.neural import Network, NeuralSwapper
from understudy.vision.swap.rows import RowSettings, read_settings

__all__ = ["Settings", "open_swapper"]


class Settings(RowSettings):
    """What a row of this family may set.

    Attributes:
        source_template: Points that the actor's face is aligned to.
        source_size: Side of the actor's crop in pixels.
        denormalise: The output is in the units of the normalised input; otherwise it is 0 to 1.
    """

    source_template: str
    source_size: int
    denormalise: bool = True


class _CropSource:
    def __init__(self, template: str, size: int) -> None:
        self.devices: Mapping[str, str] = {}
        self._template, self._size = template, size

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> FloatArray:
        """(1, 3, size, size): the best photo's crop; faces in pixels cannot be averaged."""
        picture, face = max(photos, key=lambda photo: worth(*photo) * photo[1].size)
        crop = cut(picture, fit(face.keypoints, self._template, self._size))
        rgb = crop[..., ::-1].transpose(2, 0, 1)[None] / np.float32(255)
        return np.ascontiguousarray(rgb, np.float32)

    def feed(self, _picture: Picture, _face: Face, actor: FloatArray) -> FloatArray:
        return actor


def open_swapper(spec: ModelSpec, pool: SessionPool, look: Look, _mix: Mix = "quality") -> NeuralSwapper:
    """Open an engine of this family (errors: see :func:`understudy.vision.swap.families.open_swapper`)."""
    settings = read_settings(spec, Settings)
    if look.likeness < 1:
        raise PlanError(
            f"{spec.name} is shown a picture of the actor, which cannot be weakened.",
            next_step="Leave --likeness out, or choose an engine that goes by an embedding.",
        )
    source = _CropSource(settings.source_template, settings.source_size)
    network = Network(spec, pool.session(spec), denormalise=settings.denormalise)
    return NeuralSwapper(network, source, look)
