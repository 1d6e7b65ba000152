"""The examination of what runs networks: it finds what computes wrongly, and blames nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphs_swap
from graphs_catalog import own_row
from understudy.app import checks
from understudy.app.checks import check_providers, check_swappers
from understudy.app.settings import find_folders, load_settings
from understudy.core.errors import ModelError
from understudy.core.plan import Compute
from understudy.models.runtimes.onnx import open_graph
from understudy.models.session import Session
from understudy.models.spec import load_catalog

pytest.importorskip("onnxruntime")


def test_what_is_installed_computes_rightly() -> None:
    found = list(check_providers())
    assert found[0].name == "networks"
    assert "cpu" in found[0].finding
    assert all(check.ok for check in found)


class Off:
    """The processor, with an error of this size."""

    device = "cuda:0 (ONNX Runtime)"

    def __init__(self, session: Session, error: float) -> None:
        self._session, self._error = session, error

    def run(self, *arguments: Any) -> dict[str, Any]:
        return {name: value * (1 + self._error) for name, value in self._session.run(*arguments).items()}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A machine with CUDA, whose error or failure is what this says."""
    state: dict[str, Any] = {"error": 0.0, "failure": None}

    def opened(data: bytes, compute: Compute) -> Any:
        session = open_graph(data, Compute(provider="cpu"))
        if compute.provider == "cpu":
            return session
        if state["failure"]:
            raise state["failure"]
        return Off(session, state["error"])

    monkeypatch.setattr(checks, "open_graph", opened)
    monkeypatch.setattr(checks, "installed_providers", lambda: ["cpu", "cuda"])
    return state


@pytest.mark.parametrize(("error", "ok"), [(0.0, True), (1e-4, True), (0.01, False), (np.nan, False)])
def test_wrong_numbers_are_found(machine: dict[str, Any], error: float, ok: bool) -> None:
    machine["error"] = error
    [_, check] = check_providers()
    assert check.name == "provider cuda fp32"
    assert check.ok is ok
    assert "cuda:0" in check.finding
    assert " ms" in check.finding
    assert bool(check.advice) is not ok


def test_what_does_not_start_says_why(machine: dict[str, Any]) -> None:
    machine["failure"] = ModelError("cuda does not start: too old.", next_step="Install: ...")
    [_, check] = check_providers()
    assert (check.ok, check.finding, check.advice) == (False, "cuda does not start: too old.", "Install: ...")


def test_builds_over_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = ["onnxruntime 1.31.1", "onnxruntime-gpu 1.31.1"]
    monkeypatch.setattr(checks, "mixed_builds", lambda: builds)
    check = next(check for check in check_providers() if not check.ok)
    assert "share one module" in check.finding
    assert check.advice.startswith("pip uninstall -y onnxruntime onnxruntime-gpu")


def test_without_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "installed_providers", list)
    [check] = check_providers()
    assert check.ok
    assert "built-in" in check.finding


def test_no_neural_engine_no_lines(tmp_path: Path) -> None:
    folders = find_folders(tmp_path)
    assert list(check_swappers(load_settings(folders, {"offline": True}), folders)) == []


def test_installed_swappers_are_tried_on_a_known_face(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = load_catalog()["blendswap_256"]
    own_row(tmp_path / "rows", row, graphs_swap.GRAPHS[row.family](row), "mine")
    monkeypatch.setenv("UNDERSTUDY_CATALOG", str(tmp_path / "rows"))
    folders = find_folders(home)
    settings = load_settings(folders, {"offline": True})
    found = {check.name: check for check in check_swappers(settings, folders)}
    assert found["swap with mine"].ok, found
    assert all(check.ok for check in found.values()), found
    monkeypatch.setattr(checks, "_LEAST_PSNR", 1000.0)
    monkeypatch.setattr(checks, "installed_providers", lambda: ["cpu", "cuda"])
    found = {check.name: check for check in check_swappers(settings, folders)}
    assert not found["swap with mine on cuda fp32"].ok
