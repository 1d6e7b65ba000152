"""What is in front of a face, left there without a network; :mod:`understudy.vision.swap.mesh.occlusion` finds it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import Region, TrackedFace
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import Picture
from understudy.vision.swap.mesh.occlusion import find_occlusion
from understudy.vision.swap.mesh.skin import load_skin

__all__ = ["SkinMasker"]


class SkinMasker:
    """Keeps what is in front of a face where its colours are not the face's; needs no model."""

    def __init__(self) -> None:
        self._skin = load_skin(load_canonical())

    @property
    def devices(self) -> Mapping[str, str]:
        """There is no network."""
        return {}

    def mask(self, picture: Picture, face: TrackedFace, region: Region) -> NDArray[np.uint8]:
        """255 where the face is seen; all of it, when nothing is surely in front."""
        landmarks = face.face.landmarks
        if landmarks is not None:
            look = self._skin.observe(picture, landmarks)
            hidden = find_occlusion(self._skin, picture, landmarks, look, face.skin)
            if hidden is not None:
                return hidden.over(region)
        return np.full((region.height, region.width), 255, np.uint8)
