"""The target's own open mouth, kept: teeth and tongue belong to the performance. Needs no model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Region, TrackedFace
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import Picture
from understudy.vision.shape import lips_parted

__all__ = ["MouthKeeper"]

_SOFTNESS: Final = 0.03  # of the mouth's width
_FRACTION: Final = 4  # binary digits of a pixel that the outline is drawn to


class MouthKeeper:
    """Keeps what is between the lips as far as they are apart; a closed mouth, or one unseen, is replaced whole."""

    def __init__(self) -> None:
        self._canonical = load_canonical()

    @property
    def devices(self) -> Mapping[str, str]:
        """There is no network."""
        return {}

    def mask(self, picture: Picture, face: TrackedFace, region: Region) -> NDArray[np.uint8]:  # noqa: ARG002
        """0 between parted lips, 255 elsewhere."""
        mask = np.full((region.height, region.width), 255, np.uint8)
        landmarks = face.face.landmarks
        if landmarks is None or not mask.size or (parted := lips_parted(self._canonical, landmarks)) == 0:
            return mask
        lips = landmarks[self._canonical.inner_lips, :2] - (region.x, region.y)
        inside = np.zeros_like(mask)
        outline = np.rint(lips * (1 << _FRACTION)).astype(np.int32)
        cv2.fillPoly(inside, [outline], 255, cv2.LINE_AA, _FRACTION)
        width = float(np.linalg.norm(lips[0] - lips[10]))
        soft = cv2.GaussianBlur(inside, (0, 0), max(_SOFTNESS * width, 0.5)).astype(np.float32)
        # Twice: nothing of the actor's lips over the target's teeth.
        return np.asarray(255 - np.rint(parted * np.minimum(2 * soft, 255)), np.uint8)
