"""Which engines there are, and how one is opened.

``mesh`` is built in. Every other engine is a row of the catalogue with the role ``swapper``, and the module that the
row names as its family, which has a function ``open_swapper(spec, pool, look, mix) -> Swapper``.
"""

from __future__ import annotations

from collections.abc import Callable

from understudy.core.errors import PlanError
from understudy.core.plan import Look
from understudy.models.pool import SessionPool
from understudy.models.spec import Catalog, ModelSpec
from understudy.vision.families import family_module
from understudy.vision.roles import Swapper
from understudy.vision.swap.identity import Mix

__all__ = ["choose_swapper", "open_swapper"]

_BUILT_IN = "mesh"


def choose_swapper(name: str, catalog: Catalog, installed: Callable[[ModelSpec], bool]) -> ModelSpec | None:
    """The weights of an engine; None is the built-in one, which has none.

    Args:
        name: What the plan says. ``"auto"`` is the first row of the catalogue whose weights are here: the rows are
            in order of quality.
        catalog: Of all models.
        installed: Whether a model's weights are here.

    Raises:
        PlanError: There is no engine of that name.
    """
    rows = {spec.name: spec for spec in catalog.role("swapper")}
    if name == "auto":
        return next(filter(installed, rows.values()), None)
    if name == _BUILT_IN:
        return None
    if name not in rows:
        choices = ", ".join(["auto", _BUILT_IN, *rows])
        raise PlanError(f"There is no swapper {name!r}.", next_step=f"Choose one of: {choices}.")
    return rows[name]


def open_swapper(spec: ModelSpec | None, pool: SessionPool, look: Look, mix: Mix = "quality") -> Swapper:
    """Open an engine.

    Args:
        spec: From :func:`choose_swapper`.
        pool: Opens the row's network, and those that it needs.
        look: What the user wants it to look like.
        mix: How several photos of the actor become one likeness; ``mesh`` makes one texture of all.

    Raises:
        ModelError: The row is wrong, or its weights are missing or corrupt.
        PlanError: The engine cannot do what ``look`` asks for.
    """
    if spec is None:
        from understudy.vision.swap.mesh import MeshSwapper

        return MeshSwapper(likeness=look.likeness)
    swapper: Swapper = family_module("swap", spec.family).open_swapper(spec, pool, look, mix)
    return swapper
