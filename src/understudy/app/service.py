"""A swap from the request to the published file."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import understudy
from understudy.app.analysis import kept_unless_blocked
from understudy.app.casting import Ensemble, nobody_found
from understudy.app.consent import consent_for
from understudy.app.content import sound_content
from understudy.app.engine import Engine
from understudy.app.people import similarity_of
from understudy.app.playbill import Playbill
from understudy.app.rehearsal import rehearse
from understudy.app.report.reporter import check_page, reporter_for
from understudy.app.request import result_path
from understudy.core.errors import FaceError, PlanError
from understudy.core.plan import Content, Output, Plan, ResolvedPlan, VideoOutput
from understudy.core.types import Notice, Part, Progress, Result
from understudy.execution.local import LocalExecutor
from understudy.media.animation import ANIMATIONS
from understudy.media.encoders import choose_encoder, container_of
from understudy.media.images import photo_format
from understudy.media.probe import probe
from understudy.media.sequence import SEQUENCE
from understudy.media.sound import check_sound
from understudy.render.build import Cast, Limits
from understudy.render.run import Analysis
from understudy.safety.keys import load_key

__all__ = ["Job", "resolve", "run", "settle"]


@dataclass(frozen=True, eq=False)
class Job:
    """A plan that is ready to be rendered.

    Attributes:
        plan: What will be done, free of paths.
        target: Where the plan's target lies.
        output: Where the result goes.
        ensemble: The actors and whom they play.
        analysis: Finds the faces of the target's frames.
        notices: What the user should know of them.
        sound: Where what replaces the target's sound lies.
    """

    plan: ResolvedPlan
    target: Path
    output: Path
    ensemble: Ensemble
    analysis: Analysis
    notices: tuple[Notice, ...]
    sound: Path | None = None


def run(plan: Plan, engine: Engine) -> Generator[Progress, None, None]:
    """Do what the plan asks; the last item carries the result.

    Closing the generator, or an error, leaves no output file.

    Args:
        plan: The request.
        engine: Made for the plan's ``seeing`` and ``compute``.

    Raises:
        UnderstudyError: One of its kinds; each names the file, the cause and the next step.
    """
    start = time.monotonic()
    output = result_path(plan)
    encoder = _check_format(plan, output)
    check_page(plan, output)
    key = load_key(engine.keys)
    yield from engine.prepare(plan.looks, plan.casting)
    job = yield from resolve(plan, engine, output, encoder)
    ensemble = job.ensemble
    work = engine.works(plan.looks, [actor.faces for actor in ensemble.actors], plan.casting.actor_mix)
    guard = engine.gate.guard.with_actors(ensemble.photos)
    bill = Playbill(job.analysis)
    cast = Cast(bill.analyse, work, guard, key, reporter_for(plan, ensemble, engine, output))
    steps = LocalExecutor(Limits(engine.renders, memory=plan.compute.max_memory)).run(
        job.plan, job.target, job.output, cast, job.sound
    )
    try:
        with kept_unless_blocked(job.plan.target, engine), closing(steps):
            for progress in steps:
                if progress.result is None:
                    yield progress
                    continue
                parts = bill.parts([actor.name for actor in ensemble.actors], ensemble.names)
                result = replace(
                    _judged(progress.result, ensemble),
                    seconds=time.monotonic() - start,
                    device={**engine.devices(plan.looks, plan.casting), **progress.result.device},
                    notices=(*job.notices, *_without_part(parts), *progress.result.notices),
                    parts=parts,
                    consent=tuple(record.id for record in job.plan.consent),
                )
                yield replace(progress, result=result)
    except FaceError as error:
        similarity = job.plan.casting.similarity or 0.0
        if (explained := nobody_found(plan, ensemble, similarity)) is not None:
            raise explained from error
        raise


def resolve(plan: Plan, engine: Engine, output: Path, encoder: str | None) -> Generator[Progress, None, Job]:
    """Settle everything that a plan leaves open: contents for paths, models for names, a face for "largest".

    Args:
        plan: The request.
        engine: The models.
        output: From :func:`understudy.app.request.result_path`.
        encoder: The concrete encoder, for a film.

    Yields:
        Progress, when the whole target has to be analysed first.

    Raises:
        InputError: A file cannot be read.
        FaceError: There is no face in the actor's photo, or in a reference.
        PlanError: There is nobody of a number or name that is asked for.
        ConsentMissing: The plan requires consent, and none that is valid is on record.
    """
    rehearsed = yield from rehearse(plan, engine)
    ensemble = rehearsed.ensemble
    resolved, notices = settle(plan, ensemble, rehearsed.target, engine, encoder)
    sound = plan.output.sound_file if isinstance(plan.output, VideoOutput) else None
    said = (*ensemble.notices, *notices)
    return Job(resolved, plan.source.path, output, ensemble, rehearsed.analysis, said, sound)


def settle(
    plan: Plan, ensemble: Ensemble, target: Content, engine: Engine, encoder: str | None = None
) -> tuple[ResolvedPlan, tuple[Notice, ...]]:
    """The resolved plan for who is cast already, and what there is to say of it (errors: see :func:`resolve`)."""
    consent, notices = consent_for(plan, ensemble.actors, engine)
    wanted, sound = _sound_of(plan.output)
    elsewhere = {
        **dict.fromkeys(("actor", "cast", "person", "exclude", "for_"), ()),
        **dict.fromkeys(("reference", "reference_frame")),
    }
    settled = {"similarity": similarity_of(plan.casting, engine)} if plan.casting.knows_by_picture else {}
    alone = ensemble.wanted[0] if ensemble.wanted and not ensemble.actors else None
    resolved = ResolvedPlan(
        target=target,
        source=plan.source.model_copy(update={"path": Path(target.sha256)}),
        roles=ensemble.roles,
        casting=plan.casting.model_copy(update={**elsewhere, **settled}),
        reference=alone.image if alone else None,
        people=ensemble.found[0] if alone and alone.asked else (),
        excluded=ensemble.excluded,
        seeing=plan.seeing,
        look=plan.look,
        looks=plan.looks[1:],
        variations=ensemble.variations,
        precision=plan.compute.precision,
        models=engine.models(plan.looks, plan.casting),
        output=wanted.model_copy(update={"path": None, "report": None}),
        sound=sound,
        encoder=encoder,
        consent=consent,
        software=f"understudy {understudy.__version__}",
    )
    return resolved, notices


def _sound_of(wanted: Output) -> tuple[Output, Content | None]:
    """The output with its sound's digest for the name, and the sound's content."""
    if not isinstance(wanted, VideoOutput) or wanted.sound_file is None:
        return wanted, None
    content = sound_content(wanted.sound_file)
    return wanted.model_copy(update={"audio": Path(content.sha256)}), content


def _without_part(parts: tuple[Part, ...]) -> Iterator[Notice]:
    """What is said of roles that nobody in the target is."""
    for part in parts:
        if part.role is not None and part.frames == 0:
            text = (
                f"Nobody in the target looks like {part.role}, so {part.actor} does not appear; --similarity "
            )
            yield Notice("role-not-found", text + "says how like they must be.")


def _judged(result: Result, ensemble: Ensemble) -> Result:
    """From photos that show too little, no frame can be trusted."""
    if ensemble.actors and all(actor.doubtful for actor in ensemble.actors):
        return replace(result, low_confidence=result.swapped)
    return result


def _check_format(plan: Plan, output: Path) -> str | None:
    """A film's concrete encoder. What cannot be encoded is said before anything is fetched or rendered."""
    wanted = plan.output
    if not isinstance(wanted, VideoOutput):
        photo_format(output)
        probe(plan.source.path)
        return None
    info, container = probe(plan.source.path), container_of(output)
    if wanted.sound_file is not None:
        if container in (*ANIMATIONS, SEQUENCE):
            raise PlanError(
                f"{container} has no sound.", path=output, next_step="Leave --audio out, or use .mp4."
            )
        check_sound(wanted.sound_file)
    return choose_encoder(
        wanted.encoder, info, container, quality=wanted.quality, crf=wanted.crf, preset=wanted.preset
    ).codec
