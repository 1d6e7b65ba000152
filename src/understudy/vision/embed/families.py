"""Any embedder of the catalogue, and from which likeness on it means the same person."""

from __future__ import annotations

from understudy.core.errors import ModelError
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.families import family_module
from understudy.vision.roles import Embedder

__all__ = ["open_embedder", "same_person"]


def open_embedder(spec: ModelSpec, pool: SessionPool) -> Embedder:
    """Open an embedder, its weights fetched if need be.

    Args:
        spec: The catalogue's row.
        pool: Opens the network.

    Raises:
        DependencyMissing: What runs it is not installed.
        ModelError: The row does not fit its family, or the weights cannot be had.
    """
    embedder: Embedder = family_module("embed", spec.family).open_embedder(spec, pool)
    return embedder


def same_person(spec: ModelSpec) -> float:
    """Cosine of two embeddings from which they count as one person's, the row's ``same_person``.

    Raises:
        ModelError: The row gives none.
    """
    bound = spec.settings.get("same_person")
    if not isinstance(bound, int | float) or not -1 <= bound <= 1:
        raise ModelError(
            f"The row of {spec.name} has no 'same_person' between -1 and 1 in its settings.",
            next_step="Mend the row, or give --similarity.",
        )
    return float(bound)
