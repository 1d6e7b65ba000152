"""The installed command, as a process of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from commands import Finished, Run, command

from understudy.core.errors import ModelMissing
from understudy.models.cache import Cache


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of the user's: an empty home, no settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UNDERSTUDY_", "XDG_"))}
    empty = tmp_path / "home"
    empty.mkdir()
    return {**kept, "HOME": str(empty), "USERPROFILE": str(empty), "COLUMNS": "100", "NO_COLOR": "1"}


@pytest.fixture
def understudy(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run the command with these arguments in an empty folder; keywords go into the environment."""
    return running("understudy", environment, tmp_path)


def running(name: str, environment: dict[str, str], folder: Path) -> Run:
    """Run a script of the package in a folder."""

    def run(*arguments: object, **variables: str) -> Finished:
        done = subprocess.run(
            [str(command(name)), *map(str, arguments)],
            cwd=folder,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def home(weights: Cache) -> Path:
    """A folder for UNDERSTUDY_HOME that has the weights of a swap."""
    try:
        for name in ("blazeface-short", "facemesh-468", "nudenet-320n"):
            weights.ensure(weights.catalog[name])
    except ModelMissing as error:
        pytest.skip(str(error))
    return weights.root.parent


@pytest.fixture
def swapping(understudy: Run, home: Path) -> Run:
    """Like ``understudy``, with weights and without network."""

    def run(*arguments: object, **variables: str) -> Finished:
        return understudy(*arguments, UNDERSTUDY_HOME=str(home), UNDERSTUDY_OFFLINE="1", **variables)

    return run


@pytest.fixture
def like_roop(environment: dict[str, str], home: Path, tmp_path: Path) -> Run:
    """roop's command line, with weights and without network."""
    ours = {"UNDERSTUDY_HOME": str(home), "UNDERSTUDY_OFFLINE": "1"}
    return running("understudy-roop", {**environment, **ours}, tmp_path)
