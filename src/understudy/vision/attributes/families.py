"""Any model of gender and age of the catalogue."""

from __future__ import annotations

from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.families import family_module
from understudy.vision.roles import Attributes

__all__ = ["open_attributes"]


def open_attributes(spec: ModelSpec, pool: SessionPool) -> Attributes:
    """Open a model of gender and age, its weights fetched if need be.

    Args:
        spec: The catalogue's row.
        pool: Opens the network.

    Raises:
        ModelError: The row does not fit its family, or the weights cannot be had.
    """
    attributes: Attributes = family_module("attributes", spec.family).open_attributes(spec, pool)
    return attributes
