"""Any network of the catalogue that the content gate looks with."""

from __future__ import annotations

from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.families import family_module
from understudy.vision.roles import Gate

__all__ = ["open_gate"]


def open_gate(spec: ModelSpec, pool: SessionPool) -> Gate:
    """Open a network of the gate, its weights fetched if need be.

    Args:
        spec: The catalogue's row.
        pool: Opens the network.

    Raises:
        ModelError: The row does not fit its family, or the weights cannot be had.
    """
    gate: Gate = family_module("gate", spec.family).open_gate(spec, pool)
    return gate
