"""What is looked at: views, small positives in large pictures, age, what is evidence."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gates import Eye, policy_of
from graphs_catalog import pool_with
from graphs_gate import EXPOSED, classifies, finds_magenta
from understudy.core.errors import Undetermined
from understudy.core.types import Face
from understudy.media.frame import Frame
from understudy.safety.evidence import Sample, digest_of, from_plain, to_plain
from understudy.safety.look import Inspector, Place
from understudy.safety.policy import load_policy
from understudy.safety.schedule import Schedule
from understudy.vision.gate.families import open_gate
from understudy.vision.roles import BgrImage, Finding, Gate, Looks

PLACE = Place("target", "a.png")


def face(left: float, top: float, size: float) -> Face:
    box = np.array([left, top, left + size, top + size], np.float32)
    return Face(box, 0.9, np.full((5, 2), left + size / 2, np.float32))


def grey(width: int, height: int) -> np.ndarray[Any, Any]:
    return np.full((height, width, 3), (90, 120, 100), np.uint8)


def look(pixels: Any, faces: Sequence[Face] = (), sees: Any = lambda _: (), **options: Any) -> Sample:
    inspector = Inspector(policy_of("eye"), [Eye(sees)], **options)
    return inspector.look(PLACE, Frame.from_bgr(pixels), faces)


@pytest.fixture(scope="module")
def magenta(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    pool = pool_with({"nudenet-320n": finds_magenta()}, tmp_path_factory.mktemp("magenta"))
    return open_gate(pool.cache.catalog["nudenet-320n"], pool)


def test_each_person_is_cut_out_where_that_shows_them_larger() -> None:
    shapes: list[tuple[int, ...]] = []

    def sees(pixels: BgrImage) -> tuple[Finding, ...]:
        shapes.append(pixels.shape)
        return ()

    assert look(grey(1920, 1080), [face(300, 300, 60), face(900, 100, 600)], sees).views == 2
    # The frame, and the small person at full size; the large one is seen better in the frame.
    assert shapes == [(360, 640, 3), (384, 256, 3)] or shapes[1][0] <= 384
    assert max(shapes[1]) > 350


def test_the_gates_own_faces_are_cut_out_too() -> None:
    def sees(pixels: BgrImage) -> tuple[Finding, ...]:
        return (Finding("FACE", 0.8, (100.0, 100.0, 120.0, 120.0)),) if pixels.shape[1] == 640 else ()

    assert look(grey(1920, 1080), (), sees).views == 2
    assert look(grey(1920, 1080), [face(290, 290, 80)], sees).views == 2  # the same person


@pytest.mark.parametrize(("width", "height", "side"), [(1920, 1080, 24), (3840, 2160, 40), (7680, 4320, 80)])
def test_something_small_is_found_wherever_it_is(width: int, height: int, side: int, magenta: Gate) -> None:
    inspector = Inspector(load_policy(), [magenta])
    rng = np.random.default_rng(width)
    for _ in range(10):
        pixels = grey(width, height)
        x, y = int(rng.integers(0, width - side)), int(rng.integers(0, height - side))
        assert not inspector.look(PLACE, Frame.from_bgr(pixels), ()).seen
        pixels[y : y + side, x : x + side] = (255, 0, 255)
        assert [hit.label for hit in inspector.look(PLACE, Frame.from_bgr(pixels), ()).seen] == [EXPOSED], (
            x,
            y,
        )


def test_something_tiny_is_found_on_a_person(magenta: Gate) -> None:
    """4 of 3840 pixels: in the whole frame it is gone, in the person's cut-out it is there."""
    pixels = grey(3840, 2160)
    pixels[1200:1204, 1850:1854] = (255, 0, 255)
    inspector = Inspector(load_policy(), [magenta])
    assert not inspector.look(PLACE, Frame.from_bgr(pixels), ()).seen
    sample = inspector.look(PLACE, Frame.from_bgr(pixels), [face(1800, 900, 60)])
    assert [hit.label for hit in sample.seen] == [EXPOSED]
    assert sample.seen[0].box is not None
    assert 1600 < sample.seen[0].box[0] < 1860


class Years:
    """Tells an age."""

    def __init__(self, *ages: int) -> None:
        self.ages = list(ages)

    def describe(self, picture: Any, face: Face) -> Looks:
        del picture, face
        age = self.ages.pop(0)
        return Looks("female", (age, age + 5))


NUDE = (Finding("NUDE", 0.6, (0.0, 0.0, 9.0, 9.0)),)


@pytest.mark.parametrize(
    ("ages", "faces", "grown_up"),
    [((40,), 1, True), ((24,), 1, False), ((40, 17), 2, False), ((40, 41), 2, True), ((), 0, False)],
)
def test_everybody_must_surely_be_grown_up(ages: tuple[int, ...], faces: int, grown_up: bool) -> None:
    people = [face(20 + 100 * index, 20, 60) for index in range(faces)]
    sample = look(grey(320, 240), people, lambda _: NUDE, attributes=Years(*ages * 2))
    assert sample.grown_up == grown_up


def test_without_a_model_of_age_nobody_is_known_to_be_grown_up() -> None:
    assert not look(grey(320, 240), [face(20, 20, 60)], lambda _: NUDE).grown_up


def test_a_stranger_may_be_a_minor() -> None:
    both = (
        *NUDE,
        Finding("FACE", 0.9, (200.0, 20.0, 260.0, 80.0)),
        Finding("FACE", 0.9, (20.0, 20.0, 80.0, 80.0)),
    )
    sample = look(grey(320, 240), [face(20, 20, 60)], lambda _: both, attributes=Years(*[40] * 9))
    assert not sample.grown_up


@pytest.mark.parametrize("pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_what_is_no_picture_is_refused(pixels: Any, magenta: Gate) -> None:
    class Wrong:
        width = height = 4

        def bgr(self, *_: Any) -> Any:
            return pixels

    with pytest.raises(Undetermined, match="no picture"):
        Inspector(load_policy(), [magenta]).look(PLACE, Wrong(), ())


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(Undetermined, match="no number"):
        look(grey(64, 64), (), lambda _: (Finding("NUDE", float("nan"), None),))


@pytest.mark.parametrize(("score", "kept"), [(0.04, 0), (0.05, 1), (0.3, 1)])
def test_whatever_a_policy_can_count_is_kept(score: float, kept: int) -> None:
    with pytest.raises(ValueError, match=r"greater than or equal to 0\.05"):
        policy_of("eye", **{"class": [{"model": "eye", "label": "NUDE", "threshold": 0.049}]})
    assert len(look(grey(64, 48), (), lambda _: (Finding("NUDE", score, None),)).seen) == kept


def test_nudity_is_kept_whether_the_policy_counts_it_or_not() -> None:
    policy = policy_of("eye", **{"class": [{"model": "eye", "label": "FACE", "threshold": 0.5}]})
    sample = Inspector(policy, [Eye(lambda _: NUDE)]).look(PLACE, Frame.from_bgr(grey(64, 48)), ())
    assert [hit.label for hit in sample.seen] == ["NUDE"]
    assert not sample.grown_up


def test_every_network_is_shown_everything() -> None:
    shapes: dict[str, list[Any]] = {"eye": [], "ear": []}

    def sees(name: str) -> Any:
        return lambda pixels: shapes[name].append(pixels.shape) or (NUDE if name == "ear" else ())

    inspector = Inspector(policy_of("eye", "ear"), [Eye(sees("eye")), Eye(sees("ear"), name="ear")])
    sample = inspector.look(PLACE, Frame.from_bgr(grey(1920, 1080)), [face(300, 300, 60)])
    assert shapes["eye"] == shapes["ear"]
    assert (len(shapes["eye"]), sample.views) == (2, 2)
    assert {hit.model for hit in sample.seen} == {"ear"}


def test_evidence_survives_being_written() -> None:
    sample = look(grey(64, 48), [face(5, 5, 20)], lambda _: NUDE)
    plain = to_plain([sample])
    assert digest_of(from_plain(plain)) == digest_of([sample])
    assert "a.png" not in str(plain)


def test_the_schedule() -> None:
    schedule = Schedule(2.0, 10**6)
    times = [Fraction(index, 24) for index in range(72)]
    due = [
        t for t in times if schedule.due(t, int(t // 2), [1] if t < 1 else [1, 2], cut=t == Fraction(31, 24))
    ]
    # Twice a second; when 2 comes (it is twice a second then, too); a cut; and a segment's first frame.
    assert due == sorted({Fraction(n, 2) for n in range(6)} | {Fraction(31, 24)})
    every = Schedule("all", 10**6)
    assert all(every.due(t, 0, [], cut=False) for t in times)
    slow = Schedule(2.0, 10**6)
    assert all(slow.due(Fraction(index * 3), 0, [], cut=False) for index in range(4))  # below one a second


def test_a_segment_and_somebody_new_need_not_wait_for_half_a_second() -> None:
    schedule = Schedule(2.0, 10**6)
    came = {8: (0, [1]), 9: (0, [1, 2]), 10: (0, [2]), 11: (0, [1]), 15: (1, []), 16: (1, [1, 2])}
    due = [
        index
        for index in range(24)
        if schedule.due(Fraction(index, 48), *came.get(index, (int(index > 14), [1])), cut=False)
    ]
    assert due == [0, 9, 15, 16]  # 1 is known when it comes back; a segment begins anew, whoever is in it


def test_the_classifiers_read_their_networks(tmp_path: Path) -> None:
    graphs = {
        "open_nsfw": classifies(224, channels_last=True),
        "marqo_nsfw_384": classifies(384, channels_last=False),
    }
    pool = pool_with(graphs, tmp_path)
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[..., 2] = 255
    [finding] = open_gate(pool.cache.catalog["open_nsfw"], pool).look(pixels, 640)
    assert (finding.label, finding.score, finding.box) == ("NSFW", 1.0, None)  # red less 123, cut to 1
    [finding] = open_gate(pool.cache.catalog["marqo_nsfw_384"], pool).look(pixels, 640)
    # Red first, at ±1; half of the square is bars at −1: logits 0 and −1.
    assert finding.score == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-3)
