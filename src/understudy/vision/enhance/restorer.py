"""Blind face restoration: GFPGAN, CodeFormer, GPEN, RestoreFormer++, VQFR.

All take an aligned RGB face, normalised as the row says, and give one back in the same range. Some have a second
input, between the best-looking face and the one most faithful to what they were shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from understudy.core.errors import ModelError
from understudy.core.plan import Look
from understudy.core.types import FloatArray, TrackedFace
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.align import Alignment, fit
from understudy.vision.crop import network_input, network_output
from understudy.vision.mask.box import box_mask
from understudy.vision.paste import Pasted, paste
from understudy.vision.recall import Recall
from understudy.vision.roles import BgrImage, Picture

__all__ = ["Restorer", "open_enhancer"]

_SMALLEST: Final = 8  # pixels of the picture under a crop, below which there is nothing to see


class _Settings(BaseModel):
    """What a row's ``settings`` may say.

    Attributes:
        weighted: The graph has a second input, of one number: 0 is the best-looking face, 1 the most faithful.
        output: Name of the restored face among the graph's outputs; the default is the first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    weighted: bool = False
    output: str = ""


class Restorer:
    """An enhancer; open it with :func:`open_enhancer`.

    Args:
        spec: Its row.
        session: Its network.
        weight: What the network is fed besides the face; then ``face_input`` is the name of the face's input.
        mask: (size, size) uint8, how much of the restored face is taken where.
        face_input, output: Names in the graph; without an output it is the first one.

    Raises:
        ModelError: The row names no template.
    """

    def __init__(
        self,
        spec: ModelSpec,
        session: Session,
        mask: NDArray[np.uint8],
        weight: Mapping[str, FloatArray],
        face_input: str,
        output: str,
    ) -> None:
        if spec.template is None:
            raise ModelError(f"The row of {spec.name} names no template.")
        self._template: str = spec.template
        self._spec = spec
        self._session = session
        self._mask = mask
        self._weight = weight
        self._face_input = face_input
        self._outputs = (output,) if output else ()
        self._recall: Recall | None = None

    @property
    def devices(self) -> Mapping[str, str]:
        """Where the network runs."""
        return {self._spec.name: self._session.device}

    def recalling(self, recall: Recall) -> Self:
        """The same enhancer, which does not run again on what looks the same as what it restored last of a face."""
        other = copy(self)
        other._recall = recall
        return other

    def enhance(self, picture: Picture, face: TrackedFace) -> Pasted | None:
        """The restored face; None when next to nothing of it lies in the picture."""
        alignment = fit(face.face.keypoints, self._template, len(self._mask))
        region = alignment.region(picture.width, picture.height)
        if min(region.width, region.height) < _SMALLEST:
            return None
        key = self._spec.name, face.track, face.actor, face.look
        sketch = (self._recall or Recall()).draw(key, picture, alignment, self._mask, self._run)
        return paste(picture, *_shrunk(sketch.alignment, sketch.drawn, self._mask))

    def _run(self, crop: BgrImage) -> BgrImage:
        feed = {self._face_input: network_input(crop, self._spec), **self._weight}
        return network_output(next(iter(self._session.run(feed, self._outputs).values())), self._spec)


def _shrunk(
    alignment: Alignment, crop: BgrImage, mask: NDArray[np.uint8]
) -> tuple[Alignment, BgrImage, NDArray[np.uint8]]:
    """The same at about the picture's own scale: detail finer than its pixels would alias, and flicker in a film."""
    step = round(math.hypot(*alignment.matrix[0, :2]))
    if step < 2:
        return alignment, crop, mask
    size = max(round(alignment.size / step), 1)
    matrix = alignment.matrix * (size / alignment.size)
    matrix[:, 2] += (size / alignment.size - 1) / 2  # pixel centres lie at + ½
    crop, mask = (
        np.asarray(cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
        for pixels in (crop, mask)
    )
    return Alignment(matrix, size), crop, mask


def open_enhancer(spec: ModelSpec, pool: SessionPool, look: Look) -> Restorer:
    """Open an enhancer of this family.

    Args:
        spec: Its row: ``input_size`` (square), ``mean`` and ``std`` (both ways) and ``template``.
        pool: Opens its network.
        look: ``enhancer_blend``, ``enhancer_weight``, and the box that limits the crop.

    Raises:
        ModelError: The row is wrong, or its weights are missing or corrupt.
    """
    try:
        settings = _Settings.model_validate(dict(spec.settings))
    except ValidationError as error:
        raise ModelError(f"The settings of {spec.name} are wrong: {error}.") from error
    width, height = spec.input_size or (0, 0)
    if width != height or width <= 0:
        raise ModelError(f"The row of {spec.name} gives no square input_size.")
    boxed = "box" in look.mask
    box = box_mask(width, look.mask_blur, look.mask_padding) if boxed else box_mask(width, 0)
    mask = np.rint(box * look.enhancer_blend).astype(np.uint8)
    face_input, weight = _inputs(spec, pool, look) if settings.weighted else ("input", {})
    return Restorer(spec, pool.session(spec), mask, weight, face_input, settings.output)


def _inputs(spec: ModelSpec, pool: SessionPool, look: Look) -> tuple[str, dict[str, FloatArray]]:
    """The name of the face's input, which has four axes, and the other with its value."""
    inputs = sorted(pool.graph(spec).inputs.items(), key=lambda item: -item[1])
    if len(inputs) != 2:
        raise ModelError(f"{spec.name} has {len(inputs)} inputs; a face and a weight were expected.")
    (face, _), (weight, axes) = inputs
    return face, {weight: np.full((1,) * axes, look.enhancer_weight, np.float32)}
