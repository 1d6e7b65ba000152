"""What weights exist: rows of ``catalog/*.toml``, one file per role, as frozen values.

A row names its sources as text: ``wheel:NAME==VERSION:PATH`` or ``sdist:NAME==VERSION:PATH`` for a file
inside an archive of the Python package index (the archive's own row is in ``catalog/archives.toml``), or an
``https://`` address.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from understudy.core.errors import ModelError

__all__ = ["Archive", "Catalog", "HttpsFile", "Member", "ModelSpec", "Source", "load_catalog"]

_SHA256 = r"^[0-9a-f]{64}$"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Archive(_Row):
    """A published archive with weights inside.

    Attributes:
        kind: ``"wheel"`` or ``"sdist"``.
        requirement: ``NAME==VERSION`` on the package index.
        filename: The file's name there. A wheel's carries the tags that it is asked for with, so that every
            machine gets the same file.
        sha256, bytes: Of the archive.
    """

    kind: Literal["wheel", "sdist"]
    requirement: str
    filename: str
    sha256: str = Field(pattern=_SHA256)
    bytes: int = Field(gt=0)

    @property
    def key(self) -> str:
        """How a source names it."""
        return f"{self.kind}:{self.requirement}"


class Member(_Row):
    """A file inside an archive. A source archive's own top folder is left out of ``path``."""

    archive: Archive
    path: str


class HttpsFile(_Row):
    """A file at an address."""

    url: str = Field(pattern=r"^https://")


Source = Member | HttpsFile


class ModelSpec(_Row):
    """One catalogue row.

    Attributes:
        name: What users and plans call it.
        role: ``"detector"``, ``"landmarker"`` or ``"embedder"``.
        family: The code that reads its outputs.
        runtime: What runs it: ``"opencv"``, ``"litert"``, ``"onnx"`` or ``"dlib"``.
        file: Its file name in its source, and in a mirror folder.
        sha256, bytes: Of the file; both are checked whenever it is read.
        sources: Where to get it, best first.
        input_size: (width, height) in pixels, for networks.
        mean, std: A pixel p of 0 to 1 goes in as ``(p - mean) / std``.
        licence: SPDX identifier.
        licence_url, origin: Where the licence is and who made the weights.
        restricted: The licence limits use (non-commercial, research).
        needs: Names of models without which this one is of no use.
    """

    name: str
    role: str
    family: str
    runtime: Literal["opencv", "litert", "onnx", "dlib"]
    file: str
    sha256: str = Field(pattern=_SHA256)
    bytes: int = Field(gt=0)
    sources: tuple[Source, ...] = Field(min_length=1)
    input_size: tuple[int, int] | None = None
    mean: float = 0.0
    std: float = 1.0
    licence: str
    licence_url: str
    origin: str
    restricted: bool = False
    needs: tuple[str, ...] = ()

    @field_validator("file")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if "/" in value or "\\" in value or value.startswith("."):
            raise ValueError("must be a plain file name")
        return value


class Catalog(Mapping[str, ModelSpec]):
    """All rows by name, in the order of the files."""

    def __init__(self, specs: Sequence[ModelSpec]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        if len(self._specs) != len(specs) or len({spec.file for spec in specs}) != len(specs):
            raise ValueError("two rows of the catalogue share a name or a file name")

    def __getitem__(self, name: str) -> ModelSpec:
        try:
            return self._specs[name]
        except KeyError:
            choices = ", ".join(self._specs)
            raise ModelError(
                f"There is no model named {name!r}.", next_step=f"Choose one of: {choices}."
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def role(self, role: str) -> tuple[ModelSpec, ...]:
        """The rows of one role; the first is its default."""
        return tuple(spec for spec in self._specs.values() if spec.role == role)

    def members(self, archive: Archive) -> tuple[tuple[ModelSpec, Member], ...]:
        """Every row that can be had from this archive, with where in it."""
        return tuple(
            (spec, source)
            for spec in self._specs.values()
            for source in spec.sources
            if isinstance(source, Member) and source.archive == archive
        )


def load_catalog() -> Catalog:
    """Read the package's own catalogue."""
    folder = resources.files("understudy.models") / "catalog"
    tables = {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text("utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }
    archives = {
        archive.key: archive for archive in map(Archive.model_validate, tables.pop("archives")["archive"])
    }
    return Catalog([_spec(role, row, archives) for role, table in tables.items() for row in table["model"]])


def _spec(role: str, row: dict[str, Any], archives: Mapping[str, Archive]) -> ModelSpec:
    sources = [_source(text, archives) for text in row["sources"]]
    return ModelSpec.model_validate({**row, "role": role, "sources": sources})


def _source(text: str, archives: Mapping[str, Archive]) -> Source:
    if text.startswith("https://"):
        return HttpsFile(url=text)
    kind, requirement, path = text.split(":", 2)
    return Member(archive=archives[f"{kind}:{requirement}"], path=path)
