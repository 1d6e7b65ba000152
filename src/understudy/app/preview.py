"""One moment of a plan, as a picture to look at."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from understudy.app.analysis import kept_unless_blocked
from understudy.app.engine import Engine
from understudy.app.pictures import picture_at, write_png
from understudy.app.rehearsal import rehearse
from understudy.app.request import input_files
from understudy.app.service import settle
from understudy.app.still import swap_still
from understudy.core.errors import FaceError, PlanError
from understudy.core.plan import Plan
from understudy.core.types import Notice, Progress
from understudy.media.files import check_output
from understudy.safety.keys import load_key
from understudy.safety.provenance import Marker, claim_of
from understudy.safety.watch import Subject, Watch

__all__ = ["Preview", "preview", "preview_progress"]


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
    plan: Plan,
    engine: Engine,
    output: Path,
    *,
    at: float,
    compare: bool,
    masks: bool = False,
    overwrite: bool,
) -> Preview:
    """Like :func:`preview_progress`, all at once."""
    steps = preview_progress(plan, engine, output, at=at, compare=compare, masks=masks, overwrite=overwrite)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            seen: Preview = end.value
            return seen


def preview_progress(
    plan: Plan,
    engine: Engine,
    output: Path,
    *,
    at: float,
    compare: bool,
    masks: bool = False,
    overwrite: bool,
) -> Generator[Progress, None, Preview]:
    """Swap one frame and write it as a PNG.

    Args:
        plan: What the swap would be.
        engine: The models.
        output: The picture to write.
        at: Which moment of a film, from 0 (its start) to 1 (its end).
        compare: Show the target on the left.
        masks: Show what is replaced, and not by what.
        overwrite: Replace what is there.

    Yields:
        Progress, when the whole target has to be analysed first.

    Raises:
        PlanError: ``compare`` and ``masks`` at once.
        ConsentMissing: The plan requires consent, and none that is valid is on record.
        SigningError: It cannot be marked as what it is.
        FaceError: There is no face in the actor's photo or in this frame.
        Blocked, Undetermined: The content gate does not let it pass.
        InputError, OutputExists, OutputError: As for a swap.
    """
    if masks and compare:
        raise PlanError("A preview of the masks has no second picture.", next_step="Leave --compare out.")
    inputs, key = input_files(plan), load_key(engine.keys)
    check_output(output, overwrite=overwrite, inputs=inputs)
    rehearsed = yield from rehearse(plan, engine)
    ensemble = rehearsed.ensemble
    resolved, unsaid = settle(plan, ensemble, rehearsed.target, engine)
    guard = engine.gate.guard.with_actors(ensemble.photos)
    watch = Watch(guard, Subject(plan.source.path.name, output.name))
    analysis = None if rehearsed.observed is None else rehearsed.analysis
    with kept_unless_blocked(rehearsed.target, engine):
        still = swap_still(plan, ensemble, picture_at(plan.source.path, at), engine, watch, analysis)
        allow = watch.allow(0)
    on_faces = plan.look.swapper != "none" or plan.look.enhancer
    if on_faces and not still.swapped:
        raise FaceError(
            "There is nobody in this moment of the target whose face is to be replaced.",
            path=plan.source.path,
            next_step="Choose another with --at; 'understudy faces' shows who is where.",
        )
    pixels = still.masks if masks else still.side_by_side if compare else still.after
    # The masks show nobody but the target, and say so themselves.
    seal = None if masks else Marker(claim_of(resolved, plan.source.path, allow.policy), key)
    write_png(output, pixels, allow, overwrite=overwrite, inputs=inputs, seal=seal)
    return Preview(output, still.swapped, still.low_confidence, (*still.notices, *unsaid))
