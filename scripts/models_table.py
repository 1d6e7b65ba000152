"""Writes the table of models into docs/models.md; with --check only says whether it is there as it should be."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from understudy.models.spec import ModelSpec, load_catalog

PAGE = Path(__file__).parent.parent / "docs" / "models.md"
BEGIN, END = "<!-- models: written by scripts/models_table.py -->", "<!-- end of models -->"


def main() -> int:
    """Compare or rewrite the part between the markers."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = f"{before}{BEGIN}\n{table()}{END}{after}"
    if "--check" in sys.argv:
        return int(fresh != text)
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


def table() -> str:
    """Markdown, a part for each role."""
    parts = []
    for role, specs in groupby(load_catalog().values(), key=lambda spec: spec.role):
        rows = "".join(map(_row, specs))
        head = "| Name | Family | Size | Licence | Made by |\n|---|---|---|---|---|\n"
        parts.append(f"\n### {role.capitalize()}\n\n{head}{rows}")
    return "".join(parts) + "\n"


def _row(spec: ModelSpec) -> str:
    size = f"{spec.bytes / 1e6:.1f} MB" if spec.bytes else "–"
    marks = ("\\*" if spec.restricted else "") + ("" if spec.pinned else " ?")
    licence = f"[{spec.licence.removeprefix('LicenseRef-')}]({spec.licence_url}){marks}"
    return f"| `{spec.name}` | {spec.family} | {size} | {licence} | {spec.origin} |\n"


if __name__ == "__main__":
    sys.exit(main())
