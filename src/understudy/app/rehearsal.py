"""Who plays whom in a target, settled before anything is rendered."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from understudy.analysis.observed import Observed
from understudy.app.analysis import analyse_whole, analysis_for, kept_analysis
from understudy.app.casting import Ensemble, gather
from understudy.app.content import content_of
from understudy.app.engine import Engine
from understudy.app.people import find_people
from understudy.core.plan import Content, Plan
from understudy.core.types import Progress
from understudy.render.run import Analysis

__all__ = ["Rehearsed", "rehearse"]


@dataclass(frozen=True, eq=False)
class Rehearsed:
    """A plan whose people are found.

    Attributes:
        ensemble: Who plays whom.
        target: What the target holds.
        analysis: Finds the faces of its frames.
        observed: The whole target's analysis, if there is one already.
    """

    ensemble: Ensemble
    target: Content
    analysis: Analysis
    observed: Observed | None


def rehearse(plan: Plan, engine: Engine) -> Generator[Progress, None, Rehearsed]:
    """Read the actors, and find whom they play.

    The whole target is analysed when it matters who is who in it; what is kept of an earlier analysis is used anyway.

    Args:
        plan: The request.
        engine: The models, prepared.

    Yields:
        Progress of the analysis.

    Raises:
        UnderstudyError: See :func:`understudy.app.casting.gather`, :func:`understudy.app.analysis.analyse_whole` and
            :func:`understudy.app.people.find_people`.
    """
    path = plan.source.path
    ensemble = gather(plan, engine)
    content = content_of(path)
    if plan.casting.knows_people:
        whole = yield from analyse_whole(path, engine, content)
        ensemble = yield from find_people(ensemble, plan, whole, engine)
        observed: Observed | None = whole.observed
    else:
        observed = kept_analysis(content, engine)
    return Rehearsed(
        ensemble, content, analysis_for(plan, engine, content, ensemble.rules, observed), observed
    )
