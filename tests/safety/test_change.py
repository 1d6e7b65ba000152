"""What a swap changed: nothing of it escapes the gate, and nothing else is looked at again."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gates import Eye, policy_of, sample
from graphs_catalog import pool_with
from graphs_gate import EXPOSED, finds_magenta
from understudy.core.errors import Undetermined
from understudy.core.types import Face, Region
from understudy.media.frame import Frame
from understudy.safety.change import Before, Change
from understudy.safety.evidence import Sample
from understudy.safety.look import Inspector, Place
from understudy.safety.policy import load_policy
from understudy.vision.gate.families import open_gate
from understudy.vision.roles import Gate

MAGENTA = (255, 0, 255)
RESULT = Place("output", "b.png")


def face(left: float, top: float, size: float) -> Face:
    box = np.array([left, top, left + size, top + size], np.float32)
    return Face(box, 0.9, np.full((5, 2), left + size / 2, np.float32))


def scene(width: int = 1920, height: int = 1080) -> Frame:
    """A picture in which no two parts are alike."""
    small = np.random.default_rng(1).integers(40, 160, (height // 8, width // 8, 3)).astype(np.uint8)
    return Frame.from_bgr(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


def paint(frame: Frame, region: Region, colour: tuple[int, int, int] = MAGENTA) -> None:
    full: NDArray[np.uint8] = np.full((region.height, region.width), 255, np.uint8)
    frame.blend(region, np.full((*full.shape, 3), colour, np.uint8), full)


def changes(frame: Frame, *faces: Face, region: Region) -> list[Change]:
    before = Before(frame, faces, 640, 256)
    paint(frame, region)
    return list(before.changes(frame))


def covers(change: Change, region: Region) -> bool:
    around = change.region
    return (
        around.x <= region.x
        and around.y <= region.y
        and around.right >= region.right
        and around.bottom >= region.bottom
    )


def test_what_was_not_changed_is_not_looked_at_again() -> None:
    frame = scene()
    assert not list(Before(frame, [face(300, 300, 100)], 640, 256).changes(frame))


@pytest.mark.parametrize("size", [30, 100, 135, 400, 900])
def test_the_changed_part_is_shown_with_a_margin_and_no_smaller_than_before(size: int) -> None:
    region = Region(400, 100 + size // 4 // 2 * 2, size // 2 // 2 * 2, size // 2 // 2 * 2)
    [change] = changes(scene(), face(400 - size / 4, 100, size), region=region)
    assert covers(change, region)
    least = max(min(256 / (2.6 * size), 1.0), 1 / 3)  # of what is shown to what there is
    scale = change.pixels.shape[1] / change.region.width
    assert scale == pytest.approx(least, rel=0.02)
    assert change.region.width == pytest.approx(region.width + 0.6 * size, abs=4 / scale)


@pytest.mark.parametrize("faces", [(), (face(300, 300, 100),)])
def test_what_is_changed_far_from_every_face_is_noticed_too(faces: tuple[Face, ...]) -> None:
    label = Region(40, 1000, 90, 40)
    [change] = changes(scene(), *faces, region=label)
    assert covers(change, label)
    assert max(change.pixels.shape) < 200


def test_a_change_that_reaches_out_of_a_faces_surroundings_is_shown_in_both() -> None:
    near, elsewhere = changes(scene(), face(600, 400, 100), region=Region(640, 420, 500, 20))
    assert near.region.right <= 650 + 130 < 1140 <= elsewhere.region.right


@pytest.fixture(scope="module")
def magenta(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    pool = pool_with({"nudenet-320n": finds_magenta()}, tmp_path_factory.mktemp("magenta"))
    return open_gate(pool.cache.catalog["nudenet-320n"], pool)


def look(inspector: Inspector, frame: Frame, faces: list[Face], *painted: Region) -> Sample:
    """What is seen of a result in which something was painted over."""
    known = inspector.look(Place("target", "a.png"), frame, faces)
    before = inspector.before(Place("target", "a.png"), frame, faces)
    for region in painted:
        paint(frame, region)
    return inspector.look_changed(RESULT, frame, faces, known, before)


def test_a_small_positive_is_found_wherever_a_swap_puts_it(magenta: Gate) -> None:
    """12 pixels on one of four people, and 24 elsewhere in 4K, with the box that tells where."""
    inspector = Inspector(load_policy(), [magenta])
    rng = np.random.default_rng(4)
    faces = [face(400 + 800 * index, 500, 135) for index in range(4)]
    for _ in range(8):
        left, top, _, _ = faces[rng.integers(4)].bbox
        on_face = Region(*(int(edge + rng.integers(0, 110)) // 2 * 2 for edge in (left, top)), 12, 12)
        elsewhere = Region(int(rng.integers(0, 1900)) * 2, int(rng.integers(500, 1050)) * 2, 24, 24)
        for spot in (on_face, elsewhere):
            sample = look(inspector, scene(3840, 2160), faces, spot)
            assert (sample.views, sample.changed) == (1, True)
            assert [hit.label for hit in sample.seen] == [EXPOSED], spot


def test_a_result_that_cannot_be_looked_at_is_refused() -> None:
    def fail(_pixels: Any) -> Any:
        raise RuntimeError("the device is lost")

    frame, faces = scene(), [face(300, 300, 100)]
    inspector = Inspector(policy_of("eye"), [Eye(fail)])
    before = inspector.before(Place("target", "a.png"), frame, faces)
    unchanged = inspector.look_changed(RESULT, frame, faces, sample(), before)
    assert (unchanged.views, unchanged.changed) == (0, False)
    paint(frame, Region(320, 320, 40, 40))
    with pytest.raises(Undetermined, match="of the output: the device is lost"):
        inspector.look_changed(RESULT, frame, faces, sample(), before)


def test_a_frame_that_cannot_be_kept_is_refused() -> None:
    class Broken:
        width, height = 640, 360

        def bgr(self, *_: Any) -> Any:
            raise ValueError("the region cannot be decoded")

    with pytest.raises(Undetermined, match="frame 0 of the target: the region cannot be decoded"):
        Inspector(policy_of("eye"), [Eye()]).before(Place("target", "a.png"), Broken(), ())


@pytest.mark.parametrize("grown_up", [True, False])
def test_a_result_is_of_no_older_people_than_its_target(grown_up: bool) -> None:
    inspector, frame, faces = Inspector(policy_of("eye"), [Eye()]), scene(), [face(300, 300, 100)]
    before = inspector.before(Place("target", "a.png"), frame, faces)
    paint(frame, Region(320, 320, 40, 40))
    known = sample(grown_up=grown_up)
    assert inspector.look_changed(RESULT, frame, faces, known, before).grown_up == grown_up


def test_a_result_says_how_often_it_was_looked_at() -> None:
    inspector = Inspector(policy_of("eye"), [Eye()])
    faces = [face(300, 300, 100), face(900, 300, 100)]
    on_faces = Region(320, 320, 40, 40), Region(920, 320, 40, 40)
    for painted in (on_faces[:0], on_faces[:1], on_faces):
        sample = look(inspector, scene(), faces, *painted)
        assert (sample.views, sample.changed) == (len(painted), bool(painted))
