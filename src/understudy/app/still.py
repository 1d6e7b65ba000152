"""One picture swapped, with nothing written: for previews and examinations."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.app.casting import Ensemble
from understudy.app.engine import Engine
from understudy.app.mask_preview import replaced_area, tinted, with_legend
from understudy.core.plan import Plan
from understudy.core.types import Notice
from understudy.media.frame import BgrPixels, Frame
from understudy.render.run import Analysis
from understudy.render.steps import frame_changes, lay_down
from understudy.safety.watch import Watch

__all__ = ["Still", "swap_still"]


@dataclass(frozen=True, eq=False)
class Still:
    """A picture before and after.

    Attributes:
        before, after: (height, width, 3) uint8 BGR.
        area: (height, width) uint8, how much of each pixel of ``before`` is replaced.
        swapped: How many faces were replaced or restored.
        low_confidence: Whether one of these cannot be trusted.
        notices: What the user should know.
    """

    before: BgrPixels
    after: BgrPixels
    area: NDArray[np.uint8]
    swapped: int
    low_confidence: bool
    notices: tuple[Notice, ...]

    @property
    def side_by_side(self) -> BgrPixels:
        """Both in one picture, the target on the left, as large as the result."""
        height, width = self.after.shape[:2]
        before = cv2.resize(self.before, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.hstack([np.asarray(before, np.uint8), self.after])

    @property
    def masks(self) -> BgrPixels:
        """The target, tinted where it is replaced."""
        return with_legend(tinted(self.before, self.area))


def swap_still(
    plan: Plan,
    ensemble: Ensemble,
    frame: Frame,
    engine: Engine,
    watch: Watch | None = None,
    analysis: Analysis | None = None,
) -> Still:
    """Do to one picture what a plan asks for; ``frame`` is changed.

    Args:
        plan: Who plays whom, and how.
        ensemble: Its people.
        frame: Of its target.
        engine: The models.
        watch: The content gate, which sees both; without its leave the result cannot be written.
        analysis: Finds its faces; None looks at the frame alone.

    Raises:
        UnderstudyError: As for a swap; nothing is raised when nobody is replaced.
    """
    work = engine.works(plan.looks, [actor.faces for actor in ensemble.actors], plan.casting.actor_mix)
    before = frame.bgr()
    find = analysis or engine.analysis(ensemble.rules)
    rows = find([frame]) if work.on_faces else iter([(frame, ())])
    row = next(rows if watch is None else watch.rows(rows))
    changed = frame_changes(row, work)
    area = replaced_area(frame.width, frame.height, changed)
    done = lay_down(row, changed, work)
    if watch is not None:
        watch.came_out(done.frame)
    return Still(before, done.frame.bgr(), area, done.replaced, done.low_confidence, ensemble.notices)
