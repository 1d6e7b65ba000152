from __future__ import annotations

import shutil
from pathlib import Path

from commands import Run, assert_failed


def test_list_pull_verify_remove(understudy: Run, home: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    shutil.copy(next(home.glob("models/facemesh-468-*")), mirror / "face_landmark.tflite")
    mine = {
        "UNDERSTUDY_HOME": str(tmp_path / "mine"),
        "UNDERSTUDY_MIRROR": str(mirror),
        "UNDERSTUDY_OFFLINE": "1",
    }

    listed = understudy("models", "list", **mine)
    assert listed.code == 0
    assert "facemesh-468" in listed.out
    assert "Apache-2.0" in listed.out
    [event] = understudy("models", "list", "--json", **mine).events
    assert {model["name"]: model["installed"] for model in event["models"]}["facemesh-468"] is False

    pulled = understudy("models", "pull", "facemesh-468", **mine)
    assert pulled.code == 0
    path = Path(pulled.out.split()[1])
    assert path.stat().st_size == 1_242_398
    assert "facemesh-468  verified" in understudy("models", "verify", **mine).out

    path.write_bytes(b"not these")
    assert_failed(
        understudy("models", "verify", **mine), 5, "facemesh-468", "understudy models pull facemesh-468"
    )
    assert understudy("models", "pull", "facemesh-468", **mine).code == 0
    assert understudy("models", "verify", **mine).code == 0

    assert understudy("models", "remove", "facemesh-468", **mine).out == "removed facemesh-468\n"
    assert not path.exists()
    assert understudy("models", "remove", "facemesh-468", **mine).out == "nothing to remove\n"


def test_offline_says_what_is_missing_and_how_to_get_it(understudy: Run, tmp_path: Path) -> None:
    done = understudy("models", "pull", "facemesh-468", "--offline", "--home", tmp_path / "none")
    assert_failed(done, 5, "facemesh-468", "face_landmark.tflite", "UNDERSTUDY_MIRROR")


def test_an_unknown_name_gets_the_choices(understudy: Run) -> None:
    assert_failed(understudy("models", "pull", "facemsh"), 5, "'facemsh'", "facemesh-468")
