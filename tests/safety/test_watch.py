"""Watching a render: what is looked at, what is kept, what a second run costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gates import Eye, guard_of, policy_of, sample
from understudy.core.errors import Blocked, Undetermined
from understudy.core.types import Face, Region, TrackedFace
from understudy.core.verdict import Allow, Seen
from understudy.media.frame import Frame
from understudy.safety.watch import Subject, Watch
from understudy.vision.roles import BgrImage, Finding, Looks

RATE = 24
BOX = np.array([20, 20, 60, 60], np.float32)
FACE = Face(BOX, 0.9, np.full((5, 2), 40, np.float32))


class Looking:
    """A network that counts, and finds white."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self, pixels: BgrImage) -> tuple[Finding, ...]:
        self.looks += 1
        return (Finding("NUDE", 0.9, (0.0, 0.0, 5.0, 5.0)),) if pixels.max() > 250 else ()


def rows(count: int, white: tuple[int, ...] = ()) -> Iterator[tuple[Frame, tuple[Any, ...]]]:
    for index in range(count):
        pixels = np.full((96, 128, 3), 255 if index in white else 90, np.uint8)
        frame = Frame.from_bgr(pixels)
        frame.pts, frame.time_base = index, Fraction(1, RATE)
        yield frame, (TrackedFace(0, FACE),)


def watch_of(folder: Path, looking: Looking, key: Any = "film", **options: Any) -> Watch:
    def second(frame: Frame) -> int:
        return frame.pts // RATE

    subject = Subject("in.mp4", "out.mp4", [key, "target"], [key, "look"], segment_of=second, **options)
    return Watch(guard_of(folder, Eye(looking)), subject)


def paint(frame: Frame) -> None:
    """Change something in the face."""
    frame.blend(Region(30, 30, 16, 16), np.full((16, 16, 3), 120, np.uint8), np.full((16, 16), 255, np.uint8))


def go(watch: Watch, frames: Any, render: Callable[[Frame], None] = paint) -> list[Allow]:
    """A render, a segment a second."""
    allows, last = [], 0
    for frame, _ in watch.rows(frames):
        if frame.pts // RATE != last:
            allows.append(watch.allow(last))
            last = frame.pts // RATE
        render(frame)
        watch.came_out(frame)
    return [*allows, watch.allow(last)]


def test_twice_a_second_and_the_last_frame(tmp_path: Path) -> None:
    looking = Looking()
    allows = go(watch_of(tmp_path, looking), rows(48))
    # Frames 0, 12, 24, 36 and 47: the whole frame, and the changed face in the result.
    assert looking.looks == 10
    assert [allow.samples for allow in allows] == [4, 6]


def test_an_unchanged_result_costs_nothing(tmp_path: Path) -> None:
    looking = Looking()
    go(watch_of(tmp_path, looking), rows(48), render=lambda _: None)
    assert looking.looks == 5


def test_the_second_time_nothing_is_looked_at(tmp_path: Path) -> None:
    first = go(watch_of(tmp_path, Looking()), rows(48))
    looking = Looking()
    watch = watch_of(tmp_path, looking)
    assert go(watch, rows(48)) == first
    assert watch.allow_all([0, 1]).samples == 10
    assert looking.looks == 0


def test_another_look_at_a_known_target_costs_the_changed_part(tmp_path: Path) -> None:
    go(watch_of(tmp_path, Looking()), rows(48))
    looking = Looking()
    subject = Subject("in.mp4", "out.mp4", ["film", "target"], "another", segment_of=lambda f: f.pts // RATE)
    go(Watch(guard_of(tmp_path, Eye(looking)), subject), rows(48))
    assert looking.looks == 5


def test_another_policy_or_network_looks_again(tmp_path: Path) -> None:
    go(watch_of(tmp_path, Looking()), rows(24))
    for eye in (Eye(Looking(), digest="1" * 64), Eye(Looking(), name="eyes")):
        subject = Subject("in.mp4", "out.mp4", ["film", "target"], ["film", "look"])
        go(Watch(guard_of(tmp_path, eye), subject), rows(24))
        assert eye.sees.looks > 0  # type: ignore[attr-defined]


def test_a_stricter_policy_looks_again(tmp_path: Path) -> None:
    go(watch_of(tmp_path, Looking()), rows(24))
    row = [{"model": "eye", "label": "NUDE", "threshold": 0.4}]
    guard = guard_of(tmp_path, Eye(looking := Looking()), policy=policy_of("eye", **{"class": row}))
    go(Watch(guard, Subject("in.mp4", "out.mp4", ["film", "target"], ["film", "look"])), rows(24))
    assert looking.looks > 0


def test_known_frames_keep_their_own_evidence(tmp_path: Path) -> None:
    """Under another look the allowance rests on the same sight of the target, frame by frame."""
    first = go(watch_of(tmp_path, Looking()), rows(48))
    subject = Subject("in.mp4", "out.mp4", ["film", "target"], "another", segment_of=lambda f: f.pts // RATE)
    assert go(Watch(guard_of(tmp_path, Eye(Looking())), subject), rows(48)) == first


def test_a_frame_of_another_time_is_another_frame(tmp_path: Path) -> None:
    go(watch_of(tmp_path, Looking()), rows(24))
    looking = Looking()
    subject = Subject("in.mp4", "out.mp4", ["film", "target"], "another", origin=Fraction(-1, 1000))
    go(Watch(guard_of(tmp_path, Eye(looking)), subject), rows(24))
    assert looking.looks == 6  # frames 0, 12 and 23: the whole, and what was changed


def test_what_is_kept_is_judged_before_anything_is_rendered(tmp_path: Path) -> None:
    watch = watch_of(tmp_path, Looking())
    guard = guard_of(tmp_path, Eye(Looking()))
    hit = Seen("target", "in.mp4", 0, Fraction(0), "eye", "NUDE", 0.9)
    keys = {part: guard.key(part, {"what": ["film", name], "segment": 0}) for part, name in KEPT.items()}
    guard.store.put(keys["target"], [sample("target", seen=(hit,))])
    guard.store.put(keys["output"], [sample("output")])
    with pytest.raises(Blocked, match="in the target"):
        next(watch.rows(rows(3)))


KEPT: dict[Any, str] = {"target": "target", "output": "look"}


def test_two_networks_that_agree_in_different_frames_stop_it_there(tmp_path: Path) -> None:
    def at_level(level: int) -> Callable[[BgrImage], tuple[Finding, ...]]:
        return lambda pixels: (Finding("NUDE", 0.9, None),) if pixels.max() == level else ()

    class GrownUp:
        """Sees only people of forty."""

        def describe(self, picture: Any, face: Face) -> Looks:
            del picture, face
            return Looks("female", (40, 40))

    eyes = Eye(at_level(91)), Eye(at_level(92), name="ear")
    policy = policy_of("eye", "ear", vote={"rule": "all", "window": 2.0})
    guard = guard_of(tmp_path, *eyes, policy=policy, attributes=GrownUp())
    watch = Watch(guard, Subject("in.mp4", "out.mp4"))
    shown = [(frame, row) for frame, row in rows(48)]
    for index, level in ((0, 91), (12, 92)):
        frame = Frame.from_bgr(np.full((96, 128, 3), level, np.uint8)).copied(index, Fraction(1, RATE))
        shown[index] = frame, shown[index][1]
    given: list[Any] = []
    with pytest.raises(Blocked):
        given.extend(watch.rows(shown))
    assert len(given) == 12


def test_an_earlier_runs_segment_is_recalled_by_its_evidence(tmp_path: Path) -> None:
    [first, second] = go(watch_of(tmp_path, Looking()), rows(48))
    watch = watch_of(tmp_path, Looking())
    assert watch.recall(0, first.evidence)
    assert watch.recall(1, second.evidence)
    assert not watch.recall(0, second.evidence)
    assert not watch.recall(2, first.evidence)
    assert not watch_of(tmp_path, Looking(), "another film").recall(0, first.evidence)


def test_it_stops_at_the_first_sight(tmp_path: Path) -> None:
    watch = watch_of(tmp_path, Looking())
    given = []
    with pytest.raises(Blocked, match=r"frame 12 at 0\.50 s"):
        given.extend(watch.rows(rows(48, white=(12,))))
    assert len(given) == 12


def test_a_cut_is_looked_at(tmp_path: Path) -> None:
    watch = watch_of(tmp_path, Looking(), is_cut=lambda frame: frame.pts == 5)
    with pytest.raises(Blocked, match="frame 5"):
        list(watch.rows(rows(48, white=(5,))))


def test_a_frame_that_did_not_pass_is_not_allowed(tmp_path: Path) -> None:
    watch = watch_of(tmp_path, Looking())
    passed = [frame for frame, _ in watch.rows(rows(3))]
    for frame in passed:
        watch.came_out(frame)
    watch.came_out(next(rows(1))[0])
    with pytest.raises(Undetermined, match="4 frames were rendered where the gate let 3 pass"):
        watch.allow(0)


def test_another_frame_does_not_stand_for_one_that_is_due(tmp_path: Path) -> None:
    """As many frames come out as went in, but the last of them is not the one that was to be looked at."""
    watch = watch_of(tmp_path, Looking())
    passed = [frame for frame, _ in watch.rows(rows(14))]
    for frame in passed[:-1]:
        watch.came_out(frame)
    watch.came_out(passed[-1].copied(20, Fraction(1, RATE)))
    with pytest.raises(Undetermined, match="14 frames were rendered where the gate let 14 pass"):
        watch.allow(0)


def test_nothing_is_allowed_before_somebody_has_looked_at_the_actors(tmp_path: Path) -> None:
    guard = replace(guard_of(tmp_path, Eye()), actors=None)
    with pytest.raises(Undetermined, match="looked at the actor's photos"):
        go(Watch(guard, Subject("in.mp4", "out.mp4")), rows(3))


def test_a_film_needs_all_of_its_segments(tmp_path: Path) -> None:
    watch = watch_of(tmp_path, Looking())
    go(watch, rows(48))
    with pytest.raises(Undetermined, match="not seen a single frame"):
        watch.allow_all([0, 1, 2])


def test_an_enlarged_result_is_looked_at_whole(tmp_path: Path) -> None:
    looking = Looking()
    watch = watch_of(tmp_path, looking)
    [(frame, _)] = watch.rows(rows(1))
    larger = frame.enlarged(np.repeat(np.repeat(frame.bgr(), 2, 0), 2, 1))
    pixels = np.full((8, 8, 3), 255, np.uint8)
    larger.blend(Region(0, 180, 8, 8), pixels, np.full((8, 8), 255, np.uint8))  # far from the face
    with pytest.raises(Blocked, match="in the result"):
        watch.came_out(larger)


def test_kept_evidence_is_readable_and_shows_no_picture(tmp_path: Path) -> None:
    go(watch_of(tmp_path, Looking()), rows(24))
    for path in (tmp_path / "evidence").iterdir():
        text = path.read_text("utf-8")
        assert path.suffix == ".json"
        assert len(text) < 4000
        assert "in.mp4" not in text
