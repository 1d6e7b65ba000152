"""How the tests of the command line look at the installed command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Finished", "Run", "assert_failed", "command"]


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.out.splitlines()]


Run = Callable[..., Finished]
"""Runs the command with these arguments; keywords go into its environment."""


def command(name: str = "understudy") -> Path:
    """The script that installing the package made."""
    suffix = ".exe" if sys.platform == "win32" else ""
    path = Path(sys.executable).parent / f"{name}{suffix}"
    assert path.exists(), "the package is not installed in this environment"
    return path


def assert_failed(done: Finished, code: int, *parts: str) -> None:
    """The command ended with this code, and told why in a sentence or two, without a traceback."""
    assert done.code == code, done
    assert len(done.err.splitlines()) >= 2, done.err
    assert done.err.splitlines()[-2].startswith("error: "), done.err
    assert "Traceback" not in done.err + done.out
    for part in parts:
        assert part in done.err
