"""Cuts: seen between shots, and not in pans, zooms, flashes, noise and fades."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenes import texture
from understudy.analysis.shots import CutDetector, ShotDetector
from understudy.media.frame import Frame
from understudy.media.read import VideoReader

WIDTH, HEIGHT = 640, 360


@pytest.fixture(scope="module")
def world() -> NDArray[np.uint8]:
    """A place to look around in."""
    return texture(2600, 720, np.random.default_rng(11))


def cuts_in(pictures: Iterable[NDArray[np.floating] | NDArray[np.uint8]]) -> list[int]:
    detector = CutDetector()
    frames = [Frame.from_bgr(np.clip(picture, 0, 255).astype(np.uint8)) for picture in pictures]
    return [index for index, frame in enumerate(frames) if detector.is_cut(frame)]


def shots_in(pictures: Iterable[NDArray[np.floating] | NDArray[np.uint8]]) -> list[int]:
    """The frames in which shots begin, without the first."""
    detector = ShotDetector()
    frames = (Frame.from_bgr(np.clip(picture, 0, 255).astype(np.uint8)) for picture in pictures)
    told = [(index, detector.begins(frame)) for index, frame in enumerate(frames)]
    return [index - back for index, back in told if back is not None]


def view(world: NDArray[np.uint8], x: float, y: float = 100, scale: float = 1) -> NDArray[np.uint8]:
    matrix = np.array([[scale, 0, x], [0, scale, y]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(world, matrix, (WIDTH, HEIGHT), flags=flags), np.uint8)


def test_cuts_between_shots_are_seen() -> None:
    shots = [texture(WIDTH, HEIGHT, np.random.default_rng(seed)) for seed in range(4)]
    pictures = [np.roll(shot, 2 * step, 1) for shot in shots for step in range(6)]
    assert cuts_in(pictures) == [6, 12, 18]


def test_every_frame_may_be_a_shot() -> None:
    shots = [texture(WIDTH, HEIGHT, np.random.default_rng(seed)) for seed in range(5)]
    assert cuts_in(shots) == [1, 2, 3, 4]


@pytest.mark.parametrize("speed", [2, 8, 16, 24])
def test_a_pan_is_no_cut(world: NDArray[np.uint8], speed: float) -> None:
    still = [view(world, 0)] * 4
    assert cuts_in([*still, *(view(world, speed * t) for t in range(1, 30))]) == []


def test_a_zoom_is_no_cut(world: NDArray[np.uint8]) -> None:
    assert cuts_in(view(world, 400 + 6 * t, 100, 1 - 0.02 * t) for t in range(20)) == []


def test_noise_and_stillness_are_no_cuts(world: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(2)
    still = view(world, 300).astype(np.float32)
    assert (
        cuts_in([still] * 5 + [still + rng.normal(0, 12, still.shape) for _ in range(5)] + [still] * 3) == []
    )


@pytest.mark.parametrize("light", [1.3, 1.7])
def test_a_flash_is_no_cut(world: NDArray[np.uint8], light: float) -> None:
    still = view(world, 300).astype(np.float32)
    assert cuts_in([*[still] * 6, still * light, still * (1 + (light - 1) / 2), *[still] * 6]) == []


def test_a_fade_is_no_cut(world: NDArray[np.uint8]) -> None:
    still = view(world, 300).astype(np.float32)
    assert cuts_in(still * share for share in np.linspace(1, 0, 24)) == []


def slow(share: float) -> float:
    return float(np.clip(share, 0, 1) ** 2 * (3 - 2 * np.clip(share, 0, 1)))


@pytest.mark.parametrize("length", [8, 16, 24, 40])
@pytest.mark.parametrize("speed", [0, 3])
def test_a_dissolve_ends_its_shot_in_the_middle(world: NDArray[np.uint8], length: int, speed: float) -> None:
    other = texture(1400, 720, np.random.default_rng(5))
    share = [slow((t - 14) / length) for t in range(36 + length)]
    pictures = [
        (1 - s) * view(world, 300 + speed * t) + s * view(other, 20 + speed * t)  #
        for t, s in enumerate(share)
    ]
    assert shots_in(pictures) == [pytest.approx(14 + length / 2, abs=1 + length / 12)]


@pytest.mark.parametrize("ground", [0, 255])
def test_a_fade_and_what_comes_out_of_it_are_two_shots(world: NDArray[np.uint8], ground: float) -> None:
    other = texture(1400, 720, np.random.default_rng(5))
    away = [view(world, 300 + 2 * t) * s + ground * (1 - s) for t, s in enumerate(np.linspace(1, 0, 20))]
    nothing = [np.full((HEIGHT, WIDTH, 3), ground, np.float32)] * 4
    back = [view(other, 2 * t) * s + ground * (1 - s) for t, s in enumerate(np.linspace(0, 1, 20))]
    rest = [view(other, 40 + 2 * t) for t in range(12)]
    (begins,) = shots_in([*away, *nothing, *back, *rest])
    assert begins == pytest.approx(19, abs=1)
    assert shots_in([*nothing, *back, *rest]) == []


def test_nothing_but_a_cut_ends_a_shot_that_moves(world: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(2)
    still = view(world, 300).astype(np.float32)
    for speed in (3, 20):
        pan = [view(world, speed * t) for t in range(40)]
        assert shots_in([*[pan[0]] * 14, *pan, *[pan[-1]] * 14]) == []
    zoom = [view(world, 400 + 6 * t, 100, 1 - 0.02 * t) for t in range(26)]
    assert shots_in([*zoom, *[zoom[-1]] * 26]) == []
    assert shots_in([*[still] * 26, *(still * slow(t / 20 + 0.2) for t in range(30))]) == []
    assert shots_in([*[still] * 14, *[still * 0 + 255], *[still] * 14]) == []
    assert shots_in(still + rng.normal(0, 12, still.shape) for _ in range(14)) == []


def test_a_cut_to_the_same_framing_is_seen_though_the_surroundings_stay(world: NDArray[np.uint8]) -> None:
    one, other = (view(world, 300).copy() for _ in range(2))
    one[40:360, 160:480] = view(world, 900)[40:360, 160:480]
    other[40:360, 160:480] = 255 - view(world, 1500)[40:360, 160:480]
    assert shots_in([*[one] * 14, *[other] * 14]) == [14]


def test_a_cut_in_the_middle_of_a_pan(world: NDArray[np.uint8]) -> None:
    other = texture(1400, 720, np.random.default_rng(5))
    pictures = [view(world, 5 * t) for t in range(12)] + [view(other, 5 * t) for t in range(12)]
    assert cuts_in(pictures) == [12]


def test_a_real_take_has_no_cut_and_a_jump_to_a_portrait_is_one(
    shared_media: Path, portraits: list[Path]
) -> None:
    take = [frame.bgr() for frame in VideoReader(shared_media / "clips" / "car-1080p.mp4")][:12]
    portrait = np.asarray(cv2.imread(str(portraits[0])), np.uint8)
    assert cuts_in([*take, *[portrait] * 4]) == [12]
