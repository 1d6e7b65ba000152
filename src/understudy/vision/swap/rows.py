"""What a neural engine's row says beyond size, mean, std and template, and the other models that it names."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from understudy.core.errors import ModelError
from understudy.models.pool import SessionPool
from understudy.models.spec import Catalog, ModelSpec

__all__ = ["RowSettings", "embedder_of", "needed", "ports", "read_settings"]


class RowSettings(BaseModel):
    """Base of a family's settings: nothing unknown, nothing changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_Settings = TypeVar("_Settings", bound=RowSettings)


def read_settings(spec: ModelSpec, kind: type[_Settings]) -> _Settings:
    """The row's settings as its family knows them.

    Raises:
        ModelError: One is unknown or has a wrong value.
    """
    try:
        return kind.model_validate(dict(spec.settings))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise ModelError(
            f"The row of {spec.name} has a wrong setting {name!r}: {first['msg']}.",
            next_step=f"Its family {spec.family!r} knows: {', '.join(kind.model_fields) or 'none'}.",
        ) from error


def needed(spec: ModelSpec, catalog: Catalog, role: str) -> ModelSpec | None:
    """The first model of a role that a row needs, or None."""
    return next((other for name in spec.needs if (other := catalog[name]).role == role), None)


def embedder_of(spec: ModelSpec, catalog: Catalog) -> ModelSpec:
    """The embedder that a row needs.

    Raises:
        ModelError: It needs none.
    """
    embedder = needed(spec, catalog, "embedder")
    if embedder is None:
        raise ModelError(
            f"The row of {spec.name} names no embedder, and its family {spec.family!r} describes the actor by one.",
            next_step='Add one to the row: needs = ["w600k_r50"].',
        )
    return embedder


def ports(spec: ModelSpec, pool: SessionPool) -> tuple[str, str]:
    """Names of the graph's inputs for the crop and for the embedding: exporters name them as they like.

    Raises:
        ModelError: The graph has not one of each.
    """
    inputs = pool.graph(spec).inputs
    crops = [name for name, axes in inputs.items() if axes == 4]
    vectors = [name for name, axes in inputs.items() if axes == 2]
    if len(crops) != 1 or len(vectors) != 1:
        raise ModelError(f"The graph of {spec.name} does not take one crop and one embedding.")
    return crops[0], vectors[0]
