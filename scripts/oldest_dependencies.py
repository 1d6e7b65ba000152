"""Prints pyproject.toml's lower bounds as a constraints file, so that the oldest allowed versions get tested too."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

# Tools of the gate: their age says nothing about the product.
TOOLS = {"ruff", "mypy", "import-linter"}


def oldest(pyproject: Path) -> list[str]:
    """One ``name==version`` per dependency with a lower bound, extras and groups included."""
    data = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    project = data["project"]
    groups = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *data["dependency-groups"].values(),
    ]
    pins = {}
    for requirement in (requirement for group in groups for requirement in group):
        found = re.fullmatch(r"([\w.-]+)>=([\w.]+)", requirement)
        if found is None:
            raise SystemExit(f"{pyproject}: {requirement!r} has no plain lower bound (name>=version)")
        if found[1] not in TOOLS:
            pins[found[1]] = found[2]
    return [f"{name}=={version}" for name, version in sorted(pins.items())]


if __name__ == "__main__":
    print("\n".join(oldest(Path(sys.argv[1]))))
