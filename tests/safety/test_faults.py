"""Injected faults on every route: nothing is written, and the reason is said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rig import MAGENTA, ROUTES, Rig, mark, write_film

from gates import MAGENTA_POLICY as POLICY
from graphs_gate import finds_magenta
from understudy.core.errors import Blocked, Undetermined
from understudy.models.cache import Cache
from understudy.safety.appeals import list_appeals
from understudy.safety.look import Inspector
from understudy.safety.schedule import Schedule
from understudy.safety.watch import Watch
from understudy.vision.gate.nudenet import NudeNet

Patch = pytest.MonkeyPatch


def _own_weights(rig: Rig, weights: Cache) -> Path:
    return Path(shutil.copy(weights.path(weights.catalog["nudenet-320n"]), rig.home / "models"))


def _missing(rig: Rig, _weights: Cache, _patch: Patch) -> None:
    assert not list((rig.home / "models").glob("nudenet*"))


def _truncated(rig: Rig, weights: Cache, _patch: Patch) -> None:
    path = _own_weights(rig, weights)
    path.write_bytes(path.read_bytes()[:-1000])


def _flipped(rig: Rig, weights: Cache, _patch: Patch) -> None:
    path = _own_weights(rig, weights)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def _another_model(rig: Rig, weights: Cache, _patch: Patch) -> None:
    _own_weights(rig, weights).write_bytes(finds_magenta())


def _empty_model(rig: Rig, weights: Cache, _patch: Patch) -> None:
    _own_weights(rig, weights).write_bytes(b"")


def _own_row_gone(rig: Rig, _weights: Cache, _patch: Patch) -> None:
    rig.use()
    (rig.rows / "magenta.onnx").unlink()


def _no_graph(rig: Rig, _weights: Cache, _patch: Patch) -> None:
    rig.use(b"this is no graph")


def _nan(rig: Rig, _weights: Cache, _patch: Patch) -> None:
    rig.use(finds_magenta(nan=True))


def _wrong_shape(rig: Rig, _weights: Cache, _patch: Patch) -> None:
    rig.use(finds_magenta(outputs=12))


def _raising(error: Exception) -> Callable[[Rig, Cache, Patch], None]:
    def fault(rig: Rig, _weights: Cache, patch: Patch) -> None:
        def look(*_: Any) -> None:
            raise error

        rig.use()
        patch.setattr(NudeNet, "look", look)

    return fault


def _undecodable(rig: Rig, _weights: Cache, patch: Patch) -> None:
    def view(*_: Any) -> None:
        raise cv2.error("the region cannot be decoded")

    rig.use()
    patch.setattr(Inspector, "_view", view)


def _never_due(rig: Rig, _weights: Cache, patch: Patch) -> None:
    rig.use()
    patch.setattr(Schedule, "due", lambda *_args, **_more: False)
    patch.setattr(Watch, "_came_in", _without_last(Watch._came_in))


def _without_last(original: Any) -> Any:
    return lambda self, row, number, **_: original(self, row, number, last=False)


def _bypassed(rig: Rig, _weights: Cache, patch: Patch) -> None:
    rig.use()
    patch.setattr(Watch, "rows", lambda _self, rows: rows)


def _output_unseen(rig: Rig, _weights: Cache, patch: Patch) -> None:
    rig.use()
    patch.setattr(Watch, "came_out", lambda *_: None)


def _policy(text: str) -> Callable[[Rig, Cache, Patch], None]:
    def fault(rig: Rig, _weights: Cache, _patch: Patch) -> None:
        rig.use(policy=text)

    return fault


def _policy_gone(rig: Rig, _weights: Cache, _patch: Patch) -> None:
    rig.use()
    rig.policy.unlink()


def _policy_is_bytes(rig: Rig, _weights: Cache, _patch: Patch) -> None:
    rig.use()
    rig.policy.write_bytes(b"\xff\xfe\x00policy")


REFUSED: dict[str, tuple[Callable[[Rig, Cache, Patch], None], str]] = {
    "model missing": (_missing, "cannot look"),
    "model truncated": (_truncated, "differ from the expected digest"),
    "model with a flipped bit": (_flipped, "differ from the expected digest"),
    "another model's bytes": (_another_model, "differ from the expected digest"),
    "model empty": (_empty_model, "differ from the expected digest"),
    "own model gone": (_own_row_gone, "cannot look"),
    "no graph": (_no_graph, "cannot look"),
    "NaN": (_nan, "not finite"),
    "wrong shape": (_wrong_shape, "numbers where"),
    "exception": (_raising(RuntimeError("the device is lost")), "the device is lost"),
    "out of memory": (_raising(MemoryError()), "MemoryError"),
    "undecodable region": (_undecodable, "the region cannot be decoded"),
    "zero samples": (_never_due, "not seen a single frame|let 1 pass|0 frames"),
    "bypassed": (_bypassed, "the gate let 0 pass"),
    "output unseen": (_output_unseen, "0 frames were rendered"),
    "policy unreadable": (_policy_is_bytes, "policy cannot be read"),
    "policy gone": (_policy_gone, "policy cannot be read"),
    "policy is no TOML": (_policy("version = "), "policy cannot be read"),
    "policy misspelt": (_policy(POLICY.replace("threshold", "treshold")), "policy cannot be read"),
    "policy off limits": (_policy(POLICY.replace("0.5", "1.0")), "policy cannot be read"),
    "policy without models": (_policy(POLICY.replace('magenta = "required"', "")), "policy cannot be read"),
    "policy without must": (_policy(POLICY.replace('"required"', '"if installed"')), "no model is required"),
    "policy silent on a class": (
        _policy(POLICY.replace("BUTTOCKS_EXPOSED", "FEET_EXPOSED")),
        "says nothing of",
    ),
    "policy with a stranger": (_policy(POLICY.replace("magenta", "nobody")), "cannot look"),
    "policy with no gate": (_policy(POLICY.replace("magenta", "blazeface-short")), "no network of a gate"),
    "policy looks too seldom": (_policy(POLICY + "[sampling]\nper_second = 0.01"), "policy cannot be read"),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault_leaves_no_output(
    fault: str, route: str, rig: Rig, weights: Cache, monkeypatch: Patch
) -> None:
    break_it, reason = REFUSED[fault]
    kind, go = ROUTES[route]
    break_it(rig, weights, monkeypatch)
    with pytest.raises(Undetermined, match=reason) as refused:
        go(rig, rig.scene if kind == "photo" else rig.film(frames=3))
    assert refused.value.next_step
    assert rig.written == []


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_fault_there_is_an_output(route: str, rig: Rig) -> None:
    kind, go = ROUTES[route]
    rig.use()
    go(rig, rig.scene if kind == "photo" else rig.film(frames=3))
    assert rig.written


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("where", ["actor", "target"])
def test_a_positive_leaves_no_output_but_a_record(where: str, route: str, rig: Rig) -> None:
    kind, go = ROUTES[route]
    rig.use()
    if where == "actor":
        rig.mark(rig.actor)
    elif kind == "photo":
        rig.mark(rig.scene)
    target = (
        rig.scene if kind == "photo" else rig.film(frames=3, marked=(0, 1, 2) if where == "target" else ())
    )
    with pytest.raises(Blocked, match="FEMALE_BREAST_EXPOSED") as blocked:
        go(rig, target)
    assert {"actor": "the actor's photo", "target": "the target"}[where] in blocked.value.message
    assert "appeals" in blocked.value.next_step
    assert rig.written == []
    [appeal] = list_appeals(rig.home / "appeals")
    assert (appeal.part, appeal.label, appeal.hard) == (where, "FEMALE_BREAST_EXPOSED", True)
    assert appeal.thumbnail
    thumbnail = cv2.imread(str(rig.home / "appeals" / appeal.thumbnail))
    assert max(thumbnail.shape) == 192


FILMS = [route for route, (kind, _) in ROUTES.items() if kind == "film" and "preview" not in route]


@pytest.mark.parametrize("route", FILMS)
@pytest.mark.parametrize("case", ["last frame", "one frame", "below one a second", "first frame of a shot"])
def test_a_positive_in_one_frame_of_a_film(case: str, route: str, rig: Rig) -> None:
    rig.use()
    if case == "first frame of a shot":
        near, far = cv2.imread(str(rig.scene)), cv2.imread(str(rig.actor))[::-1] // 2
        shots = [near] * 3 + [mark(far)] + [far] * 3
        film = write_film(rig.home.parent / "scene.mp4", shots, Fraction(24))
    else:
        marked, frames, rate = {
            "last frame": ((10,), 11, Fraction(24)),
            "one frame": ((0,), 1, Fraction(24)),
            "below one a second": ((2,), 4, Fraction(1, 3)),
        }[case]
        film = rig.film(marked, frames, rate)
    with pytest.raises(Blocked, match="FEMALE_BREAST_EXPOSED") as blocked:
        ROUTES[route][1](rig, film)
    if case != "one frame":
        assert "--trim-start" in blocked.value.next_step
    assert rig.written == []


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_seen_is_bound_to_the_content_not_to_the_path(route: str, rig: Rig) -> None:
    kind, go = ROUTES[route]
    rig.use()
    target = rig.scene if kind == "photo" else rig.film(frames=3)
    go(rig, target)
    shutil.rmtree(rig.out)
    rig.out.mkdir()
    if kind == "photo":
        rig.mark(rig.scene)
    else:
        rig.film(frames=3, marked=(0, 1, 2))
    with pytest.raises(Blocked):
        go(rig, target)
    assert rig.written == []


@pytest.mark.parametrize("route", ["photo", "film"])
def test_damaged_evidence_is_none(route: str, rig: Rig) -> None:
    kind, go = ROUTES[route]
    rig.use()
    target = rig.scene if kind == "photo" else rig.film(frames=3)
    go(rig, target)
    kept = sorted((rig.home / "evidence").glob("*.json"))
    assert len(kept) == 3  # the actor's, the target's and the result's
    for path in kept:
        path.write_text(
            path.read_text().replace('"views": 1', '"views": 2').replace('"frame": 0', '"frame": 1')
        )
    shutil.rmtree(rig.out)
    rig.out.mkdir()
    damaged = [path.read_bytes() for path in kept]
    go(rig, target)
    assert [path.read_bytes() for path in kept] != damaged


def test_every_frame_is_looked_at_when_the_policy_says_so(rig: Rig) -> None:
    film = rig.film((6,), 11, Fraction(24))
    rig.use()
    ROUTES["film"][1](rig, film)  # half a second apart, it is missed
    shutil.rmtree(rig.out)
    rig.out.mkdir()
    rig.policy.write_text(POLICY + '[sampling]\nper_second = "all"\n')
    with pytest.raises(Blocked, match=r"frame 6 at 0\.25 s"):
        ROUTES["film"][1](rig, film)
    assert rig.written == []


def test_something_small_in_a_large_picture(rig: Rig) -> None:
    """40 of 3840 pixels, beside somebody whose face is 60."""
    rig.use()
    person = cv2.resize(cv2.imread(str(rig.scene)), (150, 150), interpolation=cv2.INTER_AREA)
    large = np.full((2160, 3840, 3), (90, 120, 100), np.uint8)
    large[900:1050, 1800:1950] = person
    large[1200:1206, 1850:1856] = MAGENTA
    cv2.imwrite(str(rig.scene), large)
    with pytest.raises(Blocked):
        ROUTES["photo"][1](rig, rig.scene)
    assert rig.written == []


def test_a_positive_that_only_the_swap_makes(rig: Rig, monkeypatch: Patch) -> None:
    from understudy.vision.swap.mesh import MeshSwapper

    original = MeshSwapper.swap

    def paint(self: Any, *arguments: Any) -> Any:
        patch = original(self, *arguments)
        assert patch is not None
        pixels = np.array(patch.bgr)
        pixels[:] = MAGENTA
        return replace(patch, bgr=pixels)

    rig.use()
    monkeypatch.setattr(MeshSwapper, "swap", paint)
    for route, (kind, go) in ROUTES.items():
        with pytest.raises(Blocked, match="in the result"):
            go(rig, rig.scene if kind == "photo" else rig.film(frames=3))
        assert rig.written == [], route
