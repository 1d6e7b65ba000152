"""Rendering on this machine."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Protocol

from understudy.core.plan import ResolvedPlan
from understudy.core.types import Progress
from understudy.render.build import Cast, Limits, render_photo
from understudy.render.film import render_film

__all__ = ["Executor", "LocalExecutor"]


class Executor(Protocol):
    """Carries out a resolved plan somewhere."""

    def run(
        self, plan: ResolvedPlan, target: Path, output: Path, cast: Cast, sound: Path | None = None
    ) -> Generator[Progress, None, None]:
        """Carry it out; the last item holds the result, and closing the generator calls the work off.

        Args:
            plan: What to do.
            target: Where the plan's target lies.
            output: Where the result goes.
            cast: Models and actor.
            sound: Where what replaces the target's sound lies.
        """


class LocalExecutor:
    """An :class:`Executor` whose stages are threads of this process.

    Args:
        limits: What this machine gives to it.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def run(
        self, plan: ResolvedPlan, target: Path, output: Path, cast: Cast, sound: Path | None = None
    ) -> Generator[Progress, None, None]:
        """Carry it out here; errors of any stage re-raise in the consumer."""
        if plan.source.kind == "photo":
            yield from render_photo(plan, target, output, cast)
        else:
            yield from render_film(plan, target, output, cast, self._limits, sound)
