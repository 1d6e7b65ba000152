"""What the documentation says is true of the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from portrait_film import make_portrait_film
from understudy.app.options import swap_options
from understudy.core import errors
from understudy.core.errors import UnderstudyError
from understudy.models.providers import PROVIDERS
from understudy.models.spec import load_catalog

REPOSITORY = Path(__file__).parents[2]
PAGES = [
    REPOSITORY / "README.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
    REPOSITORY / "CONTRIBUTING.md",
]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.mark.parametrize(
    "page", [REPOSITORY / "README.md", REPOSITORY / "docs" / "usage.md"], ids=lambda page: page.name
)
def test_python_examples_run(
    page: Path, home: Path, actor: Path, scene: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_portrait_film(scene, scene.with_suffix(".mp4"), frames=3)
    monkeypatch.setenv("UNDERSTUDY_HOME", str(home))
    examples = blocks(page, "python")
    assert examples
    for example in examples:
        done = subprocess.run(
            [sys.executable, "-c", example], cwd=actor.parent, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_every_error_is_listed_with_its_exit_code() -> None:
    rows = re.findall(
        r"^\| (\d+) \| `(\w+)`", (REPOSITORY / "docs" / "errors.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    classes = [getattr(errors, name) for name in errors.__all__]
    assert {(int(code), name) for code, name in rows} == {(one.exit_code, one.__name__) for one in classes}
    assert all(issubclass(one, UnderstudyError) for one in classes)


def test_the_table_of_models_is_the_catalogues() -> None:
    script = REPOSITORY / "scripts" / "models_table.py"
    done = subprocess.run([sys.executable, str(script), "--check"], check=False)
    assert done.returncode == 0, "run scripts/models_table.py"


def test_every_model_that_comes_by_itself_is_listed_with_its_licence() -> None:
    text = (REPOSITORY / "docs" / "licences.md").read_text(encoding="utf-8")
    for name in ("blazeface-short", "facemesh-468", "dlib-resnet", "dlib-5-points"):
        [row] = [line for line in text.splitlines() if f"`{name}`" in line]
        assert load_catalog()[name].licence in row


def test_every_provider_is_listed_with_its_install_line() -> None:
    text = (REPOSITORY / "docs" / "models.md").read_text(encoding="utf-8")
    for name, provider in PROVIDERS.items():
        [row] = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert f"`{provider.install}`" in row


def test_the_example_of_an_own_row_is_one(tmp_path: Path) -> None:
    [example] = blocks(REPOSITORY / "docs" / "models.md", "toml")
    (tmp_path / "enhancer.toml").write_text(example, encoding="utf-8")
    assert load_catalog(tmp_path)["my_restorer"].local == tmp_path / "my_restorer.onnx"


def test_every_option_is_explained() -> None:
    text = (REPOSITORY / "docs" / "usage.md").read_text(encoding="utf-8")
    for name in swap_options():
        assert f"--{name.rstrip('_').replace('_', '-')}" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
