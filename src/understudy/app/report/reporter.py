"""The report of one job: what it needs is gathered before the render, and the page written after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import understudy
from understudy.app.casting import Ensemble
from understudy.app.engine import Engine, Identity
from understudy.app.report.page import Subject, page_of
from understudy.app.report.people import appearances
from understudy.app.report.summary import Story, is_unlike, tell, verdict_of
from understudy.app.report.words import count, figure
from understudy.app.request import input_files
from understudy.core.plan import Plan
from understudy.core.report import Report
from understudy.core.types import Face, FloatArray
from understudy.core.verdict import Allow, check_allowed
from understudy.media.files import check_output, output_error, staged
from understudy.render.gauge import Gauge
from understudy.render.record import Record
from understudy.vision.roles import Picture

__all__ = ["PageReporter", "check_page", "reporter_for"]

_PHOTOS: Final = 8  # of an actor whose mean is compared with; more say no more


def check_page(plan: Plan, output: Path) -> None:
    """Refuse a page that cannot or must not be written, before any work is done.

    Raises:
        OutputExists, OutputError: See :func:`check_output`.
    """
    if plan.output.report is not None:
        check_output(plan.output.report, overwrite=plan.output.overwrite, inputs=[*input_files(plan), output])


def reporter_for(plan: Plan, ensemble: Ensemble, engine: Engine, output: Path) -> PageReporter | None:
    """What makes the report of a job; None when the plan asks for none.

    Args:
        plan: The request.
        ensemble: Who plays whom.
        engine: The models.
        output: Where the result goes.
    """
    if plan.output.report is None:
        return None
    identity = engine.identity_if_here() if ensemble.actors else None
    known = [_embedding(identity, actor.faces[:_PHOTOS]) for actor in ensemble.actors] if identity else []
    return PageReporter(
        page=plan.output.report,
        overwrite=plan.output.overwrite,
        gauge=Gauge(engine.landmarker, identity, known),
        subject=Subject(
            target=plan.source.path.name,
            output=output.name,
            actors=tuple(actor.name for actor in ensemble.actors),
            embedder=identity.name if identity else None,
            same_person=identity.same_person if identity else None,
            software=f"understudy {understudy.__version__}",
        ),
        roles=ensemble.names,
        doubtful=bool(ensemble.actors) and all(actor.doubtful for actor in ensemble.actors),
    )


@dataclass(frozen=True, eq=False)
class PageReporter:
    """Makes the report of a render.

    Attributes:
        page: Where it goes.
        overwrite: Whether it may replace an older one.
        gauge: What measures the result.
        subject: What it is about.
        roles: The picture by which each actor's role is known, or None.
        doubtful: Whether the actors' own photos show too little.
    """

    page: Path
    overwrite: bool
    gauge: Gauge
    subject: Subject
    roles: tuple[str | None, ...]
    doubtful: bool

    def publish(self, record: Record, frames: int, allow: Allow) -> Report:
        """Write the page (arguments and errors: see :class:`~understudy.render.recorder.Reporter`)."""
        check_allowed(allow)
        who = appearances(record, self.subject.actors, self.roles)
        stories = [tell(each, record.frames) for each in who]
        doubts = list(self._doubts(stories, frames - len(record.frames)))
        verdict = "poor" if self.doubtful else verdict_of(stories, doubts)
        report = Report(
            page=self.page,
            verdict=verdict,
            frames=frames,
            recorded=len(record.frames),
            shots=len(np.unique(record.frames["shot"])),
            people=tuple(story.whole for story in stories),
            rows=tuple(row for story in stories for row in story.rows),
            spans=tuple(
                sorted((span for story in stories for span in story.spans), key=lambda span: span.first)
            ),
            embedder=self.subject.embedder is not None,
        )
        text = page_of(report, self.subject, record, stories, doubts)
        with staged(self.page, overwrite=self.overwrite) as temporary:
            try:
                temporary.write_text(text, encoding="utf-8")
            except OSError as error:
                raise output_error(error, self.page) from error
        return report

    def _doubts(self, stories: list[Story], unrecorded: int) -> list[str]:
        doubts = []
        if self.doubtful:
            doubts.append("The actor's own photos show too little for a likeness that can be trusted.")
        bound = self.subject.same_person
        for story in stories:
            likeness = story.whole.likeness
            if is_unlike(likeness, bound):
                doubts.append(
                    f"{story.who.name}: likeness to {story.who.actor} is {figure(likeness, 2)}; two pictures of one "
                    f"person reach {figure(bound, 2)}."
                )
        if unrecorded:
            doubts.append(
                f"{count(unrecorded, 'frame')} were rendered by an earlier run without a report; --restart "
                "makes it whole."
            )
        return doubts


def _embedding(identity: Identity, photos: list[tuple[Picture, Face]]) -> FloatArray:
    """(d,) mean of the photos', of length 1."""
    mean = np.mean([identity.of(picture, face) for picture, face in photos], 0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)
