"""The models of a job, with weights from the tests' cache."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from understudy.app.engine import Engine
from understudy.app.settings import Settings, find_folders, load_settings
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool


@pytest.fixture(autouse=True)
def _no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*Settings.model_fields, "home", "likeness", "quality", "crf", "faces", "swapper", "encoder"]:
        monkeypatch.delenv(f"UNDERSTUDY_{name.upper()}", raising=False)


@pytest.fixture
def home(weights: Cache, sessions: SessionPool) -> Path:  # noqa: ARG001 (it skips when there are no weights)
    return weights.root.parent


@pytest.fixture
def engine(home: Path) -> Engine:
    folders = find_folders(home)
    return Engine(load_settings(folders, {"offline": True}), folders)


@pytest.fixture
def actor(portraits: list[Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(portraits[0], tmp_path / "ada.jpg"))


@pytest.fixture
def scene(portraits: list[Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(portraits[-1], tmp_path / "scene.jpg"))


@pytest.fixture
def recognising(engine: Engine, recogniser: None) -> Engine:
    """The models, and dlib's descriptor."""
    del recogniser
    return engine
