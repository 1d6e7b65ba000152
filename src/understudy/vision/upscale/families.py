"""Which upscalers there are, and how one is opened."""

from __future__ import annotations

from understudy.core.errors import PlanError
from understudy.models.pool import SessionPool
from understudy.models.spec import Catalog, ModelSpec
from understudy.vision.families import family_module
from understudy.vision.roles import Upscaler

__all__ = ["choose_upscaler", "open_upscaler"]


def choose_upscaler(name: str, catalog: Catalog) -> ModelSpec:
    """The row of an upscaler.

    Raises:
        PlanError: There is none of that name.
    """
    rows = {spec.name: spec for spec in catalog.role("upscaler")}
    if name not in rows:
        raise PlanError(f"There is no upscaler {name!r}.", next_step=f"Choose one of: {', '.join(rows)}.")
    return rows[name]


def open_upscaler(spec: ModelSpec, pool: SessionPool) -> Upscaler:
    """Open an upscaler.

    Args:
        spec: From :func:`choose_upscaler`.
        pool: Opens its network.

    Raises:
        ModelError: The row is wrong, or its weights are missing or corrupt.
    """
    upscaler: Upscaler = family_module("upscale", spec.family).open_upscaler(spec, pool)
    return upscaler
