"""Networks that give one verdict for a whole picture."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ModelError
from understudy.core.types import FloatArray
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.gate.scores import checked, checked_pixels
from understudy.vision.roles import BgrImage, Finding

__all__ = ["NSFW", "Classifier"]

NSFW = "NSFW"
"""The one label of these networks."""


class Classifier:
    """Says how likely a picture is not safe for work.

    Args:
        session: The network: one picture to two numbers.
        spec: Its catalogue row.
        digest: SHA-256 of the weights.
        blob: The network's input from (h, w, 3) uint8 BGR of the row's size.
        score: How likely, 0 to 1, from the two numbers.
        keep_shape: Put bars around the picture, instead of stretching it.
    """

    def __init__(
        self,
        session: Session,
        spec: ModelSpec,
        digest: str,
        blob: Callable[[BgrImage], FloatArray],
        score: Callable[[NDArray[np.float32]], float],
        *,
        keep_shape: bool,
    ) -> None:
        if spec.input_size is None:
            raise ModelError(f"The row of {spec.name} has no input_size.")
        self._session, self._size = session, spec.input_size
        self._blob, self._score, self._keep_shape = blob, score, keep_shape
        self.name, self.digest = spec.name, digest
        self.labels: tuple[str, ...] = (NSFW,)
        self.exposed: frozenset[str] = frozenset()
        self.faces: frozenset[str] = frozenset()

    def look(self, pixels: BgrImage, side: int) -> tuple[Finding, ...]:
        """See :class:`understudy.vision.roles.Gate`; its input has one size, whatever ``side`` is."""
        del side
        checked_pixels(pixels)
        (output,) = self._session.run({"input": self._blob(self._fitted(pixels))}).values()
        score = self._score(checked(output, (1, 2), self.name)[0])
        return (Finding(NSFW, score, None),)

    def _fitted(self, pixels: BgrImage) -> BgrImage:
        width, height = self._size
        if not self._keep_shape:
            return np.asarray(cv2.resize(pixels, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        scale = min(width / pixels.shape[1], height / pixels.shape[0])
        fitted = max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1)
        small = np.asarray(cv2.resize(pixels, fitted, interpolation=cv2.INTER_AREA), np.uint8)
        canvas = np.zeros((height, width, 3), np.uint8)
        x, y = (width - fitted[0]) // 2, (height - fitted[1]) // 2
        canvas[y : y + fitted[1], x : x + fitted[0]] = small
        return canvas
