"""Weights on their way to a machine without network: a folder of files and a list of what they are.

The files have the names that a mirror looks for, so that the folder is one.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from understudy.core.errors import ModelError, ModelMissing
from understudy.models.cache import Cache
from understudy.models.spec import ModelSpec

__all__ = ["export_models", "import_models", "read_manifest"]

_MANIFEST = "models.json"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True)

    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int
    licence: str
    licence_url: str


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True)

    models: dict[str, _Entry]


def export_models(cache: Cache, specs: Sequence[ModelSpec], folder: Path) -> None:
    """Copy installed, verified models into a folder, which is made; what it has already is added to.

    Raises:
        ModelMissing: One of them is not installed; nothing was copied.
        ModelCorrupt: One of them is not what it should be.
    """
    for spec in specs:
        if not cache.installed(spec):
            raise ModelMissing(
                f"{spec.name} is not installed.", next_step=f"Run: understudy models pull {spec.name}"
            )
        cache.ensure(spec)
    folder.mkdir(parents=True, exist_ok=True)
    entries = dict(read_manifest(folder).models) if (folder / _MANIFEST).exists() else {}
    for spec in map(cache.resolved, specs):
        part = folder / f"{spec.file}.part"
        shutil.copyfile(cache.path(spec), part)
        part.replace(folder / spec.file)
        entries[spec.name] = _Entry.model_validate(spec.model_dump(include=set(_Entry.model_fields)))
    text = _Manifest(models=entries).model_dump_json(indent=1)
    (folder / _MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> _Manifest:
    """What an exported folder says it holds.

    Raises:
        ModelError: It is no such folder.
    """
    try:
        return _Manifest.model_validate_json((folder / _MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(
            "This is not a folder of exported models.",
            path=folder,
            next_step="Make one on the other machine: understudy models export FOLDER NAME...",
        ) from error


def import_models(cache: Cache, folder: Path) -> list[ModelSpec]:
    """Install the models of an exported folder that the catalogue knows, verified.

    Returns:
        Them.

    Raises:
        ModelNotAccepted: The terms of some were not accepted on this machine; nothing was copied.
        ModelCorrupt: A file is not what the catalogue, or for unpinned rows the folder's list, says.
    """
    entries = read_manifest(folder).models
    specs = [cache.catalog[name] for name in entries if name in cache.catalog]
    source = replace(cache, mirror=folder, offline=True)
    source.require_accepted(specs)
    for spec in specs:
        if source.resolved(spec).sha256 is None:
            entry = entries[spec.name]
            cache.records.keep_digest(spec, entry.sha256, entry.bytes, str(folder / entry.file))
        source.pull(spec)
    return specs
