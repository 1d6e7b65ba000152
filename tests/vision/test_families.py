"""A new engine is a row of the catalogue and a module, and nothing else."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest

from understudy.core.errors import PlanError
from understudy.core.plan import Look
from understudy.models.spec import Catalog, HttpsFile, ModelSpec
from understudy.vision.swap.families import choose_swapper, open_swapper
from understudy.vision.swap.mesh import MeshSwapper


def row(name: str) -> ModelSpec:
    return ModelSpec(
        name=name,
        role="swapper",
        family="mirror",
        runtime="onnx",
        file=f"{name}.onnx",
        sha256="0" * 64,
        bytes=1,
        sources=(HttpsFile(url=f"https://localhost/{name}.onnx"),),
        licence="CC0-1.0",
        licence_url="",
        origin="nobody",
    )


CATALOG = Catalog([row("mirror-256"), row("mirror-128")])


def test_auto_is_the_best_that_is_installed() -> None:
    assert choose_swapper("auto", CATALOG, lambda _: False) is None
    assert choose_swapper("auto", CATALOG, lambda _: True) is CATALOG["mirror-256"]
    assert choose_swapper("auto", CATALOG, lambda spec: spec.name == "mirror-128") is CATALOG["mirror-128"]


def test_a_name_is_taken_at_its_word() -> None:
    assert choose_swapper("mesh", CATALOG, lambda _: True) is None
    assert choose_swapper("mirror-128", CATALOG, lambda _: False) is CATALOG["mirror-128"]
    with pytest.raises(PlanError, match=r"no swapper 'mirror'.*auto, mesh, mirror-256, mirror-128"):
        choose_swapper("mirror", CATALOG, lambda _: True)


def test_the_rows_family_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    module = ModuleType("understudy.vision.swap.mirror")
    module.open_swapper = lambda *arguments: opened.append(arguments) or "swapper"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    look = Look(likeness=0.1)
    module.__spec__ = ModuleSpec(module.__name__, None)
    pool: Any = object()
    assert open_swapper(CATALOG["mirror-256"], pool, look, "median") == "swapper"
    assert opened == [(CATALOG["mirror-256"], pool, look, "median")]


def test_the_built_in_one_needs_no_weights() -> None:
    nothing: Any = None
    assert isinstance(open_swapper(None, nothing, Look()), MeshSwapper)
