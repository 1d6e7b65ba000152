"""Any landmarker of the catalogue."""

from __future__ import annotations

from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.families import family_module
from understudy.vision.roles import KeypointRefiner

__all__ = ["open_landmarker"]


def open_landmarker(spec: ModelSpec, pool: SessionPool) -> KeypointRefiner:
    """Open a landmarker, its weights fetched if need be.

    Args:
        spec: The catalogue's row.
        pool: Opens the network.

    Raises:
        ModelError: The row does not fit its family, or the weights cannot be had.
    """
    landmarker: KeypointRefiner = family_module("landmark", spec.family).open_landmarker(spec, pool)
    return landmarker
