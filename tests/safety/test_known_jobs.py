"""What a job's evidence depends on: another actor, look or casting is looked at again, and the same job is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest
from rig import ROUTES, Rig

from understudy.app.request import plan_swap
from understudy.app.service import run
from understudy.safety.evidence import Sample
from understudy.safety.look import Inspector, Place

pytestmark = pytest.mark.thorough


def _noting(seen: list[str], original: Callable[..., Sample]) -> Callable[..., Sample]:
    def look(self: Inspector, place: Place, *more: Any, **how: Any) -> Sample:
        seen.append(place.part)
        return original(self, place, *more, **how)

    return look


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts that are looked at, in order."""
    seen: list[str] = []
    monkeypatch.setattr(Inspector, "look", _noting(seen, Inspector.look))
    monkeypatch.setattr(Inspector, "look_changed", _noting(seen, Inspector.look_changed))
    return seen


def swap(rig: Rig, looks: list[str], name: str, **options: Any) -> list[str]:
    looks.clear()
    for _ in run(plan_swap(rig.actor, rig.scene, rig.out / name, **options), rig.engine()):
        pass
    assert (rig.out / name).exists()
    return list(looks)


def test_what_a_jobs_evidence_depends_on(rig: Rig, looks: list[str]) -> None:
    rig.use()
    assert swap(rig, looks, "first.png") == ["actor", "target", "output"]
    assert swap(rig, looks, "same.png") == []
    assert swap(rig, looks, "look.png", likeness=0.5) == ["output"]
    assert swap(rig, looks, "casting.png", faces="many") == ["target", "output"]
    # The actor's photo alone is another: the target is the same, but whom it is put on may not be.
    picture = cv2.imread(str(rig.actor))
    cv2.imwrite(str(rig.actor), picture[:, ::-1])
    assert swap(rig, looks, "actor.png") == ["actor", "target", "output"]
    shutil.copy(rig.scene, moved := rig.scene.with_name("moved.png"))
    rig.scene = moved
    assert swap(rig, looks, "moved.png") == []


def test_a_missing_record_is_looked_at_again(rig: Rig, looks: list[str]) -> None:
    rig.use()
    swap(rig, looks, "first.png")
    kept = sorted((rig.home / "evidence").glob("*.json"))
    again = []
    for path in kept:
        path.unlink()
        again += swap(rig, looks, f"{path.stem[:8]}.png")
        assert path.exists()
    assert sorted(again) == ["actor", "output", "output", "target"]  # without the target's both are looked at


def test_all_routes_look_at_all_three(rig: Rig, looks: list[str]) -> None:
    rig.use()
    film: Path = rig.film(frames=2)
    for route, (kind, go) in ROUTES.items():
        for folder in (rig.home / "evidence", rig.out):
            shutil.rmtree(folder, ignore_errors=True)
        rig.out.mkdir()
        looks.clear()
        go(rig, rig.scene if kind == "photo" else film)
        assert set(looks) == {"actor", "target", "output"}, route
