"""From a resolved plan and opened models to a published film."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from understudy.core.errors import SafetyError
from understudy.core.plan import ResolvedPlan, VideoOutput
from understudy.core.types import Notice, Progress
from understudy.media.frame import Frame
from understudy.media.numbered import check_result
from understudy.media.segments import SegmentWriter, segment_suffix
from understudy.media.stills import StillsWriter
from understudy.render.build import Cast, Limits, check_swapped, depth_lost, result_of
from understudy.render.journal import Journal, open_journal
from understudy.render.memory import queue_within
from understudy.render.publish import publish_film
from understudy.render.record import Record, joined, record_name
from understudy.render.recorder import Cuts, Recorder
from understudy.render.run import Tally, render
from understudy.render.segments import Partition, SegmentedSink
from understudy.render.shoot import Shoot, prepare_shoot
from understudy.render.space import Space, guess_size
from understudy.render.steps import Row, Work
from understudy.render.watched import watch_film
from understudy.safety.provenance import Marker, claim_of
from understudy.safety.watch import Watch

__all__ = ["render_film"]


def render_film(
    plan: ResolvedPlan, target: Path, output: Path, cast: Cast, limits: Limits, sound: Path | None = None
) -> Generator[Progress, None, None]:
    """Swap the faces of a film and publish it, segment by segment; what was committed before is used again.

    Args:
        plan, target, output, cast: As for :func:`render_photo`.
        limits: Where and how much.
        sound: Where what replaces the target's sound lies.

    Yields:
        As :func:`render_photo`.

    Raises:
        FaceError: No face was replaced in any frame, and there was one to be.
        Blocked, Undetermined: The content gate does not let it pass; nothing of it is kept.
        UnderstudyError: See :class:`VideoReader`, :class:`SegmentWriter`, :class:`Journal`.
    """
    shoot = prepare_shoot(plan, target, output, sound, cast.work.scale)
    wanted = shoot.wanted
    check_result(output, overwrite=wanted.overwrite)
    partition = Partition(shoot.begin, limits.span)
    is_cut = Cuts()
    watch = watch_film(cast.guard, plan, target, output, partition, is_cut)
    reporter = cast.reporter
    recorder = None if reporter is None else Recorder(reporter.gauge, is_cut, partition.origin)
    with open_journal(limits.journals, plan, target, output, watch.recall, restart=wanted.restart) as journal:
        stills = _stills(wanted, journal)
        sink = _sink(shoot, output, journal, partition, watch, stills, recorder)

        def rows(read: Iterable[Frame]) -> Iterator[Row]:
            seen = watch.rows(cast.rows(read))
            return seen if recorder is None else recorder.rows(seen, sink.missing)

        steps = render(
            shoot.frames,
            rows,
            cast.work,
            sink,
            wanted=sink.missing,
            part=sink.part,
            done=journal.frames,
            total=shoot.total,
            queue=queue_within(limits.memory, shoot.info, shoot.encoding, cast.work.reach),
        )
        try:
            with closing(steps):
                now = yield from steps
            allow = watch.allow_all(sorted(journal.committed))
        except SafetyError:
            journal.discard()
            raise
        tally = _whole(journal, now.seconds)
        if not tally.swapped and cast.work.on_faces:
            journal.discard()
        check_swapped(tally, cast.work, target)
        seal = Marker(claim_of(plan, target, allow.policy), cast.key)
        lost = yield from publish_film(journal, output, shoot, allow, seal)
        if stills is not None:
            stills.publish(allow, seal)
        report = None
        if reporter is not None:
            report = reporter.publish(_record(journal), journal.frames, allow)
        resumed = journal.notices
        journal.discard()
    said = *_noticed(shoot), *_drawn_all(plan, cast.work), *depth_lost(cast.work, shoot.info.bit_depth)
    notices = (*resumed, *said, *lost)
    result = replace(result_of(output, tally, cast, notices), fps=now.fps, report=report)
    yield Progress("publish", 1, 1, "steps", result=result)


def _stills(wanted: VideoOutput, journal: Journal) -> StillsWriter | None:
    if wanted.keep_frames is None:
        return None
    return StillsWriter(
        wanted.keep_frames,
        journal.folder,
        suffix=f".{wanted.image_format or 'png'}",
        overwrite=wanted.overwrite or journal.frames > 0,
    )


def _sink(
    shoot: Shoot,
    output: Path,
    journal: Journal,
    partition: Partition,
    watch: Watch,
    stills: StillsWriter | None,
    recorder: Recorder | None,
) -> SegmentedSink:
    committed = shoot.committed
    # A folder for pictures may be yet to be made.
    place = output.absolute() if output.parent.is_dir() else output.parent.absolute()
    space = Space(journal.folder, place, shoot.total)
    space.check(guess_size(shoot.info, committed, shoot.total or 0), journal.bytes)
    return SegmentedSink(
        journal,
        partition,
        segment_suffix(committed),
        lambda path: SegmentWriter(path, shoot.info, committed, shoot.rate),
        space,
        watch,
        stills,
        recorder,
    )


def _record(journal: Journal) -> Record:
    """What was written down in all runs together; a run without a report wrote nothing down."""
    found = (Record.load(journal.folder / record_name(index)) for index in sorted(journal.committed))
    return joined(record for record in found if record is not None)


def _noticed(shoot: Shoot) -> Iterator[Notice]:
    """What the reader says that is still true of the result."""
    made_whole = shoot.wanted.deinterlace
    return (notice for notice in shoot.reader.notices if not (made_whole and notice.code == "interlaced"))


def _drawn_all(plan: ResolvedPlan, work: Work) -> Iterator[Notice]:
    """Whether keyframes were asked for in vain."""
    if plan.look.keyframes != work.keyframes:
        yield Notice(
            "keyframes-unused",
            "--keyframes saves the work of neural engines and enhancers; without one every frame was drawn.",
        )


def _whole(journal: Journal, seconds: float) -> Tally:
    """What was counted in all runs together."""
    counts: Counter[str] = Counter()
    for segment in journal.committed.values():
        counts.update(segment.tally)
    return Tally(**counts, seconds=seconds)
