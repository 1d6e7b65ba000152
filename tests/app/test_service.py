from __future__ import annotations

import hashlib
import subprocess
import sys
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest

import understudy
from portrait_film import make_portrait_film
from steps import outcome
from understudy.app.engine import Engine
from understudy.app.request import plan_swap, result_path
from understudy.app.service import resolve
from understudy.core.errors import FaceError, InputError, ModelMissing, OutputExists, PlanError
from understudy.core.plan import Plan, ResolvedPlan


def test_a_resolved_plan_holds_contents_and_no_paths(
    engine: Engine, actor: Path, scene: Path, tmp_path: Path
) -> None:
    plan = plan_swap(actor, scene, likeness=0.2)
    job = outcome(resolve(plan, engine, result_path(plan), None))
    assert job.plan.target.sha256 == hashlib.sha256(scene.read_bytes()).hexdigest()
    assert job.plan.target.size == scene.stat().st_size
    [role] = job.plan.roles
    assert role.reference is None
    assert role.actor[0].content.sha256 == hashlib.sha256(actor.read_bytes()).hexdigest()
    assert {model.name for model in job.plan.models} == {"blazeface-short", "facemesh-468"}
    assert job.output == tmp_path / "scene-ada.jpg"
    text = job.plan.model_dump_json()
    assert str(tmp_path) not in text
    assert ResolvedPlan.model_validate_json(text) == job.plan


def test_sound_that_replaces_is_resolved_and_checked_at_once(
    home: Path, engine: Engine, actor: Path, scene: Path, tmp_path: Path
) -> None:
    film = make_portrait_film(scene, tmp_path / "scene.mp4", frames=2)
    sound = tmp_path / "sound.wav"
    with wave.open(str(sound), "wb") as out:
        out.setparams((1, 2, 48_000, 0, "NONE", ""))
        out.writeframes(bytes(9600))
    plan = plan_swap(actor, film, audio=str(sound))
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    job = outcome(resolve(plan, engine, result_path(plan), "libx264"))
    assert job.sound == sound
    assert job.plan.sound is not None
    assert job.plan.sound.sha256 == hashlib.sha256(sound.read_bytes()).hexdigest()
    assert str(tmp_path) not in job.plan.model_dump_json()
    with pytest.raises(InputError, match="no sound in this file"):
        understudy.swap(actor, film, home=home, offline=True, audio=film)
    with pytest.raises(PlanError, match="gif has no sound"):
        understudy.swap(actor, film, tmp_path / "out.gif", home=home, offline=True, audio=sound)
    with pytest.raises(OutputExists, match="one of the inputs"):
        result_path(plan_swap(actor, film, sound, audio=sound, overwrite=True))


def test_the_same_contents_elsewhere_give_the_same_plan(
    engine: Engine, actor: Path, scene: Path, tmp_path: Path
) -> None:
    first = plan_swap(actor, scene, tmp_path / "one.png")
    moved = scene.rename(tmp_path / "moved.jpg"), actor.rename(tmp_path / "bea.jpg")
    before = outcome(resolve(plan_swap(moved[1], moved[0], "x.png"), engine, tmp_path / "x.png", None)).plan
    moved[0].rename(scene), moved[1].rename(actor)
    assert outcome(resolve(first, engine, tmp_path / "one.png", None)).plan == before


def test_swap_returns_the_result(home: Path, actor: Path, scene: Path, tmp_path: Path) -> None:
    result = understudy.swap(actor, scene, home=home, offline=True, likeness=0.3)
    assert result.output == tmp_path / "scene-ada.jpg"
    assert (result.frames, result.swapped, result.without_face) == (1, 1, 0)
    assert result.seconds > 0
    assert set(result.device) >= {"blazeface-short", "facemesh-468"}
    before, after = cv2.imread(str(scene)), cv2.imread(str(result.output))
    assert np.abs(before.astype(int) - after).max() > 40


def test_progress_ends_with_the_result(home: Path, actor: Path, scene: Path) -> None:
    steps = list(understudy.swap_progress(str(actor), str(scene), home=home, offline=True))
    assert [step.result is not None for step in steps] == [False] * (len(steps) - 1) + [True]
    assert {step.stage for step in steps} == {"load", "render", "publish"}


def test_what_is_wrong_with_the_request_is_raised_at_once(home: Path, actor: Path, scene: Path) -> None:
    with pytest.raises(PlanError, match="no option 'likenes'"):
        understudy.swap_progress(actor, scene, home=home, likenes=1)


def test_closing_the_progress_leaves_no_file(home: Path, actor: Path, scene: Path, tmp_path: Path) -> None:
    steps = understudy.swap_progress(actor, scene, home=home, offline=True)
    next(step for step in steps if step.stage == "render")
    steps.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada.jpg", "scene.jpg"]


def test_a_photo_without_a_face_writes_nothing(home: Path, actor: Path, tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    cv2.imwrite(str(wall), np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(FaceError, match=r"wall\.png"):
        understudy.swap(actor, wall, home=home, offline=True)
    with pytest.raises(FaceError, match="no face in the actor's photo"):
        understudy.swap(wall, actor, home=home, offline=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada.jpg", "wall.png"]


def test_the_settings_file_is_read(weights_home: Path, actor: Path, scene: Path) -> None:
    (weights_home / "config.toml").write_text("swapper = 'nobody'\noffline = true\n", encoding="utf-8")
    with pytest.raises(PlanError, match="no swapper 'nobody'"):
        understudy.swap(actor, scene, home=weights_home)
    with pytest.raises(ModelMissing, match="network is off"):
        understudy.swap(actor, scene, home=weights_home, swapper="mesh")


@pytest.fixture
def weights_home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def test_importing_the_package_loads_next_to_nothing() -> None:
    code = "import sys, understudy; print(len(sys.modules), 'numpy' in sys.modules, understudy.swap.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules, numpy, name = done.stdout.split()
    assert int(modules) < 150
    assert (numpy, name) == ("False", "swap")


def test_unknown_names_of_the_package() -> None:
    with pytest.raises(AttributeError, match="no attribute 'swop'"):
        _ = understudy.swop  # type: ignore[attr-defined]


def test_from_a_photo_in_profile_or_hard_shadow_every_swap_is_of_low_confidence(
    home: Path, portraits: list[Path], tmp_path: Path
) -> None:
    people = {path.stem: path for path in portraits}
    results = [
        understudy.swap(people[actor], people["man-44"], tmp_path / f"{actor}.jpg", home=home, offline=True)
        for actor in ("woman-82", "woman-30", "man-32")
    ]
    assert [(result.swapped, result.low_confidence) for result in results] == [(1, 1), (1, 1), (1, 0)]
    assert ["doubtful-actor-face" in [notice.code for notice in result.notices] for result in results] == [
        True,
        True,
        False,
    ]
