"""Networks that turn one embedder's vectors into another's, so that ArcFace serves swappers trained on others."""

from __future__ import annotations

import numpy as np

from understudy.core.types import FloatArray
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec

__all__ = ["Converter", "open_converter"]


class Converter:
    """Turns an embedding of one kind into one of another.

    Args:
        session: The network.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def convert(self, embedding: FloatArray) -> FloatArray:
        """(d,) float32 as the network gives it: some swappers want it so, others at unit length.

        Args:
            embedding: (d,) as the embedder gave it, not normalised.
        """
        (output,) = self._session.run({"input": embedding.reshape(1, -1)}).values()
        return np.ascontiguousarray(output.reshape(-1), np.float32)


def open_converter(spec: ModelSpec, pool: SessionPool) -> Converter:
    """Open the converter of a row, its weights fetched if need be.

    Raises:
        ModelError: The weights cannot be had.
    """
    return Converter(pool.session(spec))
