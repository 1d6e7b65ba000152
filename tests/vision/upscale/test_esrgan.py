"""Upscalers: what goes in and comes out, and that nobody sees the tiles."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from graphs_catalog import pool_with
from graphs_enhance import GAMMA, upscaler
from understudy.core.errors import ModelError, PlanError
from understudy.models.spec import ModelSpec, load_catalog
from understudy.vision.roles import Upscaler
from understudy.vision.upscale.esrgan import TiledUpscaler
from understudy.vision.upscale.families import choose_upscaler, open_upscaler


def opened(folder: Path, name: str, graph: bytes, **settings: int) -> Upscaler:
    pool = pool_with({name: graph}, folder)
    spec = choose_upscaler(name, pool.cache.catalog)
    return open_upscaler(spec.model_copy(update={"settings": {**spec.settings, **settings}}), pool)


def expected(pixels: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    """What the tiny network does to a whole picture, its edges reflected."""
    kernel = np.outer((0.25, 0.5, 0.25), (0.25, 0.5, 0.25))
    soft = cv2.filter2D(pixels / 255, -1, kernel, borderType=cv2.BORDER_REFLECT)
    large = soft.repeat(scale, 0).repeat(scale, 1) ** np.array(GAMMA[::-1])
    return np.asarray(np.rint(np.clip(1.1 * large - 0.05, 0, 1) * 255), np.uint8)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "scale"), [("real_esrgan_x2", 2), ("real_esrgan_x4", 4), ("realesr_general_x4", 4)]
)
def test_it_is_the_networks_picture_in_size_and_colour(tmp_path: Path, name: str, scale: int) -> None:
    upscaling = opened(tmp_path, name, upscaler(scale))
    assert upscaling.scale == scale
    assert list(upscaling.devices) == [name]
    pixels = noise(90, 130)
    large = upscaling.upscale(pixels)
    assert large.shape == (90 * scale, 130 * scale, 3)
    assert np.abs(large.astype(int) - expected(pixels, scale)).max() <= 1


@pytest.mark.parametrize("tile", [32, 64, 96])
@pytest.mark.parametrize("size", [(1, 1), (31, 64), (64, 64), (65, 64), (200, 333)])
def test_tiles_are_not_seen(tmp_path: Path, tile: int, size: tuple[int, int]) -> None:
    pixels = noise(*size)
    large = opened(tmp_path, "real_esrgan_x2", upscaler(2), tile=tile, overlap=16).upscale(pixels)
    assert np.abs(large.astype(int) - expected(pixels, 2)).max() <= 1


def test_where_tiles_differ_they_fade_into_each_other() -> None:
    # A network that darkens towards the edges of whatever it is shown, as one does whose reach is beyond a tile.
    class Vignetting:
        device = "cpu"

        def run(
            self, inputs: dict[str, NDArray[np.float32]], outputs: tuple[str, ...] = ()
        ) -> dict[str, NDArray[np.float32]]:
            del outputs
            (value,) = inputs.values()
            ramp = np.linspace(-1, 1, value.shape[2], dtype=np.float32) ** 2
            dark = value * (1 - 0.1 * ramp[:, None] - 0.1 * ramp)
            return {"y": dark.repeat(2, 2).repeat(2, 3)}

    spec = load_catalog()["real_esrgan_x2"]
    grey = np.full((300, 300, 3), 200, np.uint8)
    large = TiledUpscaler(spec, Vignetting(), 2, 96, 32).upscale(grey)[..., 0].astype(int)
    assert large.max() - large.min() > 20
    assert np.abs(np.diff(large, axis=0)).max() <= 2
    assert np.abs(np.diff(large, axis=1)).max() <= 2


def test_half_precision_graphs_take_part(tmp_path: Path) -> None:
    pixels = noise(80, 80)
    large = opened(tmp_path, "real_esrgan_x2", upscaler(2, TensorProto.FLOAT16)).upscale(pixels)
    assert np.abs(large.astype(int) - expected(pixels, 2)).max() <= 2


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="its row says 4 times"):
        opened(tmp_path / "1", "real_esrgan_x4", upscaler(2)).upscale(noise(8, 8))
    with pytest.raises(ModelError, match="overlap must be at most half"):
        opened(tmp_path / "2", "real_esrgan_x4", upscaler(4), tile=64, overlap=40)
    with pytest.raises(PlanError, match="no upscaler 'esrgan'") as caught:
        choose_upscaler("esrgan", load_catalog())
    assert "real_esrgan_x4" in caught.value.next_step


def test_every_row_says_its_scale() -> None:
    def scale(spec: ModelSpec) -> int:
        return int(spec.settings["scale"])

    rows = load_catalog().role("upscaler")
    assert all(f"x{scale(spec)}" in spec.name for spec in rows)
