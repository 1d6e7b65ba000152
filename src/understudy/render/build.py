"""What a render is given, and from a resolved plan to a published photo."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from understudy.core.errors import FaceError, PlanError
from understudy.core.plan import PhotoOutput, ResolvedPlan
from understudy.core.types import Notice, Progress, Result
from understudy.media.frame import Frame
from understudy.media.images import read_image, write_image
from understudy.render.recorder import Recorder, Reporter
from understudy.render.run import Analysis, Tally
from understudy.render.segments import SPAN
from understudy.render.steps import Row, Work, swap_frame
from understudy.render.watched import watch_photo
from understudy.safety.guard import Guard
from understudy.safety.keys import SigningKey
from understudy.safety.provenance import Marker, claim_of

__all__ = ["Cast", "Limits", "check_swapped", "depth_lost", "render_photo", "result_of"]


@dataclass(frozen=True, eq=False)
class Cast:
    """What a render needs besides the plan: models at work and actors made up for them.

    Attributes:
        analyse: Finds the faces that are to be changed; not called when nothing is done to faces.
        work: What to do to them.
        guard: The content gate, which has seen the actors.
        key: What the result is signed with.
        reporter: Makes the report; None when none is wanted.
    """

    analyse: Analysis
    work: Work
    guard: Guard
    key: SigningKey
    reporter: Reporter | None = None

    def rows(self, frames: Iterable[Frame]) -> Iterator[Row]:
        """The frames with the faces that there is work on."""
        return self.analyse(frames) if self.work.on_faces else ((frame, ()) for frame in frames)


@dataclass(frozen=True)
class Limits:
    """What a machine gives to a render.

    Attributes:
        journals: Folder in which interrupted renders are kept.
        span: Seconds of film that are committed at a time.
        memory: Gigabytes for the process; None is as much as is useful.
    """

    journals: Path
    span: Fraction = SPAN
    memory: float | None = None


def render_photo(
    plan: ResolvedPlan, target: Path, output: Path, cast: Cast
) -> Generator[Progress, None, None]:
    """Swap the faces of a photo and publish it.

    Args:
        plan: What to do.
        target: Where the plan's target lies.
        output: Where the result goes.
        cast: Models and actor.

    Yields:
        Progress; the last one carries the result.

    Raises:
        FaceError: No face was replaced, and there was one to be.
        Blocked, Undetermined: The content gate does not let it pass.
        UnderstudyError: See :func:`read_image` and :func:`write_image`.
    """
    if not isinstance(plan.output, PhotoOutput):
        raise PlanError("The plan's output is not a photo.")
    yield Progress("render", 0, 1)
    photo = read_image(target)
    watch = watch_photo(cast.guard, plan, target, output)
    reporter = cast.reporter
    recorder = None if reporter is None else Recorder(reporter.gauge, lambda _: False)
    rows = watch.rows(cast.rows([photo.frame]))
    (row,) = rows if recorder is None else recorder.rows(rows, lambda _: True)
    done = swap_frame(row, cast.work)
    tally = Tally().plus(done, 0.0)
    check_swapped(tally, cast.work, target)
    yield Progress("render", 1, 1, faces=tally.found)
    watch.came_out(done.frame)
    if recorder is not None:
        recorder.came_out(done)
    allow = watch.allow(0)
    lost = write_image(
        replace(photo, frame=done.frame),
        output,
        allow,
        quality=plan.output.quality,
        overwrite=plan.output.overwrite,
        seal=Marker(claim_of(plan, target, allow.policy), cast.key),
    )
    notices = (*photo.notices, *depth_lost(cast.work, photo.frame.layout.bits), *lost)
    result = result_of(output, tally, cast, notices)
    if reporter is not None and recorder is not None:
        result = replace(result, report=reporter.publish(recorder.take(), tally.frames, allow))
    yield Progress("publish", 1, 1, result=result)


def depth_lost(work: Work, bits: int) -> Iterator[Notice]:
    """What an upscaler takes from a target of so many bits."""
    if work.upscaler is not None and bits > 8:
        yield Notice("depth-reduced", f"The upscaler works in 8 bits; the target had {bits}.")


def check_swapped(tally: Tally, work: Work, target: Path) -> None:
    """Refuse a result in which nothing was done to a face, when something was to be.

    Raises:
        FaceError: That.
    """
    if tally.swapped or not work.on_faces:
        return
    if tally.found:
        raise FaceError("None of the faces in it could be replaced.", path=target)
    raise FaceError(
        "No face was found in it.",
        path=target,
        next_step="'understudy faces' shows what is seen; faces under 40 pixels are too small.",
    )


def result_of(output: Path, tally: Tally, cast: Cast, notices: Iterable[Notice]) -> Result:
    """What is told of a finished render."""
    return Result(
        output=output,
        frames=tally.frames,
        swapped=tally.swapped,
        without_face=tally.frames - tally.found,
        low_confidence=tally.low_confidence,
        carried=tally.carried,
        reused=tally.reused,
        seconds=tally.seconds,
        fps=tally.fps,
        device=dict(cast.work.devices),
        notices=(*notices, *_faded(tally)),
    )


def _faded(tally: Tally) -> Iterator[Notice]:
    if tally.faded:
        many = f"{tally.faded} frames" if tally.faded > 1 else "one frame"
        message = f"In {many} a head is turned too far to be replaced well; the face was faded out there."
        yield Notice("profile-faded", message)
