"""One moment of a plan, as a picture to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from understudy.app.actor import read_actor
from understudy.app.engine import Engine
from understudy.app.pictures import picture_at, write_png
from understudy.app.still import swap_still
from understudy.core.errors import FaceError
from understudy.core.plan import Plan
from understudy.core.types import Notice
from understudy.media.files import check_output

__all__ = ["Preview", "preview"]


@dataclass(frozen=True)
class Preview:
    """What was drawn.

    Attributes:
        output: The picture.
        swapped: How many faces were replaced.
        low_confidence: Whether one of these cannot be trusted.
        notices: What the user should know.
    """

    output: Path
    swapped: int
    low_confidence: bool
    notices: tuple[Notice, ...]


def preview(
    plan: Plan, engine: Engine, output: Path, *, at: float, compare: bool, overwrite: bool
) -> Preview:
    """Swap one frame and write it as a PNG.

    Args:
        plan: What the swap would be.
        engine: The models.
        output: The picture to write.
        at: Which moment of a film, from 0 (its start) to 1 (its end).
        compare: Show the target on the left.
        overwrite: Replace what is there.

    Raises:
        FaceError: There is no face in the actor's photo or in this frame.
        InputError, OutputExists, OutputError: As for a swap.
    """
    inputs = [plan.source.path, *plan.casting.actor]
    check_output(output, overwrite=overwrite, inputs=inputs)
    actor, notices = read_actor(plan.casting, engine)
    frame = picture_at(plan.source.path, at)
    still = swap_still(actor, frame, engine, plan.casting, plan.look)
    if not still.swapped:
        raise FaceError(
            "There is no face in this moment of the target.",
            path=plan.source.path,
            next_step="Choose another with --at; 'understudy faces' shows who is where.",
        )
    pixels = still.side_by_side if compare else still.after
    write_png(output, pixels, overwrite=overwrite, inputs=inputs)
    return Preview(output, still.swapped, still.low_confidence, tuple(notices))
