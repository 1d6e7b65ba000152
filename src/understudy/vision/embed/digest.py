"""The digest by which embeddings are told apart from those of other weights."""

from __future__ import annotations

from understudy.models.cache import Cache
from understudy.models.spec import ModelSpec

__all__ = ["weights_digest"]


def weights_digest(spec: ModelSpec, cache: Cache) -> str:
    """SHA-256 of a row's weights: as the row says, or as the store recorded it (errors: see :meth:`Cache.ensure`)."""
    cache.ensure(spec)
    digest = cache.resolved(spec).sha256
    assert digest is not None  # the store knows every file that it gives
    return digest
