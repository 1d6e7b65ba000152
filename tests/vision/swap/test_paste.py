"""What goes back into the picture: where, how softly, in which colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenes import texture
from understudy.media.frame import Frame
from understudy.vision import paste as module
from understudy.vision.align import TEMPLATES, Alignment, cut, fit
from understudy.vision.color_match import match_colors
from understudy.vision.mask.box import box_mask
from understudy.vision.paste import paste, warp_mask

Pixels = NDArray[np.uint8]


def aligned(middle: tuple[float, float], extent: float, size: int = 128, degrees: float = 0) -> Alignment:
    turn = np.deg2rad(degrees)
    matrix = extent * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (TEMPLATES["arcface_128"] - 0.5) @ matrix.T + middle
    return fit(points.astype(np.float32), "arcface_128", size)


@pytest.fixture(scope="module")
def soft_picture() -> Pixels:
    return np.asarray(cv2.GaussianBlur(texture(640, 480, np.random.default_rng(3)), (0, 0), 6), np.uint8)


@pytest.mark.parametrize("extent", [100.0, 128.0, 300.0])
def test_what_was_cut_goes_back_where_it_was(extent: float, soft_picture: Pixels) -> None:
    frame = Frame.from_bgr(soft_picture)
    alignment = aligned((320, 240), extent, degrees=17)
    patch = paste(frame, alignment, cut(frame, alignment), np.full((128, 128), 255, np.uint8))
    region, inside = patch.region, patch.mask == 255
    under = soft_picture[region.y : region.bottom, region.x : region.right]
    assert np.abs(patch.bgr.astype(int) - under)[inside].mean() < 0.6
    assert inside.sum() == pytest.approx(extent**2, rel=0.05)


def test_a_hard_edge_does_not_turn_dark() -> None:
    frame = Frame.from_bgr(np.full((300, 300, 3), 200, np.uint8))
    patch = paste(
        frame,
        aligned((150, 150), 200, 64, 30),
        np.full((64, 64, 3), 200, np.uint8),
        np.ones((64, 64), np.float32),
    )
    assert patch.bgr[patch.mask > 0].min() >= 199
    assert (patch.mask[[0, -1]] == 0).sum() > 0
    frame.blend(patch.region, patch.bgr, patch.mask)
    assert frame.bgr().min() >= 199


def test_nothing_outside_the_region_is_touched(soft_picture: Pixels) -> None:
    frame = Frame.from_bgr(soft_picture)
    patch = paste(frame, aligned((600, 30), 160), np.zeros((128, 128, 3), np.uint8), box_mask(128))
    assert patch.region.right == 640
    assert patch.region.y == 0
    frame.blend(patch.region, patch.bgr, patch.mask)
    changed = (frame.bgr() != soft_picture).any(2)
    full = np.zeros(changed.shape, np.uint8)
    full[patch.region.y : patch.region.bottom, patch.region.x : patch.region.right] = patch.mask
    assert changed.sum() > 5000
    assert not changed[full == 0].any()


@pytest.mark.parametrize("degrees", [0, 33])
def test_bands_show_no_seams(degrees: float, soft_picture: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    frame, alignment = Frame.from_bgr(soft_picture), aligned((300, 200), 333, degrees=degrees)
    crop, mask = cut(frame, alignment), box_mask(128)
    at_once = paste(frame, alignment, crop, mask)
    monkeypatch.setattr(module, "_BAND", 1000)
    in_bands = paste(frame, alignment, crop, mask)
    assert in_bands.region == at_once.region
    assert np.abs(in_bands.bgr.astype(int) - at_once.bgr).max() <= 1
    assert np.abs(in_bands.mask.astype(int) - at_once.mask).max() <= 1


def test_a_mask_alone_lands_as_with_its_crop(soft_picture: Pixels) -> None:
    frame, alignment, mask = (
        Frame.from_bgr(soft_picture),
        aligned((300, 200), 250, 256, 12),
        box_mask(256, 0.5),
    )
    patch = paste(frame, alignment, np.zeros((256, 256, 3), np.uint8), mask)
    for levels in (mask, mask / np.float32(255)):
        warped = warp_mask(alignment, levels, patch.region)
        assert np.abs(warped.astype(int) - patch.mask).max() <= 1


def test_the_box_is_soft_and_padded() -> None:
    plain = box_mask(128, 0.3)
    assert plain[64, 64] == 255
    assert plain.max(0)[0] == plain.max(1)[0] == 0
    assert np.array_equal(plain, plain.T)
    # b = 19: the blur's middle lies 9 pixels from the edge.
    assert plain[64, 8] < 128 <= plain[64, 10]
    padded = box_mask(200, 0.0, (10, 20, 30, 40))
    rows, columns = np.flatnonzero(padded.max(1)), np.flatnonzero(padded.max(0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (20, 139, 80, 159)
    assert np.array_equal(np.unique(padded), (0, 255))


def test_colours_take_on_the_other_crops_mean_and_spread() -> None:
    rng = np.random.default_rng(4)
    base = rng.normal(size=(64, 64, 3))
    skewed = np.eye(3) + rng.normal(size=(2, 3, 3)) * 0.15
    own = np.clip(base @ skewed[0] * 18 + (150, 90, 110), 0, 255).astype(np.uint8)
    like = np.clip(base[::-1] @ skewed[1] * 25 + (90, 120, 140), 0, 255).astype(np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[8:56, 8:56] = 255

    def inside(pixels: Pixels) -> NDArray[np.float64]:
        return pixels[8:56, 8:56].reshape(-1, 3).astype(np.float64)

    matched = match_colors(own, like, mask, 1.0)
    assert inside(matched).mean(0) == pytest.approx(inside(like).mean(0), abs=1)
    assert np.cov(inside(matched).T) == pytest.approx(np.cov(inside(like).T), rel=0.15, abs=12)
    half = inside(match_colors(own, like, mask, 0.5)).mean(0)
    assert half == pytest.approx((inside(own).mean(0) + inside(like).mean(0)) / 2, abs=1)
    assert match_colors(own, like, mask, 0) is own


def test_flat_colours_are_only_shifted() -> None:
    flat = np.full((32, 32, 3), (10, 200, 90), np.uint8)
    noisy = np.random.default_rng(5).integers(60, 200, (32, 32, 3)).astype(np.uint8)
    full = np.full((32, 32), 255, np.uint8)
    matched = match_colors(flat, noisy, full, 1.0)
    assert np.ptp(matched.reshape(-1, 3), 0).max() == 0
    assert matched[0, 0] == pytest.approx(noisy.mean((0, 1)), abs=1)
    # And noise is not raised to contrast.
    grain = (flat + np.random.default_rng(6).integers(0, 3, flat.shape)).astype(np.uint8)
    assert match_colors(grain, noisy, full, 1.0).std((0, 1)).max() < 2.5
