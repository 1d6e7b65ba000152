"""Restorers: what goes in and comes out, where it is cut out, and how much of it is taken."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from graphs_catalog import pool_with
from graphs_enhance import ARCFACE_128, FFHQ_512, GAMMA, WEIGHT_LEVELS, Points, broken, restorer
from understudy.core.errors import ModelError, ModelMissing, PlanError
from understudy.core.plan import Look
from understudy.core.types import Face, FloatArray, TrackedFace
from understudy.media.frame import Frame
from understudy.models.spec import load_catalog
from understudy.vision.enhance.families import choose_enhancer, open_enhancer
from understudy.vision.roles import Enhancer, Patch


def leaning(template: Points) -> FloatArray:
    """The points of a face that fits a template and leans to the right."""
    turn = 390 * np.array([[np.cos(0.2), np.sin(0.2)], [-np.sin(0.2), np.cos(0.2)]])
    return np.asarray((np.array(template) - 0.5) @ turn + (230, 200), np.float32)


def tracked(points: FloatArray) -> TrackedFace:
    low, high = points.min(0), points.max(0)
    return TrackedFace(0, Face(np.array([*low, *high], np.float32), 0.9, points))


def soft_picture(seed: int = 0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    small = rng.integers(40, 216, (5, 6, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (480, 400), interpolation=cv2.INTER_CUBIC), np.uint8)


def opened(folder: Path, name: str, graph: bytes, look: Look | None = None) -> Enhancer:
    pool = pool_with({name: graph}, folder)
    return open_enhancer(choose_enhancer(name, pool.cache.catalog), pool, look or Look(enhancer_blend=1))


def restored(enhancer: Enhancer, pixels: NDArray[np.uint8], template: Points = FFHQ_512) -> Patch:
    patch = enhancer.enhance(Frame.from_bgr(pixels), tracked(leaning(template)))
    assert patch is not None
    return patch


def powers(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(255 * (pixels / 255) ** np.array(GAMMA[::-1]))


CASES = {
    "gfpgan_1.4": restorer(512),
    "restoreformer_plus_plus": restorer(512),
    "codeformer": restorer(512, weight="w"),
    "vqfr_v2": restorer(512, weight="fidelity_ratio"),
    "gpen_bfr_256": restorer(256, ARCFACE_128),
    "gpen_bfr_512": restorer(512),
    "gpen_bfr_1024": restorer(1024),
}


@pytest.mark.parametrize("name", CASES)
def test_colours_go_in_and_come_out_as_published(tmp_path: Path, name: str) -> None:
    look = Look(enhancer_blend=1, enhancer_weight=0)
    patch = restored(opened(tmp_path, name, CASES[name], look), pixels := soft_picture())
    x, y, width, height = patch.region
    difference = np.abs(patch.bgr - powers(pixels[y : y + height, x : x + width])).max(2)
    inside = patch.mask == 255
    assert inside.sum() > 20_000
    # The dots are elsewhere than on nine tenths of it.
    assert np.quantile(difference[inside], 0.9) <= 3


def dots(patch: Patch) -> NDArray[np.float64]:
    """(n, 2) where the model has painted its dots."""
    _, _, _, centres = cv2.connectedComponentsWithStats((patch.bgr.min(2) > 200).astype(np.uint8))
    return np.asarray(np.add(centres[1:], (patch.region.x, patch.region.y)))


@pytest.mark.parametrize("name", CASES)
def test_the_face_is_where_the_model_was_taught_that_it_is(tmp_path: Path, name: str) -> None:
    template = ARCFACE_128 if name == "gpen_bfr_256" else FFHQ_512
    patch = restored(opened(tmp_path, name, CASES[name]), np.full((400, 480, 3), 60, np.uint8), template)
    found = dots(patch)
    assert len(found) == 5
    for point in leaning(template):
        assert np.linalg.norm(found - point, axis=1).min() < 1.5


def test_templates_can_be_told_apart(tmp_path: Path) -> None:
    graph = restorer(512, ARCFACE_128)
    found = dots(restored(opened(tmp_path, "gfpgan_1.4", graph), np.full((400, 480, 3), 60, np.uint8)))
    for point in leaning(FFHQ_512)[:3]:
        assert np.linalg.norm(found - point, axis=1).min() > 8


@pytest.mark.parametrize("name", ["codeformer", "vqfr_v2"])
def test_the_weight_reaches_the_second_input(tmp_path: Path, name: str) -> None:
    pixels = np.full((400, 480, 3), 100, np.uint8)
    levels = []
    for weight in (0.0, 0.4, 1.0):
        look = Look(enhancer_blend=1, enhancer_weight=weight)
        patch = restored(opened(tmp_path, name, CASES[name], look), pixels)
        levels.append(float(np.median(patch.bgr[patch.mask == 255][:, 1])))
    np.testing.assert_allclose(
        np.subtract(levels, levels[0]), [0, 0.4 * WEIGHT_LEVELS, WEIGHT_LEVELS], atol=1
    )


def test_half_precision_graphs_take_part(tmp_path: Path) -> None:
    patch = restored(
        opened(tmp_path, "gfpgan_1.4", restorer(512, kind=TensorProto.FLOAT16)), pixels := soft_picture()
    )
    x, y, width, height = patch.region
    difference = np.abs(patch.bgr - powers(pixels[y : y + height, x : x + width])).max(2)
    assert np.quantile(difference[patch.mask == 255], 0.9) <= 3


def test_blend_is_the_weight_of_the_new_face(tmp_path: Path) -> None:
    pixels = soft_picture()
    whole = restored(opened(tmp_path, "gfpgan_1.4", CASES["gfpgan_1.4"]), pixels)
    for blend in (0.0, 0.5):
        look = Look(enhancer_blend=blend)
        part = restored(opened(tmp_path, "gfpgan_1.4", CASES["gfpgan_1.4"], look), pixels)
        assert np.abs(part.mask - blend * whole.mask.astype(float)).max() <= 1
        assert part.mask.max() == round(255 * blend)


def test_the_box_is_the_users(tmp_path: Path) -> None:
    pixels, graph = soft_picture(), CASES["gfpgan_1.4"]
    free = restored(opened(tmp_path, "gfpgan_1.4", graph), pixels)
    look = Look(enhancer_blend=1, mask_padding=(40, 0, 0, 0))
    padded = restored(opened(tmp_path, "gfpgan_1.4", graph, look), pixels)
    assert padded.mask.sum() < 0.8 * free.mask.sum()
    look = Look(enhancer_blend=1, mask=("mouth",))
    unboxed = restored(opened(tmp_path, "gfpgan_1.4", graph, look), pixels)
    assert unboxed.mask.sum() > free.mask.sum()


def test_a_small_face_takes_the_mean_of_detail_that_it_cannot_show(tmp_path: Path) -> None:
    # Dots ten pixels apart, of which the picture shows every tenth pixel.
    grid = [(x / 1024, y / 1024) for x in range(2, 1024, 10) for y in range(2, 1024, 10)]
    enhancer = opened(tmp_path, "gpen_bfr_1024", restorer(1024, grid, radius=2))
    pixels = np.full((400, 480, 3), 60, np.uint8)
    points = (np.array(FFHQ_512) - 0.5) * 103 + (240.3, 200.4)
    patch = enhancer.enhance(Frame.from_bgr(pixels), tracked(points.astype(np.float32)))
    assert patch is not None
    inside = patch.bgr[patch.mask == 255].astype(float)
    assert len(inside) > 2000
    assert inside[:, 1].mean() > 70
    assert inside.std(0).max() < 8


def test_a_small_face_stays_where_it_is(tmp_path: Path) -> None:
    points = ((np.array(FFHQ_512) - 0.5) * 120 + (240.3, 200.4)).astype(np.float32)
    pixels = soft_picture()
    patch = opened(tmp_path, "gpen_bfr_1024", restorer(1024, ())).enhance(
        Frame.from_bgr(pixels), tracked(points)
    )
    assert patch is not None
    x, y, width, height = patch.region
    difference = np.abs(patch.bgr - powers(pixels[y : y + height, x : x + width])).max(2)
    assert difference[patch.mask == 255].max() <= 4


def test_far_outside_the_picture_there_is_nothing_to_restore(tmp_path: Path) -> None:
    enhancer = opened(tmp_path, "gfpgan_1.4", CASES["gfpgan_1.4"])
    away = tracked(leaning(FFHQ_512) + np.array([5000, 0], np.float32))
    assert enhancer.enhance(Frame.from_bgr(soft_picture()), away) is None


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gfpgan_1\.4 gave numbers that are not finite"):
        restored(opened(tmp_path, "gfpgan_1.4", broken(512)), soft_picture())
    with pytest.raises(PlanError, match="no enhancer 'gfpgan'") as caught:
        choose_enhancer("gfpgan", load_catalog())
    assert "gfpgan_1.4" in caught.value.next_step
    with pytest.raises(ModelError, match="1 inputs"):
        opened(tmp_path / "one", "codeformer", restorer(512))
    pool = pool_with({}, tmp_path / "none")
    with pytest.raises(ModelMissing) as missing:
        open_enhancer(pool.cache.catalog["gfpgan_1.4"], pool, Look())
    assert "gfpgan_1.4" in str(missing.value)
