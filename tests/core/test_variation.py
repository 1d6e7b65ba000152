"""Settings for somebody or for some time, as they are typed."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.core.plan import Casting, Look, Plan, VideoOutput, VideoSource
from understudy.core.variation import Variation, as_variation


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("2: likeness=0.5", {"who": "2", "changes": {"likeness": "0.5"}}),
        ("Ada Lee: skip", {"who": "Ada Lee", "skip": True}),
        ("@10-20: skip", {"start": 10.0, "stop": 20.0, "skip": True}),
        ("2@1:05-1:20.5:skip", {"who": "2", "start": 65.0, "stop": 80.5, "skip": True}),
        ("2@-5: skip", {"who": "2", "stop": 5.0, "skip": True}),
        ("2@1:00:00-: skip", {"who": "2", "start": 3600.0, "skip": True}),
        (
            "1: enhancer-blend=0.3, mask=box,region ,likeness = 1",
            {"who": "1", "changes": {"enhancer_blend": "0.3", "mask": "box,region", "likeness": "1"}},
        ),
    ],
)
def test_what_is_typed(text: str, fields: dict[str, Any]) -> None:
    assert Variation(**as_variation(text)) == Variation(**fields)


@pytest.mark.parametrize(
    "text",
    ["2", "2 skip", "2@10: skip", "2@a-b: skip", "2:", "2: likeness", "2@20-10: skip", "2@1..2-3: skip"],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"it must|is no time"):
        Variation(**as_variation(text))


def plan(*said: str) -> Plan:
    return Plan(
        source=VideoSource(path="a.mp4"),
        casting=Casting(actor=("b.jpg",), for_=said),  # type: ignore[arg-type] # text, as it is typed
        look=Look(swapper="mesh", enhancer_blend=0.7),
        output=VideoOutput(path="c.mp4"),
    )


def test_each_look_is_made_once_and_a_skip_is_none() -> None:
    made = plan(
        "1: likeness=0.5", "2: skip", "2@5-: likeness=.5", "3: likeness=1, mask=region", "4: likeness=1.0"
    )
    assert [look.likeness if look else None for look in made.variants] == [0.5, None, 0.5, 1.0, 1.0]
    assert [(look.likeness, look.mask, look.enhancer_blend) for look in made.looks] == [
        (1.0, ("box",), 0.7),
        (0.5, ("box",), 0.7),
        (1.0, ("region",), 0.7),
    ]
    assert made.casting.knows_people
    assert Plan.model_validate_json(made.model_dump_json()) == made
    assert plan().looks == (made.look,)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("1: upscaler=x", "cannot set 'upscaler'; it can set swapper, likeness"),
        ("1: nonsense=1", "cannot set 'nonsense'"),
        ("1: likeness=2", "cannot set likeness to '2': Input should be less than or equal to 1"),
        ("1: mask=hat", "cannot set mask to 'hat'"),
    ],
)
def test_what_cannot_be_set_is_said(said: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        plan(said)
