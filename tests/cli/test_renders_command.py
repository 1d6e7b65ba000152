"""A film that was killed goes on where it was, seen from outside."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from commands import command

from films import pictures
from portrait_film import make_portrait_film

pytestmark = pytest.mark.thorough


def test_killed_listed_resumed(
    environment: dict[str, str], home: Path, portraits: list[Path], tmp_path: Path
) -> None:
    actor = portraits[0]
    film = make_portrait_film(portraits[-1], tmp_path / "scene.mp4", frames=280)
    own = tmp_path / "own"
    own.mkdir()
    (own / "models").symlink_to(home / "models")
    words = ["swap", str(actor), str(film), "-o", "out.mkv", "--encoder", "ffv1", "--json"]
    variables = {**environment, "UNDERSTUDY_HOME": str(own), "UNDERSTUDY_OFFLINE": "1"}
    with subprocess.Popen(
        [str(command()), *words], cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in iter(process.stdout.readline, ""):
            event = json.loads(line)
            if event.get("stage") == "render" and event["done"] > 262:
                break
        process.kill()
    assert not (tmp_path / "out.mkv").exists()
    environment["UNDERSTUDY_HOME"] = str(own)

    listed = json.loads(swapping_in(environment, tmp_path, "renders", "list", "--json"))
    (kept,) = listed["renders"]
    assert (kept["output"], kept["busy"]) == (str(tmp_path / "out.mkv"), False)
    assert kept["frames"] == 240

    out = swapping_in(environment, tmp_path, *words)
    result = json.loads(out.splitlines()[-1])
    assert result["frames"] == result["swapped"] == 280
    assert "render-resumed" in {notice["code"] for notice in result["notices"]}
    listed = json.loads(swapping_in(environment, tmp_path, "renders", "list", "--json"))
    assert listed["renders"] == []
    assert [each["name"] for each in listed["analyses"]] == ["scene.mp4"]

    words[words.index("out.mkv")] = "whole.mkv"
    swapping_in(environment, tmp_path, *words)
    for mine, theirs in zip(pictures(tmp_path / "out.mkv"), pictures(tmp_path / "whole.mkv"), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def swapping_in(environment: dict[str, str], folder: Path, *words: str) -> str:
    done = subprocess.run(
        [str(command()), *words],
        cwd=folder,
        env={**environment, "UNDERSTUDY_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done
    return done.stdout


def test_clean_removes_analyses_and_spares_what_was_used_lately(
    environment: dict[str, str], home: Path, portraits: list[Path], tmp_path: Path
) -> None:
    film = make_portrait_film(portraits[-1], tmp_path / "scene.mp4", frames=4)
    own = tmp_path / "own"
    own.mkdir()
    (own / "models").symlink_to(home / "models")
    environment["UNDERSTUDY_HOME"] = str(own)
    swapping_in(environment, tmp_path, "swap", str(portraits[0]), str(film), "-o", "out.mp4")
    assert "scene.mp4" in swapping_in(environment, tmp_path, "renders", "list")
    assert "nothing to remove" in swapping_in(environment, tmp_path, "renders", "clean", "--older-than", "1")
    assert "removed 1" in swapping_in(environment, tmp_path, "renders", "clean")
    assert list((own / "analyses").iterdir()) == []
    assert "nothing is kept" in swapping_in(environment, tmp_path, "renders", "list")
