"""Who is cut out of which frame: everybody at first, and nobody waits for long."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gates import Eye, guard_of
from graphs_catalog import pool_with
from graphs_gate import finds_magenta
from understudy.core.errors import Blocked
from understudy.core.types import Face, Region, TrackedFace
from understudy.media.frame import Frame
from understudy.safety.guard import open_guard
from understudy.safety.policy import load_policy
from understudy.safety.schedule import Schedule
from understudy.safety.turns import LONGEST, Person, Turns
from understudy.safety.watch import Subject, Watch
from understudy.vision.gate.families import open_gate

TWO = load_policy().views.of_people
LARGE = 384 * 256


def person(number: int | None, left: float = 0, pixels: int = LARGE) -> Person:
    box = np.array([left, 0, left + 100, 100], np.float32)
    return Person(number, box, Region(0, 0, 2, 2), pixels)


def looks(turns: Turns, people: list[Person], count: int) -> list[list[int | None]]:
    """Whom each of so many looks shows, half a second apart."""
    return [[each.track for each in turns.choose(Fraction(i, 2), people)] for i in range(count)]


def test_two_are_seen_every_time() -> None:
    assert looks(Turns(TWO), [person(0), person(1)], 4) == [[0, 1]] * 4


def test_of_four_two_are_seen_every_time_however_large_they_are() -> None:
    """Who stands at the picture's edge has a cut-out that is nearly a square."""
    _, *others = looks(Turns(TWO), [person(number, pixels=384 * 384) for number in range(4)], 9)
    assert [sorted(map(str, shown)) for shown in others] == [["0", "1"], ["2", "3"]] * 4


def test_small_people_are_seen_every_time() -> None:
    """Nobody waits as long as it is not too much: the limit is one of pixels."""
    people = [person(number, pixels=LARGE // 3) for number in range(6)]
    assert all(len(shown) == 6 for shown in looks(Turns(TWO), people, 4))


def test_everybody_at_first_and_then_four_take_turns() -> None:
    first, *others = looks(Turns(TWO), [person(number) for number in range(4)], 9)
    assert sorted(map(str, first)) == ["0", "1", "2", "3"]
    assert [sorted(map(str, shown)) for shown in others] == [["0", "1"], ["2", "3"]] * 4


@pytest.mark.parametrize("count", [5, 8, 30])
def test_nobody_waits_longer_than_two_seconds(count: int) -> None:
    people = [person(number) for number in range(count)]
    shown = looks(Turns(TWO), people, 40)
    for number in range(count):
        at = [Fraction(index, 2) for index, who in enumerate(shown) if number in who]
        assert max(later - earlier for earlier, later in pairwise(at)) <= LONGEST
        assert at[-1] >= 20 - LONGEST


def test_somebody_new_is_seen_at_once() -> None:
    turns = Turns(TWO)
    turns.choose(Fraction(0), [person(number) for number in range(4)])
    shown = turns.choose(Fraction(1, 2), [person(number) for number in (3, 4, 5, 6)])
    assert {4, 5, 6} <= {each.track for each in shown}


def test_who_comes_back_is_remembered_and_has_waited() -> None:
    turns = Turns(TWO)
    turns.choose(Fraction(0), [person(number) for number in range(4)])
    turns.choose(Fraction(1, 2), [person(0), person(1)])
    assert [each.track for each in turns.choose(Fraction(1), [person(n) for n in range(4)])] == [2, 3]


def test_strangers_are_known_by_where_they_are() -> None:
    turns = Turns(TWO)
    turns.choose(Fraction(0), [person(None, 300 * index) for index in range(4)])
    moved = [person(None, 300 * index + 40) for index in range(4)]
    assert len(turns.choose(Fraction(1, 2), moved)) == 2
    away = [person(None, 300 * index + 190) for index in range(4)]
    assert len(turns.choose(Fraction(1), away)) == 4  # they may be others
    # Somebody who is followed is not taken for a stranger who was seen at that place.
    assert len(turns.choose(Fraction(3, 2), [person(n, 300 * n + 190) for n in range(4)])) == 4


def test_a_shot_and_a_segment_begin_with_everybody() -> None:
    schedule, people = Schedule(2.0, TWO), [person(number) for number in range(4)]
    counts = []
    for index, (segment, cut) in enumerate([(0, False), (0, False), (0, True), (0, False), (1, False)]):
        schedule.due(Fraction(index, 2), segment, range(4), cut=cut)
        counts.append(len(schedule.turns.choose(Fraction(index, 2), people)))
    assert counts == [4, 2, 4, 2, 4]


def test_a_policy_that_looks_at_all_frames_cuts_everybody_out_of_each() -> None:
    turns = Schedule("all", TWO).turns
    assert all(len(shown) == 8 for shown in looks(turns, [person(number) for number in range(8)], 6))


FACES = [
    TrackedFace(index, Face(np.array([x, 60, x + 120, 180], np.float32), 0.9, np.full((5, 2), x, np.float32)))
    for index, x in enumerate((100, 500, 900, 1300))
]


def test_a_film_of_four_is_looked_at_as_it_says(tmp_path: Path) -> None:
    shapes: Counter[tuple[int, ...]] = Counter()
    eye = Eye(lambda pixels: shapes.update([pixels.shape[:2]]) or ())
    watch = Watch(guard_of(tmp_path, eye), Subject("in.mp4", "out.mp4"))
    pixels = np.full((1080, 1920, 3), 90, np.uint8)

    def rows(seconds: int) -> list[tuple[Frame, tuple[TrackedFace, ...]]]:
        frame = Frame.from_bgr(pixels)
        return [(frame.copied(i, Fraction(1, 2)), tuple(FACES)) for i in range(2 * seconds)]

    for frame, _ in watch.rows(rows(3)):
        watch.came_out(frame)
    watch.allow(0)
    # Six looks: the frame each time; four people at first, two in each of the other five.
    assert shapes.pop((360, 640)) == 6
    assert sum(shapes.values()) == 4 + 5 * 2


def test_a_spot_on_one_of_four_is_found_within_a_second(tmp_path: Path) -> None:
    """4 pixels in 4K, which the whole frame does not show: whoever has it, and whenever it comes."""
    pool = pool_with({"nudenet-320n": finds_magenta()}, tmp_path / "graphs")
    gate = open_gate(pool.cache.catalog["nudenet-320n"], pool)
    plain = np.full((2160, 3840, 3), (90, 120, 100), np.uint8)
    rng = np.random.default_rng(3)
    people = [
        TrackedFace(i, Face(np.array([x, 800, x + 60, 860], np.float32), 0.9, np.full((5, 2), x, np.float32)))
        for i, x in enumerate((400, 1300, 2200, 3100))
    ]
    for whose in range(4):
        folders = tmp_path / "evidence", tmp_path / "appeals"
        guard = open_guard(load_policy(), load_policy(), [gate], folders)
        watch = Watch(guard.with_actors(()), Subject("in.mp4", "out.mp4"))
        since = int(rng.integers(0, 4))
        marked = plain.copy()
        x, y = int(people[whose].face.bbox[0]) + int(rng.integers(-60, 60)), int(rng.integers(900, 1180))
        marked[y : y + 4, x : x + 4] = (255, 0, 255)
        frames = [Frame.from_bgr(plain if index < since else marked) for index in range(since + 3)]
        rows = [(frame.copied(i, Fraction(1, 2)), tuple(people)) for i, frame in enumerate(frames)]
        passed = []
        with pytest.raises(Blocked):
            passed.extend(watch.rows(rows))
        assert since <= len(passed) <= since + 1, (whose, since)
