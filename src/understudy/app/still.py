"""One picture swapped, with nothing written: for previews and examinations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from understudy.app.actor import ActorPhoto
from understudy.app.engine import Engine
from understudy.core.plan import Casting, Look
from understudy.media.frame import BgrPixels, Frame
from understudy.render.steps import swap_frame

__all__ = ["Still", "swap_still"]


@dataclass(frozen=True, eq=False)
class Still:
    """A picture before and after.

    Attributes:
        before, after: (height, width, 3) uint8 BGR.
        swapped: How many faces were replaced.
        low_confidence: Whether one of these cannot be trusted.
    """

    before: BgrPixels
    after: BgrPixels
    swapped: int
    low_confidence: bool

    @property
    def side_by_side(self) -> BgrPixels:
        """Both in one picture, the target on the left."""
        return np.hstack([self.before, self.after])


def swap_still(
    actor: Sequence[ActorPhoto], frame: Frame, engine: Engine, casting: Casting, look: Look
) -> Still:
    """Replace the face or faces of one picture; ``frame`` is changed.

    Args:
        actor: From :func:`understudy.app.actor.read_actor`.
        frame: The target.
        engine: The models.
        casting: One face or all of them.
        look: How.
    """
    swapper = engine.swapper(look)
    prepared = swapper.prepare([(photo.picture, photo.face) for photo in actor])
    before = frame.bgr()
    row = next(engine.analysis(casting)([frame]))
    done = swap_frame(row, swapper, prepared)
    return Still(before, frame.bgr(), done.replaced, done.low_confidence)
