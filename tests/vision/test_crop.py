from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from understudy.media.frame import Frame
from understudy.models.spec import load_catalog
from understudy.vision.crop import Crop, network_input, sample


def ramp(width: int = 640, height: int = 480) -> Frame:
    """Blue grows with x, green with y, red falls with x."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Frame.from_bgr(np.dstack([x, y, 255 - x]).round().astype(np.uint8))


@pytest.mark.parametrize(
    "angle", [0.1, 0.4, -1.0, math.pi - 0.3]
)  # upright, all pixels would be rounded alike
@pytest.mark.parametrize("size", [50.0, 192.0, 330.0])
def test_pixels_are_those_of_the_matrix(angle: float, size: float) -> None:
    crop, side = Crop(330.3, 236.7, size, angle), 96
    pixels = sample(ramp(), crop, side).astype(np.float64)
    centres = np.dstack(np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)).reshape(-1, 2)
    places = (centres @ crop.matrix(side)[:, :2].T + crop.matrix(side)[:, 2]).reshape(side, side, 2)
    inside = (places > 4).all(2) & (places < (635, 475)).all(2)
    for channel, last in ((0, 639), (1, 479)):
        # Rounded twice, and where four pixels are averaged a half is rounded up.
        assert np.abs(pixels[..., channel] - places[..., channel] * 255 / last)[inside].max() < 1.5
    # What grows and what falls are both rounded up: their difference is not. Half a pixel would be 0.2.
    across = (pixels[..., 0] - pixels[..., 2] + 255) / 2
    assert abs((across - places[..., 0] * 255 / 639)[inside].mean()) < 0.1


def test_the_middle_stays_the_middle() -> None:
    crop = Crop(10, 20, 64, 0.7)
    assert crop.matrix(128)[:, :2] @ (64, 64) + crop.matrix(128)[:, 2] == pytest.approx((10, 20))
    assert np.linalg.norm(crop.matrix(128)[:, 0]) == pytest.approx(0.5)


def test_stripes_do_not_alias() -> None:
    stripes = np.zeros((600, 600, 3), np.uint8)
    stripes[:, ::2] = 255
    pixels = sample(Frame.from_bgr(stripes), Crop(300, 300, 480, 0), 96)
    assert pixels.std() < 8


def test_outside_is_black_or_the_edge() -> None:
    white = Frame.from_bgr(np.full((100, 100, 3), 255, np.uint8))
    assert sample(white, Crop(-500, 0, 100, 0), 32).max() == 0
    half = sample(white, Crop(0, 50, 64, 0), 32)
    assert half[:, :14].max() == 0
    assert half[:, 18:].min() == 255
    assert sample(white, Crop(0, 50, 64, 0), 32, cv2.BORDER_REPLICATE).min() == 255


def test_a_small_move_samples_the_same_shrunken_pixels() -> None:
    noise = Frame.from_bgr(np.random.default_rng(0).integers(0, 256, (400, 400, 3)).astype(np.uint8))
    near = sample(noise, Crop(200, 200, 256, 0), 64).astype(int)
    moved = sample(noise, Crop(204, 200, 256, 0), 64).astype(int)
    assert np.abs(near[:, 1:] - moved[:, :-1]).max() <= 1


def test_network_input_scales_as_the_row_says() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[..., 2] = 255
    catalog = load_catalog()
    signed = network_input(pixels, catalog["blazeface-short"])
    assert signed.shape == (1, 3, 2, 3)
    assert np.allclose(signed[0, 0], 1)
    assert np.allclose(signed[0, 1:], -1)
    plain = network_input(pixels, catalog["facemesh-468"])
    assert np.allclose(plain[0, 0], 1)
    assert np.allclose(plain[0, 1:], 0)
