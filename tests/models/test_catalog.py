"""The package's own catalogue, and how rows are read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from pydantic import ValidationError

from understudy.core.errors import ModelError
from understudy.models.spec import Catalog, HttpsFile, Member, ModelSpec, load_catalog


def test_roles_have_a_default() -> None:
    catalog = load_catalog()
    assert catalog.role("detector")[0].name == "blazeface-short"
    assert catalog.role("landmarker")[0].name == "facemesh-468"
    assert catalog.role("embedder")[0].name == "dlib-resnet"
    assert all(needed in catalog for spec in catalog.values() for needed in spec.needs)


def test_an_archive_serves_several_rows() -> None:
    catalog = load_catalog()
    source = catalog["facemesh-468"].sources[0]
    assert isinstance(source, Member)
    names = {spec.name for spec, _ in catalog.members(source.archive)}
    assert {"blazeface-short", "facemesh-468"} <= names


def test_unknown_name_tells_the_choices() -> None:
    with pytest.raises(ModelError, match="blazeface-short"):
        load_catalog()["blazefaec"]


def test_names_are_unique() -> None:
    row = load_catalog()["facemesh-468"]
    with pytest.raises(ValueError, match="share a name"):
        Catalog([row, row])


def test_a_row_is_checked() -> None:
    row = load_catalog()["facemesh-468"].model_dump()
    with pytest.raises(ValidationError):
        ModelSpec.model_validate({**row, "sha256": "short"})
    with pytest.raises(ValidationError):
        ModelSpec.model_validate({**row, "file": "../outside"})
    with pytest.raises(ValidationError):
        HttpsFile(url="http://example.org/plain")


def test_digests_are_those_of_the_reference(shared_media: Path) -> None:
    table = shared_media.parent / "reference" / "models.tsv"
    with table.open(encoding="utf-8") as file:
        rows = {row[1]: row for row in csv.reader(file, delimiter="\t") if len(row) > 4}
    for spec in load_catalog().values():
        assert rows[spec.file][2] == spec.sha256
        assert rows[spec.file][4] == str(spec.bytes)
        for source in spec.sources:
            assert isinstance(source, Member)
            assert rows[spec.file][3] == f"{source.archive.key}:{source.path}"
            assert rows[source.archive.filename][2] == source.archive.sha256
            assert rows[source.archive.filename][4] == str(source.archive.bytes)
