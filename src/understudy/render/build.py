"""From a resolved plan and opened models to a published file."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from understudy.core.errors import FaceError, PlanError
from understudy.core.plan import PhotoOutput, ResolvedPlan, VideoOutput, VideoSource
from understudy.core.types import Notice, Progress, RenderSegment, Result
from understudy.media.encoders import choose_encoder, container_of
from understudy.media.frame import Frame
from understudy.media.images import read_image, write_image
from understudy.media.read import VideoReader
from understudy.media.resample import as_rate, resampled
from understudy.media.stills import StillsWriter
from understudy.media.streams import FrameSink
from understudy.media.write import VideoWriter
from understudy.render.publish import staged_film
from understudy.render.run import Analysis, Tally, render
from understudy.render.steps import swap_frame
from understudy.vision.roles import Swapper

__all__ = ["Cast", "render_film", "render_photo"]


@dataclass(frozen=True, eq=False)
class Cast:
    """What a render needs besides the plan: models at work and an actor made up for them.

    Attributes:
        analyse: Finds the faces that are to be replaced.
        swapper: The engine.
        actor: What its ``prepare`` returned.
    """

    analyse: Analysis
    swapper: Swapper
    actor: Any


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
        FaceError: No face was replaced.
        UnderstudyError: See :func:`read_image` and :func:`write_image`.
    """
    if not isinstance(plan.output, PhotoOutput):
        raise PlanError("The plan's output is not a photo.")
    yield Progress("render", 0, 1)
    photo = read_image(target)
    tally = Tally()
    for row in cast.analyse([photo.frame]):
        tally = tally.plus(swap_frame(row, cast.swapper, cast.actor), 0.0)
    _check_swapped(tally, target)
    yield Progress("render", 1, 1, faces=tally.found)
    lost = write_image(photo, output, quality=plan.output.quality, overwrite=plan.output.overwrite)
    yield Progress("publish", 1, 1, result=_result(output, tally, cast, (*photo.notices, *lost)))


def render_film(
    plan: ResolvedPlan, target: Path, output: Path, cast: Cast
) -> Generator[Progress, None, None]:
    """Swap the faces of a film and publish it.

    Args, Yields: As :func:`render_photo`.

    Raises:
        FaceError: No face was replaced in any frame.
        UnderstudyError: See :class:`VideoReader` and :class:`VideoWriter`.
    """
    source, wanted = plan.source, plan.output
    if not isinstance(source, VideoSource) or not isinstance(wanted, VideoOutput):
        raise PlanError("The plan is not for a film.")
    reader = VideoReader(target, trim_start=_exact(source.trim_start), trim_end=_exact(source.trim_end))
    encoding = choose_encoder(
        plan.encoder or wanted.encoder,
        reader.info,
        container_of(output),
        quality=wanted.quality,
        crf=wanted.crf,
        preset=wanted.preset,
    )
    rate = as_rate(wanted.fps) if wanted.fps else None
    with staged_film(output, overwrite=wanted.overwrite) as temporary:
        writer = VideoWriter(
            temporary, reader.info, encoding, rate=rate, audio=not wanted.skip_audio, window=reader.window
        )
        sinks: list[FrameSink] = [writer]
        if wanted.keep_frames is not None:
            sinks.append(StillsWriter(wanted.keep_frames, overwrite=wanted.overwrite))
        steps = render(
            RenderSegment(0, None, None),
            reader if rate is None else resampled(reader, rate),
            cast.analyse,
            cast.swapper,
            cast.actor,
            writer if len(sinks) == 1 else _Both(sinks),
            _expected(reader, rate),
        )
        with closing(steps):
            tally = yield from steps
        _check_swapped(tally, target)
        yield Progress("publish", 0, 1, "steps")
    notices = (*reader.notices, *writer.notices)
    yield Progress("publish", 1, 1, "steps", result=_result(output, tally, cast, notices))


class _Both:
    """Several sinks as one."""

    def __init__(self, sinks: Sequence[FrameSink]) -> None:
        self._sinks = sinks

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(notice for sink in self._sinks for notice in sink.notices)

    def write(self, frame: Frame) -> None:
        # From the last to the first: the film's writer may give the frame's planes away.
        for sink in reversed(self._sinks):
            sink.write(frame)

    def drain(self) -> Iterator[None]:
        for sink in self._sinks:
            yield from sink.drain()

    def finish(self) -> None:
        for sink in self._sinks:
            sink.finish()

    def abort(self) -> None:
        for sink in self._sinks:
            sink.abort()


def _exact(seconds: float | None) -> Fraction | None:
    return None if seconds is None else Fraction(seconds).limit_denominator(1_000_000)


def _expected(reader: VideoReader, rate: Fraction | None) -> int | None:
    count = reader.expected_frames
    if rate is None or count is None or reader.info.average_rate is None:
        return count
    return round(count * rate / reader.info.average_rate)


def _check_swapped(tally: Tally, target: Path) -> None:
    if tally.swapped:
        return
    if tally.found:
        raise FaceError("None of the faces in it could be replaced.", path=target)
    raise FaceError(
        "No face was found in it.",
        path=target,
        next_step="'understudy faces' shows what is seen; faces under 40 pixels are too small.",
    )


def _result(output: Path, tally: Tally, cast: Cast, notices: Iterable[Notice]) -> Result:
    return Result(
        output=output,
        frames=tally.frames,
        swapped=tally.swapped,
        without_face=tally.frames - tally.found,
        low_confidence=tally.low_confidence,
        seconds=tally.seconds,
        fps=tally.fps,
        device=dict(cast.swapper.devices),
        notices=tuple(notices),
    )
