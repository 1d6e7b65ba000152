"""A home of its own for the gate: real weights for faces, a generated network for what may not be shown."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import pytest
from rig import Rig

from understudy.models.cache import Cache
from understudy.models.pool import SessionPool


@pytest.fixture(scope="session")
def _portraits(portraits: list[Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An actor and a scene, small."""
    folder = tmp_path_factory.mktemp("small")
    for name, path in (("ada", portraits[0]), ("scene", portraits[-1])):
        small = cv2.resize(cv2.imread(str(path)), (256, 256), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"{name}.png"), small)
    return folder / "ada.png", folder / "scene.png"


@pytest.fixture
def rig(
    weights: Cache,
    sessions: SessionPool,  # noqa: ARG001 (it skips when there are no weights)
    _portraits: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Rig:
    for name in [name for name in os.environ if name.startswith("UNDERSTUDY_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    for name in ("blazeface-short", "facemesh-468"):
        shutil.copy(weights.ensure(weights.catalog[name]), home / "models")
    actor, scene = (Path(shutil.copy(path, tmp_path)) for path in _portraits)
    return Rig(home, actor, scene, tmp_path / "out")
