"""Which parts of a face are replaced: face parsers that know the 19 classes of CelebAMask-HQ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.core.plan import Look, MaskRegion
from understudy.core.types import Region, TrackedFace
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.mask.aligned import Window
from understudy.vision.roles import Picture

__all__ = ["CLASSES", "RegionMasker", "open_masker"]

CLASSES: Final[Mapping[MaskRegion, tuple[int, ...]]] = {
    "skin": (1,),
    "brows": (2, 3),
    "eyes": (4, 5),
    "glasses": (6,),
    "nose": (10,),
    "mouth": (11,),
    "lips": (12, 13),
}
"""The parser's classes that make up a part of the face."""


class RegionMasker:
    """Leaves only the chosen parts of a face to be replaced; open it with :func:`open_masker`."""

    def __init__(self, window: Window, session: Session, classes: NDArray[np.bool_]) -> None:
        self._window = window
        self._session = session
        self._chosen = classes

    @property
    def devices(self) -> Mapping[str, str]:
        """Where the network runs."""
        return {self._window.spec.name: self._session.device}

    def mask(self, picture: Picture, face: TrackedFace, region: Region) -> NDArray[np.uint8]:
        """255 on the chosen parts."""
        answers = self._session.run({"input": self._window.look(picture, face.face)}).values()
        scores = next(iter(answers))
        seen = self._chosen[scores[0].argmax(0)].astype(np.float32)
        return self._window.lay_back(face.face, seen, region)


def open_masker(spec: ModelSpec, pool: SessionPool, look: Look) -> RegionMasker:
    """Open a masker of this family.

    Args:
        spec: Its row; ``input_size`` (square) and ``template`` are needed.
        pool: Opens its network.
        look: Which parts.

    Raises:
        ModelError: The row is wrong, or its weights are missing or corrupt.
    """
    classes = np.zeros(19, bool)
    classes[[number for part in look.mask_region for number in CLASSES[part]]] = True
    return RegionMasker(Window.of(spec), pool.session(spec), classes)
