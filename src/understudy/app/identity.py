"""What tells people apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from understudy.core.types import Face, FloatArray
from understudy.vision.roles import Embedder, Picture

__all__ = ["Identity"]


@dataclass(frozen=True, eq=False)
class Identity:
    """What tells people apart.

    Attributes:
        embedder: Describes faces.
        same_person: Cosine of two of its embeddings from which they count as one person's.
        name: Of the model.
    """

    embedder: Embedder
    same_person: float
    name: str = ""

    def of(self, picture: Picture, face: Face) -> FloatArray:
        """(d,) embedding of length 1."""
        vector = self.embedder.embed(picture, face)
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
