"""Machines that give out: no memory, no space, two at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import command

from portrait_film import make_portrait_film

pytestmark = pytest.mark.thorough

needs_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="limits and small disks are made as Linux has them"
)


class Theatre:
    """A film, an actor, and a home of their own."""

    def __init__(self, folder: Path, home: Path, environment: dict[str, str], portraits: list[Path]) -> None:
        self.folder = folder
        self.actor, self.photo = portraits[0], portraits[-1]
        self.film = make_portrait_film(self.photo, folder / "scene.mp4", frames=264)
        self.home = folder / "own"
        self.home.mkdir()
        (self.home / "models").symlink_to(home / "models")
        self.environment = {**environment, "UNDERSTUDY_HOME": str(self.home), "UNDERSTUDY_OFFLINE": "1"}

    def words(self, *more: str) -> list[str]:
        return [str(command()), "swap", str(self.actor), str(self.film), "-o", "out.mp4", "--json", *more]

    def start(self, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.words(*more),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *more: str, prefix: tuple[str, ...] = ()) -> tuple[int, dict[str, object]]:
        done = subprocess.run(
            [*prefix, *self.words(*more)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr + done.stdout
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    @property
    def out(self) -> Path:
        return self.folder / "out.mp4"


@pytest.fixture
def theatre(home: Path, environment: dict[str, str], portraits: list[Path], tmp_path: Path) -> Theatre:
    return Theatre(tmp_path, home, environment, portraits)


def wait_for(process: subprocess.Popen[str], frames: int) -> None:
    assert process.stdout is not None
    for line in iter(process.stdout.readline, ""):
        event = json.loads(line)
        if event.get("stage") == "render" and event["done"] >= frames:
            return
    raise AssertionError("it ended before that")


@needs_linux
@pytest.mark.parametrize("megabytes", [300, 650])
def test_no_memory_is_no_film_and_no_traceback(theatre: Theatre, megabytes: int) -> None:
    code, _ = theatre.run(prefix=("bash", "-c", f'ulimit -v {megabytes * 1024}; exec "$@"', "bash"))
    assert code != 0
    assert not theatre.out.exists()
    code, result = theatre.run()
    assert (code, result["frames"]) == (0, 264)


def test_too_little_memory_is_said_at_once(theatre: Theatre) -> None:
    code, error = theatre.run("--max-memory", "0.05")
    assert (code, error["code"]) == (2, "PlanError")
    assert "--max-memory" in str(error["next_step"])
    assert not theatre.out.exists()


def test_two_at_once(theatre: Theatre) -> None:
    with theatre.start() as first:
        wait_for(first, 20)
        code, error = theatre.run()
        assert (code, error["code"]) == (6, "OutputError")
        assert "Another process" in str(error["message"])
        out, _ = first.communicate(timeout=120)
    assert json.loads(out.splitlines()[-1])["frames"] == 264
    assert theatre.out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a console are another matter there")
def test_ctrl_c_twice(theatre: Theatre) -> None:
    with theatre.start() as process:
        wait_for(process, 250)
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode != 0
    assert not theatre.out.exists()
    assert not list(theatre.folder.glob(".understudy-*"))
    code, result = theatre.run()
    assert code == 0
    assert "render-resumed" in {notice["code"] for notice in result["notices"]}  # type: ignore[attr-defined]


@needs_linux
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a small disk"
)
def test_a_disk_that_fills_up(theatre: Theatre) -> None:
    disk = theatre.home / "renders"
    disk.mkdir()
    spare = 32 << 20  # what is left to others
    if not mounted(disk, spare + 200_000):
        pytest.skip("a small disk cannot be mounted here")
    try:
        code, error = theatre.run()
        assert (code, error["code"]) == (6, "DiskFull")
        assert "run the same command again" in str(error["next_step"])
        assert not theatre.out.exists()
        subprocess.run(["mount", "-o", f"remount,size={spare + (64 << 20)}", str(disk)], check=True)
        code, result = theatre.run()
        assert (code, result["frames"]) == (0, 264)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def mounted(disk: Path, size: int) -> bool:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    return (
        shutil.which("mount") is not None
        and not subprocess.run(mount, capture_output=True, check=False).returncode
    )
