"""Which enhancers there are, and how one is opened."""

from __future__ import annotations

from understudy.core.errors import PlanError
from understudy.core.plan import Look
from understudy.models.pool import SessionPool
from understudy.models.spec import Catalog, ModelSpec
from understudy.vision.families import family_module
from understudy.vision.roles import Enhancer

__all__ = ["choose_enhancer", "open_enhancer"]


def choose_enhancer(name: str, catalog: Catalog) -> ModelSpec:
    """The row of an enhancer.

    Raises:
        PlanError: There is none of that name.
    """
    rows = {spec.name: spec for spec in catalog.role("enhancer")}
    if name not in rows:
        raise PlanError(f"There is no enhancer {name!r}.", next_step=f"Choose one of: {', '.join(rows)}.")
    return rows[name]


def open_enhancer(spec: ModelSpec, pool: SessionPool, look: Look) -> Enhancer:
    """Open an enhancer.

    Args:
        spec: From :func:`choose_enhancer`.
        pool: Opens its network.
        look: How much of it the user wants.

    Raises:
        ModelError: The row is wrong, or its weights are missing or corrupt.
    """
    enhancer: Enhancer = family_module("enhance", spec.family).open_enhancer(spec, pool, look)
    return enhancer
