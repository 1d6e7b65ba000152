"""The content gate in tests: networks that see nothing, or whatever they are told to, and guards made of them."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from understudy.core.verdict import Allow
from understudy.models.spec import load_catalog
from understudy.safety.evidence import Sample
from understudy.safety.gate import decide
from understudy.safety.guard import Guard, open_guard
from understudy.safety.policy import Policy
from understudy.vision.roles import BgrImage, Finding

__all__ = ["MAGENTA_POLICY", "Eye", "allowed", "guard_of", "passing", "policy_of", "sample"]


_ROWS = "\n".join(
    f'[[class]]\nmodel = "magenta"\nlabel = "{label}"\nthreshold = 0.5'
    for label in load_catalog()["nudenet-320n"].settings["exposed"]
)
MAGENTA_POLICY: Final = f"""
version = 1
name = "test"
[models]
magenta = "required"
{_ROWS}
"""
"""A policy by which the generated network that knows magenta (``graphs_gate.py``) looks alone."""


@dataclass(frozen=True, eq=False)
class Eye:
    """A network of a gate: ``sees`` says what it finds in a picture."""

    sees: Callable[[BgrImage], Sequence[Finding]] = lambda _pixels: ()
    name: str = "eye"
    digest: str = "0" * 64
    labels: tuple[str, ...] = ("NUDE", "FACE")
    exposed: frozenset[str] = frozenset({"NUDE"})
    faces: frozenset[str] = frozenset({"FACE"})

    def look(self, pixels: BgrImage, side: int) -> tuple[Finding, ...]:
        del side
        return tuple(self.sees(pixels))


def policy_of(*names: str, **tables: Any) -> Policy:
    """A policy for such networks, all of which are required."""
    return Policy.model_validate(
        {
            "version": 1,
            "name": "test",
            "models": dict.fromkeys(names, "required"),
            "class": [{"model": name, "label": "NUDE", "threshold": 0.5} for name in names],
            **tables,
        }
    )


def guard_of(folder: Path, *eyes: Eye, policy: Policy | None = None, **options: Any) -> Guard:
    """A guard with these networks that keeps its evidence in ``folder``, for jobs without actors."""
    own = policy_of(*(eye.name for eye in eyes))
    guard = open_guard(policy or own, own, eyes, (folder / "evidence", folder / "appeals"), **options)
    return guard.with_actors(())


def passing(folder: Path | None = None) -> Guard:
    """A guard that sees nothing; without a folder it remembers nothing."""
    return guard_of(folder or Path(tempfile.gettempdir()) / "there is no such folder" / "x", Eye())


def sample(part: Any = "target", **changes: Any) -> Sample:
    """A picture in which nothing was seen."""
    whole: dict[str, Any] = {
        **{"part": part, "name": "a.png", "frame": 0, "time": Fraction(0), "models": ("eye",)},
        **{"views": 1, "changed": True, "grown_up": True, "seen": ()},
    }
    return Sample(**{**whole, **changes})


@functools.cache
def allowed() -> Allow:
    """The gate's leave, for tests of what writes."""
    terms = passing().terms
    verdict = decide(terms, [sample("target"), sample("output")], {"target", "output"})
    assert isinstance(verdict, Allow)
    return verdict
