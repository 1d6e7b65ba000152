"""An overlay shows what would be there, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from understudy.core.types import Region
from understudy.media.frame import Frame
from understudy.vision.overlay import Overlay


@dataclass(frozen=True, eq=False)
class Change:
    region: Region
    bgr: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def noise(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def changes() -> tuple[Change, Change]:
    soft = np.zeros((60, 80), np.uint8)
    cv2.ellipse(soft, (40, 30), (30, 20), 0, 0, 360, 255, -1)
    soft = np.asarray(cv2.GaussianBlur(soft, (0, 0), 4), np.uint8)
    return (
        Change(Region(20, 30, 80, 60), noise(60, 80, 1), soft),
        Change(Region(60, 40, 40, 40), noise(40, 40, 2), np.full((40, 40), 128, np.uint8)),
    )


def test_it_is_what_blending_makes(changes: tuple[Change, Change]) -> None:
    pixels = noise(120, 160, 0)
    frame, blended = Frame.from_bgr(pixels), Frame.from_bgr(pixels)
    for change in changes:
        blended.blend(change.region, change.bgr, change.mask)
    overlay = Overlay(frame, changes)
    assert (overlay.width, overlay.height) == (160, 120)
    assert np.abs(overlay.bgr().astype(int) - blended.bgr()).max() <= 1
    for region in (
        Region(50, 50, 30, 20),
        Region(0, 0, 20, 30),
        Region(90, 80, 70, 40),
        *(c.region for c in changes),
    ):
        assert np.abs(overlay.bgr(region).astype(int) - blended.bgr(region)).max() <= 1
    # Where nothing is, and where a mask is 0 or 255, to the bit; and below all is as it was.
    untouched = np.ones((120, 160), bool)
    untouched[30:90, 20:100] = changes[0].mask == 0
    untouched[40:80, 60:100] = False
    np.testing.assert_array_equal(overlay.bgr()[untouched], pixels[untouched])
    solid = Change(changes[1].region, changes[1].bgr, np.full((40, 40), 255, np.uint8))
    np.testing.assert_array_equal(Overlay(frame, [solid]).bgr(solid.region), solid.bgr)
    np.testing.assert_array_equal(frame.bgr(), pixels)


def test_it_scales_as_a_picture_does(changes: tuple[Change, Change]) -> None:
    pixels = cv2.GaussianBlur(noise(120, 160, 0), (0, 0), 3)
    overlay = Overlay(Frame.from_bgr(np.asarray(pixels, np.uint8)), changes)
    whole = Frame.from_bgr(overlay.bgr())
    for region, size in (
        (None, (40, 30)),
        (Region(16, 24, 64, 48), (32, 24)),
        (Region(16, 24, 64, 48), (96, 72)),
    ):
        assert np.abs(overlay.bgr(region, size).astype(int) - whole.bgr(region, size)).max() <= 1
