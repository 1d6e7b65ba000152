from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from commands import Run, command

from films import make_film
from portrait_film import make_portrait_film
from understudy.media.probe import probe


@pytest.fixture
def actor(portraits: list[Path], tmp_path: Path) -> Path:
    return copied(portraits[0], tmp_path / "ada.jpg")


@pytest.fixture
def photo(portraits: list[Path], tmp_path: Path) -> Path:
    return copied(portraits[-1], tmp_path / "scene.jpg")


@pytest.fixture
def film(photo: Path, tmp_path: Path) -> Path:
    return make_portrait_film(photo, tmp_path / "scene.mp4", frames=12)


def copied(source: Path, path: Path) -> Path:
    path.write_bytes(source.read_bytes())
    return path


def test_a_film(swapping: Run, actor: Path, film: Path, tmp_path: Path) -> None:
    done = swapping("swap", actor, film, "--likeness", "0.3")
    assert done.code == 0, done
    result = tmp_path / "scene-ada.mp4"
    assert done.out.splitlines()[0] == str(result)
    assert "12 frames in" in done.out
    assert "swapped 12 · without a face 0" in done.out
    assert "Swapping" in done.err
    assert probe(result).frames == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("ada.jpg", "home", "scene-ada.mp4", "scene.jpg", "scene.mp4")
    ]


def test_a_film_as_json(swapping: Run, actor: Path, film: Path, tmp_path: Path) -> None:
    done = swapping("swap", actor, film, "-o", "out.mkv", "--encoder", "ffv1", "--trim-end", "0.25", "--json")
    assert done.code == 0, done
    *progress, result = done.events
    assert {event["event"] for event in progress} == {"progress"}
    rendered = [event for event in progress if event["stage"] == "render"]
    assert rendered[-1]["done"] == 6
    assert rendered[-1]["faces"] == 1
    assert result["event"] == "result"
    assert (result["frames"], result["swapped"], result["without_face"]) == (6, 6, 0)
    assert "facemesh-468" in result["device"]
    assert probe(tmp_path / result["output"]).codec == "ffv1"


def test_a_photo_into_a_folder(swapping: Run, actor: Path, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    done = swapping("swap", actor, photo, "-o", "out", "--json")
    assert done.code == 0, done
    assert done.events[-1]["swapped"] == 1
    before, after = (cv2.imread(str(path)) for path in (photo, tmp_path / "out" / "scene-ada.jpg"))
    assert before.shape == after.shape
    assert np.abs(before.astype(int) - after).max() > 40


def test_settings_of_the_environment_apply_and_yield(swapping: Run, actor: Path, photo: Path) -> None:
    done = swapping("swap", actor, photo, UNDERSTUDY_SWAPPER="nobody")
    assert done.code == 2
    assert "There is no swapper 'nobody'" in done.err
    assert swapping("swap", actor, photo, "--swapper", "mesh", UNDERSTUDY_SWAPPER="nobody").code == 0


def test_several_faces_in_the_actor(
    swapping: Run, portraits: list[Path], photo: Path, tmp_path: Path
) -> None:
    pair = tmp_path / "pair.png"
    cv2.imwrite(str(pair), np.hstack([cv2.imread(str(path)) for path in portraits[:2]]))
    done = swapping("swap", pair, photo, "-o", "one.png")
    assert done.code == 0
    assert "note: pair.png has 2 faces; number" in done.err
    assert "--actor-face N" in done.err
    done = swapping("swap", pair, photo, "-o", "two.png", "--actor-face", "2", "--json")
    assert "number 2 from the left is used" in done.events[-1]["notices"][0]["message"]
    assert done.events[-1]["notices"][0]["code"] == "several-actor-faces"
    done = swapping("swap", pair, photo, "-o", "three.png", "--actor-face", "3")
    assert done.code == 4
    assert "only 2 faces" in done.err


def test_faces(swapping: Run, photo: Path, film: Path, tmp_path: Path) -> None:
    done = swapping("faces", photo, "--draw", "who.png")
    assert done.code == 0
    assert done.out.splitlines()[0].split() == [
        "number",
        "left",
        "top",
        "width",
        "height",
        "score",
        "confidence",
    ]
    assert cv2.imread(str(tmp_path / "who.png")).shape == cv2.imread(str(photo)).shape
    [face] = swapping("faces", film, "--at", "1", "--json").events[-1]["faces"]
    assert face["number"] == 1
    assert np.shape(face["landmarks"]) == (468, 3)
    assert swapping("faces", photo, "--draw", "who.png").code == 2


def test_preview(swapping: Run, actor: Path, film: Path, tmp_path: Path) -> None:
    done = swapping("preview", actor, film, "-o", "look.png", "--compare", "--at", "0.5")
    assert done.code == 0, done
    height, width = cv2.imread(str(tmp_path / "look.png")).shape[:2]
    assert (width, height) == (1024, 512)


def test_doctor(swapping: Run) -> None:
    done = swapping("doctor")
    assert done.code == 0, done
    assert all(line.startswith(("OK ", "   ")) for line in done.out.splitlines())
    checks = {event["name"]: event for event in swapping("doctor", "--json").events}
    assert checks["swap of a known face"]["ok"]
    assert "libx264" in checks["encoders"]["finding"]


def test_doctor_without_weights_says_what_to_do(understudy: Run, tmp_path: Path) -> None:
    done = understudy("doctor", UNDERSTUDY_HOME=str(tmp_path / "none"))
    assert done.code == 0
    assert "understudy models pull" in done.out


def test_demo(swapping: Run, tmp_path: Path) -> None:
    done = swapping("demo")
    assert done.code == 0, done
    assert "understudy swap ACTOR.jpg TARGET.mp4" in done.out
    assert probe(tmp_path / "understudy-demo" / "result.mp4").frames == 96


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a console are another matter there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_is_quick_and_leaves_nothing(
    environment: dict[str, str], home: Path, actor: Path, photo: Path, tmp_path: Path, number: int
) -> None:
    film = make_portrait_film(photo, tmp_path / "scene.mp4", frames=600)
    arguments = [str(command()), "swap", str(actor), str(film), "-o", "out.mp4", "--json"]
    variables = {**environment, "UNDERSTUDY_HOME": str(home), "UNDERSTUDY_OFFLINE": "1"}
    process = subprocess.Popen(
        arguments, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in iter(process.stdout.readline, ""):
        event = json.loads(line)
        if event.get("stage") == "render" and event["done"] > 5:
            break
    start = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - start < 2
    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["code"] == "Cancelled"
    assert err == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada.jpg", "home", "scene.jpg", "scene.mp4"]


def test_output_may_be_cut_off_by_a_pipe(environment: dict[str, str]) -> None:
    done = subprocess.run(
        f'"{command()}" swap --help | head -1',
        shell=True,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_nothing_of_a_film_without_a_face_is_written(swapping: Run, actor: Path, tmp_path: Path) -> None:
    film = make_film(tmp_path / "sea.mp4")
    done = swapping("swap", actor, film)
    assert done.code == 4
    assert not list(tmp_path.glob("*ada.mp4"))
