"""Every ONNX row of the catalogue opens, and keeps its role's contract, with a generated graph of its interface.

This proves that a row's family, sizes, template and settings fit together and that what it needs is there; that the
numbers are right is proven family by family, with graphs whose answer is known.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import ArrayPicture, FakeLandmarker

import graphs_detect
import graphs_enhance
import graphs_gate
import graphs_landmark
import graphs_mark
import graphs_swap
from graphs_catalog import pool_with
from understudy.core.plan import Look, Seeing
from understudy.core.types import Face, Region, TrackedFace
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec, load_catalog
from understudy.vision.attributes.families import open_attributes
from understudy.vision.detect.families import open_detector
from understudy.vision.embed.families import open_embedder
from understudy.vision.enhance.families import open_enhancer
from understudy.vision.families import family_module
from understudy.vision.gate.families import open_gate
from understudy.vision.landmark.families import open_landmarker
from understudy.vision.mark.families import mark_spec, open_mark, open_reader, reader_spec
from understudy.vision.roles import Patch
from understudy.vision.swap.families import open_swapper
from understudy.vision.upscale.families import open_upscaler

pytest.importorskip("onnxruntime")

CATALOG = load_catalog()
ROWS = {name: spec for name, spec in CATALOG.items() if spec.runtime == "onnx"}
GRAPHS: dict[str, Callable[[ModelSpec], bytes]] = {
    **graphs_detect.GRAPHS,
    **graphs_landmark.GRAPHS,
    **graphs_swap.GRAPHS,
    **graphs_enhance.GRAPHS,
    **graphs_gate.GRAPHS,
    **graphs_mark.GRAPHS,
}
PICTURE = ArrayPicture(np.random.default_rng(5).integers(0, 255, (400, 480, 3), np.uint8))
BOX = np.array([150, 100, 330, 320], np.float32)
_POINTS = np.array([[200, 180], [280, 182], [241, 230], [208, 270], [274, 271]], np.float32)
FACE = FakeLandmarker().refine(PICTURE, Face(BOX, 0.9, _POINTS))


@pytest.fixture
def pool(request: pytest.FixtureRequest, tmp_path: Path) -> SessionPool:
    """A pool that has this row and what it needs, and nothing else."""
    spec = ROWS[request.getfixturevalue("name")]
    needed = {one.name: GRAPHS[one.family](one) for one in CATALOG.with_needs([spec])}
    return pool_with(needed, tmp_path)


def rows(role: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", [name for name, spec in ROWS.items() if spec.role == role])


def check_patch(patch: Patch | None) -> None:
    assert patch is not None
    region = patch.region
    assert patch.bgr.shape == (region.height, region.width, 3)
    assert patch.mask.shape == (region.height, region.width)
    assert patch.bgr.dtype == patch.mask.dtype == np.uint8
    assert region.x >= 0
    assert region.y >= 0
    assert region.x + region.width <= PICTURE.width
    assert region.y + region.height <= PICTURE.height
    assert patch.mask.max() > 128


def check_devices(devices: dict[str, str], name: str) -> None:
    assert devices[name] == "cpu (ONNX Runtime)"


def test_every_row_has_a_test() -> None:
    tested = {
        *("detector", "landmarker", "embedder", "attributes", "converter"),
        *("swapper", "enhancer", "masker", "upscaler", "gate", "mark"),
    }
    assert {spec.role for spec in ROWS.values()} == tested
    assert {spec.family for spec in ROWS.values()} <= GRAPHS.keys()


@rows("detector")
def test_detector(name: str, pool: SessionPool) -> None:
    found = open_detector(pool.cache.catalog[name], pool, Seeing(detector_score=0.3)).detect(PICTURE)
    assert found
    scores = [face.score for face in found]
    assert scores == sorted(scores, reverse=True)
    for face in found:
        assert face.score >= 0.3  # no more than the graph says: a real one says at most 1
        assert np.isfinite(face.bbox).all()
        assert np.isfinite(face.keypoints).all()
        assert (face.bbox[2:] > face.bbox[:2]).all()


@rows("landmarker")
def test_landmarker(name: str, pool: SessionPool) -> None:
    refined = open_landmarker(pool.cache.catalog[name], pool).refine_keypoints(PICTURE, FACE)
    assert np.isfinite(refined.keypoints).all()
    assert not np.array_equal(refined.keypoints, FACE.keypoints)
    assert np.array_equal(refined.bbox, FACE.bbox)
    assert refined.landmarks is FACE.landmarks


@rows("embedder")
def test_embedder(name: str, pool: SessionPool) -> None:
    spec = pool.cache.catalog[name]
    embedder = open_embedder(spec, pool)
    vector = embedder.embed(PICTURE, FACE)
    assert vector.dtype == np.float32
    assert vector.shape == (512,)
    assert np.isfinite(vector).all()
    assert vector.any()
    assert np.array_equal(vector, embedder.embed(PICTURE, FACE))
    assert embedder.digest == spec.sha256


@rows("attributes")
def test_attributes(name: str, pool: SessionPool) -> None:
    looks = open_attributes(pool.cache.catalog[name], pool).describe(PICTURE, FACE)
    assert looks.gender in ("female", "male")
    assert looks.age[0] <= looks.age[1]


@rows("converter")
def test_converter(name: str, pool: SessionPool) -> None:
    results = pool.session(pool.cache.catalog[name]).run({"input": np.ones((1, 512), np.float32)})
    assert [result.size for result in results.values()] == [512]
    assert any(name in spec.needs for spec in CATALOG.role("swapper"))


@rows("swapper")
def test_swapper(name: str, pool: SessionPool) -> None:
    swapper = open_swapper(pool.cache.catalog[name], pool, Look(swapper=name))
    actor = swapper.prepare([(PICTURE, FACE)])
    patch = swapper.swap(PICTURE, TrackedFace(0, FACE), actor)
    check_patch(patch)
    again = swapper.swap(PICTURE, TrackedFace(0, FACE), actor)
    assert patch is not None
    assert again is not None
    assert np.array_equal(patch.bgr, again.bgr)
    check_devices(dict(swapper.devices), name)


@rows("enhancer")
def test_enhancer(name: str, pool: SessionPool) -> None:
    enhancer = open_enhancer(pool.cache.catalog[name], pool, Look(enhancer=name))
    check_patch(enhancer.enhance(PICTURE, TrackedFace(0, FACE)))
    check_devices(dict(enhancer.devices), name)


@rows("masker")
def test_masker(name: str, pool: SessionPool) -> None:
    spec = pool.cache.catalog[name]
    look = Look.model_validate({"mask": (spec.family,)})
    masker = family_module("mask", spec.family).open_masker(spec, pool, look)
    mask = masker.mask(PICTURE, TrackedFace(0, FACE), Region(140, 90, 200, 240))
    assert mask.shape == (240, 200)
    assert mask.dtype == np.uint8
    check_devices(dict(masker.devices), name)


@rows("upscaler")
def test_upscaler(name: str, pool: SessionPool) -> None:
    upscaler = open_upscaler(pool.cache.catalog[name], pool)
    pixels = PICTURE.bgr(Region(0, 0, 90, 70))
    larger = upscaler.upscale(pixels)
    assert larger.shape == (70 * upscaler.scale, 90 * upscaler.scale, 3)
    assert larger.dtype == np.uint8
    assert f"x{upscaler.scale}" in name
    check_devices(dict(upscaler.devices), name)


@rows("gate")
def test_gate(name: str, pool: SessionPool) -> None:
    spec = pool.cache.catalog[name]
    gate = open_gate(spec, pool)
    assert (gate.name, gate.digest) == (name, spec.sha256)
    assert gate.exposed | gate.faces <= set(gate.labels)
    for finding in gate.look(PICTURE.bgr(), 320):
        assert finding.label in gate.labels
        assert 0 <= finding.score <= 1


@rows("mark")
def test_mark(name: str, pool: SessionPool) -> None:
    catalog, bits = pool.cache.catalog, np.arange(32, dtype=np.float32) % 2
    assert name in (mark_spec(catalog).name, reader_spec(catalog).name)
    if name == mark_spec(catalog).name:
        mark = open_mark(catalog[name], pool)
        change = mark.change(PICTURE, bits)
        assert change.shape[2:] == (3,)
        assert change.dtype == np.float32
        assert 0 < np.abs(change).max() < 3  # levels
        assert np.array_equal(change, mark.change(PICTURE, bits))
        check_devices(dict(mark.devices), name)
    else:
        read = open_reader(catalog[name], pool).read(PICTURE)
        assert read.shape == bits.shape
        assert np.isfinite(read).all()
