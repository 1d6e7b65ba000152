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


def test_a_row_has_what_its_readers_need() -> None:
    catalog = load_catalog()
    for spec in catalog.values():
        assert spec.licence_url.startswith("https://"), spec.name
        assert all(needed in catalog for needed in spec.needs), spec.name
        assert spec.restricted or "noncommercial" not in spec.licence.lower().replace("-nc", "noncommercial")
        assert spec.restricted or spec.licence != "LicenseRef-unknown", spec.name


def test_every_peer_model_of_the_reference_is_there(shared_media: Path) -> None:
    """By digest: the names of files differ between those who publish them."""
    here = {spec.sha256 for spec in load_catalog().values()}
    # Roles of other parts of the program, and interfaces that no family reads yet.
    other = {"expression", "colorizer", "mark", "gate", "archive", "pack"}
    unread = {
        *("peppapig_teacher_Nx3x256x256.onnx", "cscs_256.onnx"),
        *("cscs_arcface_model.onnx", "cscs_id_adapter.onnx", "landmark.onnx"),
        *("face_landmarks_detector_Nx3x256x256.onnx", "yunet_n_640_640.onnx"),
        *("face_landmark_with_attention.tflite", "face_detection_full_range_sparse.tflite"),
    }
    for row in reference_rows(shared_media).values():
        assert row[0] in other or row[1] in unread or row[2] in here, row[1]


def test_digests_are_those_of_the_reference(shared_media: Path) -> None:
    rows = reference_rows(shared_media)
    release = "https://github.com/visomaster/visomaster-assets/releases/download/"
    for spec in load_catalog().values():
        if spec.file not in rows:
            continue
        _, _, sha256, address, size, *_ = [*rows[spec.file], ""]
        assert sha256 == spec.sha256
        assert size in ("", str(spec.bytes))
        places = []
        for source in spec.sources:
            if isinstance(source, Member) and source.archive.url:
                places.append(source.archive.url)
            elif isinstance(source, Member):
                places.append(f"{source.archive.key}:{source.path}")
                assert rows[source.archive.filename][2] == source.archive.sha256
                assert rows[source.archive.filename][4] == str(source.archive.bytes)
            elif isinstance(source, HttpsFile):
                places.append(source.url)
        if address.startswith("VM:"):
            assert address.replace("VM:", release) in places
        elif address.startswith("hf:"):
            repository = "/".join(address.removeprefix("hf:").split("/")[:2])
            assert any(repository in place for place in places)
        elif not address.startswith("github:"):
            assert address in places


def reference_rows(shared_media: Path) -> dict[str, list[str]]:
    table = shared_media.parent / "reference" / "models.tsv"
    with table.open(encoding="utf-8") as file:
        return {row[1]: row for row in csv.reader(file, delimiter="\t") if len(row) > 4 and row[0][0] != "#"}
