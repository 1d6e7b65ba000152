"""The package's catalogue with generated graphs in place of weights that cannot be here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from understudy.core.plan import Compute
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool
from understudy.models.spec import Catalog, ModelSpec, load_catalog

__all__ = ["catalog_with", "own_row", "pool_with"]


def catalog_with(graphs: Mapping[str, bytes], catalog: Catalog | None = None) -> Catalog:
    """The catalogue, in which the rows of these names have the digest and the size of these bytes."""
    return Catalog(
        [
            spec.model_copy(update={"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)})
            if (data := graphs.get(name)) is not None
            else spec
            for name, spec in (catalog or load_catalog()).items()
        ]
    )


def pool_with(
    graphs: Mapping[str, bytes], folder: Path, compute: Compute | None = None, catalog: Catalog | None = None
) -> SessionPool:
    """A pool whose cache, in ``folder``, has these graphs installed as the models of these names; offline."""
    cache = Cache(folder, offline=True, catalog=catalog_with(graphs, catalog))
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in graphs.items():
        cache.path(cache.catalog[name]).write_bytes(data)
    return SessionPool(cache, compute or Compute(threads=1))


def own_row(folder: Path, spec: ModelSpec, graph: bytes, name: str) -> None:
    """Put a graph and a row like ``spec`` into a catalogue of the user's (setting ``catalog``)."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(graph)
    fields = spec.model_dump(
        mode="json", exclude={"role", "sha256", "bytes", "sources", "restricted"}, exclude_none=True
    )
    fields |= {"name": name, "file": f"{name}.onnx", "sources": [f"file:{name}.onnx"]}
    settings = fields.pop("settings")
    lines = [f"{key} = {json.dumps(value)}" for key, value in fields.items()]
    lines += ["[model.settings]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
    with (folder / f"{spec.role}.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["[[model]]", *lines, ""]))
