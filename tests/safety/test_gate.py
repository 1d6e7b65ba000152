"""The one function that decides, and that nothing else can allow."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import pytest

from gates import Eye, allowed, guard_of, passing, policy_of, sample
from understudy.core import errors
from understudy.core.verdict import Allow, Block, Seen, Undetermined, check_allowed
from understudy.safety.gate import Terms, decide, granted

BOTH: Any = ("target", "output")


def terms(*eyes: Eye, **tables: Any) -> Terms:
    eyes = eyes or (Eye(),)
    own = policy_of(*(eye.name for eye in eyes))
    policy = policy_of(*(eye.name for eye in eyes), **tables)
    return Terms(
        policy, tuple((eye.name, eye.digest) for eye in eyes), {eye.name: eye.exposed for eye in eyes}, own
    )


def seen(score: float, **changes: Any) -> Seen:
    whole: dict[str, Any] = {
        "part": "target",
        "name": "a.png",
        "frame": 0,
        "time": Fraction(0),
        "model": "eye",
    }
    return Seen(**{**whole, "label": "NUDE", "score": score, **changes})


def both(*hits: Seen, **changes: Any) -> list[Any]:
    return [sample("target", seen=hits, **changes), sample("output")]


def test_nothing_else_makes_an_allow() -> None:
    with pytest.raises(TypeError, match="Only the gate"):
        Allow("0" * 64, "0" * 64, (), 1)
    with pytest.raises(TypeError, match="Only the gate"):
        type("Mine", (Allow,), {})
    for nothing in (None, True, "allow", Block((), False, ""), Undetermined("")):
        with pytest.raises(TypeError, match="needs the gate's Allow"):
            check_allowed(nothing)
    check_allowed(allowed())
    with pytest.raises(dataclasses.FrozenInstanceError):
        allowed().samples = 7  # type: ignore[misc]


def test_an_allow_says_what_it_rests_on() -> None:
    verdict = decide(terms(), both(), BOTH)
    assert isinstance(verdict, Allow)
    assert (verdict.models, verdict.samples) == ((("eye", "0" * 64),), 2)
    assert verdict.policy == terms().policy.digest
    other = decide(terms(), both(grown_up=False), BOTH)
    assert isinstance(other, Allow)
    assert other.evidence != verdict.evidence
    # The name of a file is not evidence.
    renamed = decide(terms(), both(name="b.png"), BOTH)
    assert isinstance(renamed, Allow)
    assert renamed.evidence == verdict.evidence


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([], "not seen a single frame of the output"),
        ([sample("target")], "not seen a single frame of the output"),
        ([sample("output")], "not seen a single frame of the target"),
        ([sample("target"), sample("output", views=0)], "Not every network"),
        ([sample("target", models=()), sample("output")], "Not every network"),
        ([sample("target", models=("other",)), sample("output")], "Not every network"),
    ],
)
def test_what_is_incomplete_is_undetermined(samples: list[Any], reason: str) -> None:
    verdict = decide(terms(), samples, BOTH)
    assert isinstance(verdict, Undetermined)
    assert reason in verdict.reason
    with pytest.raises(errors.Undetermined):
        granted(verdict, "a.png")


def test_an_unchanged_frame_is_the_targets() -> None:
    assert isinstance(decide(terms(), [sample(), sample("output", views=0, changed=False)], BOTH), Allow)


def test_a_network_that_must_look_and_is_not_there() -> None:
    without = dataclasses.replace(terms(), models=())
    assert isinstance(decide(without, both(), BOTH), Undetermined)
    another = policy_of("eye", "ear")  # both are required, and one is here
    verdict = decide(dataclasses.replace(terms(), policy=another), both(), BOTH)
    assert isinstance(verdict, Undetermined)
    assert "no ear to look with" in verdict.reason
    blind = dataclasses.replace(terms(), nudity={"eye": frozenset()})
    verdict = decide(blind, both(), BOTH)
    assert isinstance(verdict, Undetermined)
    assert "knows nudity" in verdict.reason


def test_a_policy_must_know_every_kind_of_nudity() -> None:
    more = dataclasses.replace(terms(), nudity={"eye": frozenset({"NUDE", "UNHEARD_OF"})})
    verdict = decide(more, both(), BOTH)
    assert isinstance(verdict, Undetermined)
    assert "says nothing of UNHEARD_OF" in verdict.reason


@pytest.mark.parametrize(("score", "blocked"), [(0.49, False), (0.5, True)])
def test_a_threshold_counts_itself(score: float, blocked: bool) -> None:
    verdict = decide(terms(), both(seen(score)), BOTH)
    assert isinstance(verdict, Block) == blocked
    assert isinstance(verdict, Allow) != blocked


@pytest.mark.parametrize(("score", "blocked"), [(0.49, False), (0.5, True), (0.9, True)])
def test_nudity_is_a_hard_stop_where_nobody_is_known_to_be_grown_up(score: float, blocked: bool) -> None:
    verdict = decide(terms(), both(seen(score), grown_up=False), BOTH)
    assert isinstance(verdict, Block) == blocked
    if isinstance(verdict, Block):
        assert verdict.hard


def raised(threshold: float) -> Terms:
    row = [{"model": "eye", "label": "NUDE", "threshold": threshold}]
    return terms(**{"class": row})


def test_a_policy_can_be_milder_for_grown_ups_only() -> None:
    assert isinstance(decide(raised(0.9), both(seen(0.7)), BOTH), Allow)
    minor = decide(raised(0.9), both(seen(0.7), grown_up=False), BOTH)
    assert isinstance(minor, Block)
    assert minor.hard
    adult = decide(raised(0.9), both(seen(0.95)), BOTH)
    assert isinstance(adult, Block)
    assert not adult.hard


def test_a_policy_can_always_be_stricter() -> None:
    assert isinstance(decide(raised(0.1), both(seen(0.2)), BOTH), Block)
    assert isinstance(decide(raised(0.1), both(seen(0.2), grown_up=False), BOTH), Block)


@pytest.mark.parametrize(
    ("rule", "agreeing", "blocked"),
    [("any", 1, True), ("majority", 1, False), ("majority", 2, True), ("all", 2, False), ("all", 3, True)],
)
def test_the_vote(rule: str, agreeing: int, blocked: bool) -> None:
    eyes = [Eye(name=name) for name in ("eye", "ear", "nose")]
    said = terms(*eyes, vote={"rule": rule, "window": 2.0})
    names = tuple(eye.name for eye in eyes)
    # They need not say so in the same frame.
    samples = [
        sample(models=names, time=Fraction(i), seen=(seen(0.8, model=name, time=Fraction(i)),))
        for i, name in enumerate(names[:agreeing])
    ]
    samples += [sample(models=names), sample("output", models=names)]
    assert isinstance(decide(said, samples, BOTH), Block) == blocked


@pytest.mark.parametrize(("rule", "blocked"), [("any", True), ("majority", False), ("all", False)])
def test_one_of_two_is_no_majority(rule: str, blocked: bool) -> None:
    said, names = terms(Eye(), Eye(name="ear"), vote={"rule": rule}), ("eye", "ear")
    samples = [sample(models=names, seen=(seen(0.8),)), sample("output", models=names)]
    assert isinstance(decide(said, samples, BOTH), Block) == blocked


@pytest.mark.parametrize(("part", "name"), [("output", "a.png"), ("target", "b.png")])
def test_votes_about_different_files_do_not_add_up(part: Any, name: str) -> None:
    said, names = terms(Eye(), Eye(name="ear"), vote={"rule": "all"}), ("eye", "ear")
    heard = seen(0.8, model="ear", part=part, name=name)
    samples = [
        sample(models=names, seen=(seen(0.8),)),
        sample(part, models=names, name=name, seen=(heard,)),
        sample("output", models=names),
    ]
    assert isinstance(decide(said, samples, BOTH), Allow)
    same = [sample(models=names, seen=(seen(0.8), seen(0.8, model="ear"))), *samples[1:]]
    assert isinstance(decide(said, same, BOTH), Block)


def test_votes_far_apart_do_not_add_up() -> None:
    eyes = [Eye(name=name) for name in ("eye", "ear")]
    said = terms(*eyes, vote={"rule": "all", "window": 2.0})
    names = ("eye", "ear")
    samples = [
        sample(models=names, time=Fraction(time), seen=(seen(0.8, model=name, time=Fraction(time)),))
        for name, time in (("eye", 0), ("ear", 9))
    ]
    assert isinstance(decide(said, [*samples, sample("output", models=names)], BOTH), Allow)


def test_a_minor_needs_no_vote() -> None:
    eyes = [Eye(name=name) for name in ("eye", "ear")]
    said = terms(*eyes, vote={"rule": "all"})
    samples = [
        sample(models=("eye", "ear"), seen=(seen(0.8),), grown_up=False),
        sample("output", models=("eye", "ear")),
    ]
    verdict = decide(said, samples, BOTH)
    assert isinstance(verdict, Block)
    assert verdict.hard


def test_the_error_says_where_and_what_to_do() -> None:
    verdict = decide(terms(), both(seen(0.6), seen(0.8, frame=7, time=Fraction(1, 4)), grown_up=False), BOTH)
    with pytest.raises(errors.Blocked) as error:
        granted(verdict, "scene.mp4")
    assert "NUDE (0.80, eye) in the target, frame 7 at 0.25 s" in error.value.message
    assert "no policy allows" in error.value.message
    assert "--trim-start" in error.value.next_step
    assert (error.value.exit_code, error.value.code) == (11, "Blocked")
    assert errors.Undetermined("").exit_code == 12


def test_a_guard_of_tests_passes_what_is_innocent() -> None:
    assert isinstance(passing().allow([sample(), sample("output")], BOTH, "a.png"), Allow)


def test_a_block_is_kept_as_a_record(tmp_path: Any) -> None:
    from understudy.safety.appeals import list_appeals, remove_appeals

    guard = guard_of(tmp_path, Eye())
    for _ in range(2):
        with pytest.raises(errors.Blocked):
            guard.allow(both(seen(0.8), grown_up=False), BOTH, "a.png")
    first, second = list_appeals(tmp_path / "appeals")
    assert (first.label, first.score, first.thumbnail) == ("NUDE", 0.8, None)
    assert remove_appeals(tmp_path / "appeals", {first.id}) == [first]
    assert list_appeals(tmp_path / "appeals") == [second]
