"""What weights exist: rows of ``catalog/*.toml``, one file per role, as frozen values.

A row names its sources as text, best first:

- ``https://...``: the file itself.
- ``wheel:NAME==VERSION:PATH`` or ``sdist:NAME==VERSION:PATH``: inside an archive of the Python package index.
- ``zip:FILENAME:NAME``: inside a zip at an address, in whatever folder of it.
- ``file:NAME``: beside the catalogue's own file, for models of the user's.

Archives have rows of their own, in ``archives.toml``. A folder of the user's (setting ``catalog``) holds files of the
same form, whose rows are added.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from understudy.core.errors import ModelError

__all__ = ["Archive", "Catalog", "HttpsFile", "LocalFile", "Member", "ModelSpec", "Source", "load_catalog"]

_SHA256 = r"^[0-9a-f]{64}$"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Archive(_Row):
    """A published archive with weights inside.

    Attributes:
        kind: ``"wheel"`` or ``"sdist"`` on the package index, ``"zip"`` at an address.
        filename: The file's name there. A wheel's carries the tags that it is asked for with, so that every
            machine gets the same file.
        requirement: ``NAME==VERSION`` on the package index.
        url: Address of a zip.
        sha256: Of the archive, which is not opened before it was checked.
        bytes: Of the archive; None while unknown.
    """

    kind: Literal["wheel", "sdist", "zip"]
    filename: str
    requirement: str = ""
    url: str = Field("", pattern=r"^(https://|$)")
    sha256: str = Field(pattern=_SHA256)
    bytes: int | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one_place(self) -> Archive:
        if bool(self.url) != (self.kind == "zip") or bool(self.requirement) == bool(self.url):
            raise ValueError("a zip has a url, a wheel or sdist a requirement")
        return self

    @property
    def key(self) -> str:
        """How a source names it."""
        return f"{self.kind}:{self.requirement or self.filename}"


class Member(_Row):
    """A file inside an archive. A source archive's own top folder is left out of ``path``, a zip's every folder."""

    archive: Archive
    path: str


class HttpsFile(_Row):
    """A file at an address."""

    url: str = Field(pattern=r"^https://")


class LocalFile(_Row):
    """A file of the user's, which stays where it is."""

    path: Path


Source = Member | HttpsFile | LocalFile


class ModelSpec(_Row):
    """One catalogue row.

    Attributes:
        name: What users and plans call it.
        role: The catalogue file that it is in: ``"detector"``, ``"swapper"``, ...
        family: The code that reads its outputs.
        runtime: What runs it: ``"opencv"``, ``"litert"``, ``"onnx"`` or ``"dlib"``.
        file: Its file name in its source, and in a mirror folder.
        sha256: Of the file; checked whenever it is read. None is an unpinned row: nobody has published it, and the
            store keeps to the one that it sees first.
        bytes: Of the file, where known; checked too.
        sources: Where to get it, best first.
        input_size: (width, height) in pixels, for networks.
        mean, std: A pixel p of 0 to 1 goes in as ``(p - mean) / std``; three numbers are for red, green, blue.
        template: Name of the points (``vision/align.py``) that a face is aligned to, for models that need that.
        settings: What only its family knows, checked by the family.
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
    sha256: str | None = Field(None, pattern=_SHA256)
    bytes: int | None = Field(None, gt=0)
    sources: tuple[Source, ...] = Field(min_length=1)
    input_size: tuple[int, int] | None = None
    mean: float | tuple[float, float, float] = 0.0
    std: float | tuple[float, float, float] = 1.0
    template: str | None = None
    settings: Mapping[str, Any] = Field(default_factory=dict)
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

    @property
    def pinned(self) -> bool:
        """Whether the catalogue says which bytes it is."""
        return self.sha256 is not None

    @property
    def address(self) -> str:
        """Where its best source is, for people."""
        source = self.sources[0]
        if isinstance(source, Member):
            return source.archive.url or f"{source.archive.requirement} on the Python package index"
        return source.url if isinstance(source, HttpsFile) else str(source.path)

    @property
    def local(self) -> Path | None:
        """Where it is, when it is a file of the user's."""
        return self.sources[0].path if isinstance(self.sources[0], LocalFile) else None


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
            near = " or ".join(difflib.get_close_matches(name, self._specs, 3))
            hint = f"Did you mean {near}? " if near else ""
            raise ModelError(
                f"There is no model named {name!r}.",
                next_step=f"{hint}'understudy models list' names them all.",
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

    def with_needs(self, specs: Iterable[ModelSpec]) -> list[ModelSpec]:
        """These models and those without which they are of no use, each once."""
        found: dict[str, ModelSpec] = {}
        for spec in specs:
            needed = self.with_needs(self[name] for name in spec.needs)
            found |= {one.name: one for one in [spec, *needed]}
        return list(found.values())

    def members(self, archive: Archive) -> tuple[tuple[ModelSpec, Member], ...]:
        """Every row that can be had from this archive, with where in it."""
        return tuple(
            (spec, source)
            for spec in self._specs.values()
            for source in spec.sources
            if isinstance(source, Member) and source.archive == archive
        )


def load_catalog(extra: Path | None = None) -> Catalog:
    """Read the package's own catalogue and, behind it, the rows of a folder of the user's.

    Raises:
        ModelError: The user's rows are not as they should be.
    """
    own, archives = _read(resources.files("understudy.models") / "catalog", None, {})
    if extra is None:
        return Catalog(own)
    try:
        added, _ = _read(extra, extra, archives)
        return Catalog([*own, *added])
    except (OSError, ValueError, KeyError) as error:  # ValidationError and TOMLDecodeError are ValueErrors
        cause: object = error
        if isinstance(error, ValidationError):
            # A misspelt name is an unknown one and a missing one; the first says more.
            first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
            cause = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        elif isinstance(error, KeyError):
            cause = f"{error} is missing or unknown"
        raise ModelError(
            f"The catalogue of your models cannot be read: {cause}.",
            path=extra,
            next_step="docs/models.md shows how a row looks.",
        ) from error


def _read(
    folder: Path | Traversable, beside: Path | None, known: Mapping[str, Archive]
) -> tuple[list[ModelSpec], dict[str, Archive]]:
    """The rows of a folder's files, and the archives that they may name."""
    tables = {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text("utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }
    archives = dict(known)
    for row in tables.pop("archives", {}).get("archive", []):
        archive = Archive.model_validate(row)
        archives[archive.key] = archive
    rows = [_spec(role, row, archives, beside) for role, table in tables.items() for row in table["model"]]
    return rows, archives


def _spec(role: str, row: dict[str, Any], archives: Mapping[str, Archive], beside: Path | None) -> ModelSpec:
    sources = [_source(text, archives, beside) for text in row["sources"]]
    return ModelSpec.model_validate({**row, "role": role, "sources": sources})


def _source(text: str, archives: Mapping[str, Archive], beside: Path | None) -> Source:
    if text.startswith("https://"):
        return HttpsFile(url=text)
    kind, _, rest = text.partition(":")
    if kind == "file" and beside is not None:
        return LocalFile(path=(beside / rest).absolute())
    name, _, path = rest.partition(":")
    return Member(archive=archives[f"{kind}:{name}"], path=path)
