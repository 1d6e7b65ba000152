"""Which networks write an invisible mark and read it, and how they are opened."""

from __future__ import annotations

from understudy.core.errors import ModelError
from understudy.models.pool import SessionPool
from understudy.models.spec import Catalog, ModelSpec
from understudy.vision.families import family_module
from understudy.vision.roles import Mark, MarkReader

__all__ = ["mark_spec", "open_mark", "open_reader", "reader_spec"]


def mark_spec(catalog: Catalog) -> ModelSpec:
    """The row of what writes."""
    return catalog.role("mark")[0]


def reader_spec(catalog: Catalog) -> ModelSpec:
    """The row of what reads that.

    Raises:
        ModelError: The row of what writes names none.
    """
    spec = mark_spec(catalog)
    name = spec.settings.get("reader")
    if not isinstance(name, str):
        raise ModelError(f"The row of {spec.name} has no text 'reader' in its settings.")
    return catalog[name]


def open_mark(spec: ModelSpec, pool: SessionPool) -> Mark:
    """Open what writes marks.

    Args:
        spec: From :func:`mark_spec`.
        pool: Opens its network.

    Raises:
        ModelError: The weights are missing or corrupt.
    """
    mark: Mark = family_module("mark", spec.family).open_mark(spec, pool)
    return mark


def open_reader(spec: ModelSpec, pool: SessionPool) -> MarkReader:
    """Open what reads marks (arguments and errors: as :func:`open_mark`, with :func:`reader_spec`)."""
    reader: MarkReader = family_module("mark", spec.family).open_reader(spec, pool)
    return reader
