"""Rendering on this machine."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Protocol

from understudy.core.plan import ResolvedPlan
from understudy.core.types import Progress
from understudy.render.build import Cast, render_film, render_photo

__all__ = ["Executor", "LocalExecutor"]


class Executor(Protocol):
    """Carries out a resolved plan somewhere."""

    def run(
        self, plan: ResolvedPlan, target: Path, output: Path, cast: Cast
    ) -> Generator[Progress, None, None]:
        """Carry it out; the last item holds the result, and closing the generator calls the work off.

        Args:
            plan: What to do.
            target: Where the plan's target lies.
            output: Where the result goes.
            cast: Models and actor.
        """


class LocalExecutor:
    """An :class:`Executor` whose stages are threads of this process."""

    def run(
        self, plan: ResolvedPlan, target: Path, output: Path, cast: Cast
    ) -> Generator[Progress, None, None]:
        """Carry it out here; errors of any stage re-raise in the consumer."""
        work = render_photo if plan.source.kind == "photo" else render_film
        yield from work(plan, target, output, cast)
