"""What has changed in a face, and what was drawn over it carried to other frames."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from moving_face import MovingFace
from understudy.core.types import Region
from understudy.media.frame import Frame
from understudy.vision.canonical import load_canonical
from understudy.vision.carry import Drawn, carry, flattened
from understudy.vision.overlay import Overlay
from understudy.vision.paste import Pasted
from understudy.vision.sight import SIDE, Sight, change, passage, see

CANONICAL = load_canonical()
STILL = MovingFace()


def sight(face: MovingFace, light: float = 1.0, pixels: NDArray[np.uint8] | None = None) -> Sight:
    shown = face.pixels(light=light) if pixels is None else pixels
    seen = see(CANONICAL, Frame.from_bgr(shown), face.row)
    assert seen is not None
    return seen


def swapped(face: MovingFace, light: float = 1.0) -> Pasted:
    """A swap whose result is known for every pose: the face's colours turned round and doubled in contrast."""
    pixels = face.pixels(light=light).astype(np.float32)
    whole = Region(0, 0, 240, 240)
    mask = np.zeros((240, 240), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(face.landmarks[:, :2].astype(np.int32)), 255)
    mask = cv2.GaussianBlur(cv2.erode(mask, np.ones((9, 9), np.uint8)), (0, 0), 2)
    return Pasted(whole, np.clip(pixels[..., ::-1] * (0.9, 0.7, 0.8), 0, 255).astype(np.uint8), mask)


def drawn(face: MovingFace, light: float = 1.0) -> Drawn:
    return Drawn.of(sight(face, light), [swapped(face, light)])


def result(face: MovingFace, patch: Pasted | None, light: float = 1.0) -> NDArray[np.float64]:
    assert patch is not None
    frame = Frame.from_bgr(face.pixels(light=light))
    frame.blend(patch.region, patch.bgr, patch.mask)
    return frame.bgr().astype(np.float64)


def psnr(face: MovingFace, patch: Pasted | None, light: float = 1.0) -> float:
    """Of a carried frame to the one drawn by itself, where that changes anything."""
    truth = swapped(face, light)
    off = (result(face, patch, light) - result(face, truth, light))[truth.mask > 0]
    return float(10 * np.log10(255**2 / (off**2).mean()))


def carried(now: MovingFace, before: Drawn, after: Drawn, share: float, light: float = 1.0) -> Pasted | None:
    return carry(CANONICAL, now.frame(), sight(now, light), before, after, share)


def test_every_face_lies_alike_in_the_square() -> None:
    places = [sight(face).points for face in (STILL, replace(STILL, x=90, y=140, width=80, roll=25))]
    assert np.abs(places[0] - places[1]).max() < 0.1
    assert 0.4 * SIDE < np.ptp(places[0][:, 0]) < 0.6 * SIDE


@pytest.mark.parametrize(
    "now",
    [
        STILL,
        replace(STILL, x=123.3, y=118.2),
        replace(STILL, roll=9),
        replace(STILL, width=118),
        replace(STILL, yaw=3),
    ],
)
def test_small_changes_are_carried(now: MovingFace) -> None:
    assert change(CANONICAL, sight(now), sight(STILL)) < 1


@pytest.mark.parametrize(
    "now",
    [
        replace(STILL, yaw=9),
        replace(STILL, width=145),
        replace(STILL, shut=0.8),
        replace(STILL, parted=0.03),
    ],
)
def test_pose_lids_and_lips_make_a_keyframe(now: MovingFace) -> None:
    assert change(CANONICAL, sight(now), sight(STILL)) >= 1


def test_light_and_a_hand_make_a_keyframe() -> None:
    assert change(CANONICAL, sight(STILL, 0.95), sight(STILL)) < 1
    assert change(CANONICAL, sight(STILL, 0.75), sight(STILL)) >= 1
    hidden = STILL.pixels()
    hidden[130:165, 70:120] = (40, 60, 60)
    assert change(CANONICAL, sight(STILL, pixels=hidden), sight(STILL)) >= 1


def test_a_moved_face_is_found_again() -> None:
    now, then = replace(STILL, yaw=4, parted=0.01), replace(STILL, x=130, roll=5)
    way = passage(CANONICAL, sight(now), sight(then))
    points = sight(now).points[:, :2]
    at = np.rint(points).astype(int)
    found = points + way.shift[at[:, 1], at[:, 0]]
    middle = CANONICAL.vertices[:, 2] < 0.1
    assert np.abs(found - sight(then).points[:, :2])[middle].mean() < 0.5


def test_between_two_keyframes_a_frame_looks_as_if_drawn() -> None:
    before, after = replace(STILL, yaw=-3, roll=-2), replace(STILL, yaw=3, x=126, roll=3)
    now = replace(STILL, x=123, roll=1)
    patch = carried(now, drawn(before), drawn(after), 0.5)
    assert psnr(now, patch) > 32
    # Left where it was, the new face is far off.
    assert psnr(now, swapped(before)) < 25


def test_the_light_of_now() -> None:
    now = replace(STILL, x=122)
    patch = carried(now, drawn(STILL), drawn(STILL), 0.5, light=0.8)
    assert psnr(now, patch, 0.8) > 32
    assert psnr(now, carried(now, drawn(STILL), drawn(STILL), 0.5), 0.8) < 25


def test_an_eye_comes_from_the_frame_in_which_it_was_as_it_is_now() -> None:
    shut = replace(STILL, shut=1.0)
    one, other = drawn(STILL), drawn(shut)
    for now, near in ((STILL, swapped(STILL)), (shut, swapped(shut))):
        patch = carried(now, one, other, 0.5)
        assert patch is not None
        eyes = np.concatenate([now.landmarks[eye, :2] for eye in CANONICAL.eyes]).astype(int)
        here = result(now, patch)[eyes[:, 1], eyes[:, 0]]
        assert np.abs(here - result(now, near)[eyes[:, 1], eyes[:, 0]]).mean() < 6


def test_nothing_drawn_fades() -> None:
    nothing = Drawn.of(sight(STILL), ())
    assert carried(STILL, nothing, nothing, 0.5) is None
    patch = carried(STILL, nothing, drawn(STILL), 0.5)
    assert patch is not None
    assert 100 < patch.mask[120, 120] < 156


def test_the_picture_ends_and_the_patch_with_it() -> None:
    edge = replace(STILL, x=20)
    patch = carried(replace(edge, x=12), drawn(edge), drawn(edge), 0.5)
    assert patch is not None
    assert patch.region.x == 0
    assert patch.mask[:, 0].max() > 200
    assert psnr(replace(edge, x=12), patch) > 30


def test_patches_in_one() -> None:
    rng = np.random.default_rng(3)
    under = Frame.from_bgr(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8))
    patches = [
        Pasted(region, *(rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((30, 40, 3), (30, 40))))
        for region in (Region(10, 4, 40, 30), Region(22, 20, 40, 30))
    ]
    one = flattened(patches)
    assert one is not None
    assert one.region == Region(10, 4, 52, 46)
    expected = Overlay(under, patches).bgr().astype(int)
    assert np.abs(Overlay(under, [one]).bgr() - expected).max() <= 2
    assert flattened(patches[:1]) is patches[0]
    assert flattened(()) is None
