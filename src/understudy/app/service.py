"""A swap from the request to the published file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import understudy
from understudy.app.actor import ActorPhoto, read_actor
from understudy.app.engine import Engine
from understudy.app.request import result_path
from understudy.core.errors import InputError
from understudy.core.plan import ActorImage, Content, Plan, ResolvedPlan, VideoOutput
from understudy.core.types import Notice, Progress
from understudy.execution.local import LocalExecutor
from understudy.media.encoders import choose_encoder, container_of
from understudy.media.images import photo_format
from understudy.media.probe import probe
from understudy.render.build import Cast

__all__ = ["Job", "resolve", "run"]


@dataclass(frozen=True, eq=False)
class Job:
    """A plan that is ready to be rendered.

    Attributes:
        plan: What will be done, free of paths.
        target: Where the plan's target lies.
        output: Where the result goes.
        actor: The actor's photos, with the face that is meant.
        notices: What the user should know already.
    """

    plan: ResolvedPlan
    target: Path
    output: Path
    actor: tuple[ActorPhoto, ...]
    notices: tuple[Notice, ...]


def run(plan: Plan, engine: Engine) -> Generator[Progress, None, None]:
    """Do what the plan asks; the last item carries the result.

    Closing the generator, or an error, leaves no output file.

    Raises:
        UnderstudyError: One of its kinds; each names the file, the cause and the next step.
    """
    start = time.monotonic()
    output = result_path(plan)
    encoder = _check_format(plan, output)
    yield from engine.prepare(plan.look)
    job = resolve(plan, engine, output, encoder)
    swapper = engine.swapper(plan.look)
    actor = swapper.prepare([(photo.picture, photo.face) for photo in job.actor])
    cast = Cast(engine.analysis(plan.casting), swapper, actor)
    steps = LocalExecutor().run(job.plan, job.target, job.output, cast)
    with closing(steps):
        for progress in steps:
            if progress.result is None:
                yield progress
            else:
                # From a photo that shows too little, no frame can be trusted.
                doubtful = all(photo.face.confidence < 0.5 for photo in job.actor)
                result = replace(
                    progress.result,
                    low_confidence=progress.result.swapped if doubtful else progress.result.low_confidence,
                    seconds=time.monotonic() - start,
                    device={**engine.devices(plan.look), **progress.result.device},
                    notices=(*job.notices, *progress.result.notices),
                )
                yield replace(progress, result=result)


def resolve(plan: Plan, engine: Engine, output: Path, encoder: str | None) -> Job:
    """Settle everything that a plan leaves open: contents for paths, models for names, a face for "largest".

    Args:
        plan: The request.
        engine: The models.
        output: From :func:`understudy.app.request.result_path`.
        encoder: The concrete encoder, for a film.

    Raises:
        InputError: A file cannot be read.
        FaceError: There is no face in the actor's photo.
    """
    actor, notices = read_actor(plan.casting, engine)
    target = _content(plan.source.path)
    resolved = ResolvedPlan(
        target=target,
        source=plan.source.model_copy(update={"path": Path(target.sha256)}),
        actor=tuple(_image(photo) for photo in actor),
        faces=plan.casting.faces,
        look=plan.look,
        models=engine.models(plan.look),
        output=plan.output.model_copy(update={"path": None}),
        encoder=encoder,
        software=f"understudy {understudy.__version__}",
    )
    return Job(resolved, plan.source.path, output, tuple(actor), tuple(notices))


def _check_format(plan: Plan, output: Path) -> str | None:
    """A film's concrete encoder. What cannot be encoded is said before anything is fetched or rendered."""
    wanted = plan.output
    if not isinstance(wanted, VideoOutput):
        photo_format(output)
        return None
    info, container = probe(plan.source.path), container_of(output)
    return choose_encoder(
        wanted.encoder, info, container, quality=wanted.quality, crf=wanted.crf, preset=wanted.preset
    ).codec


def _image(photo: ActorPhoto) -> ActorImage:
    left, top, right, bottom = (float(edge) for edge in photo.face.bbox)
    return ActorImage(content=_content(photo.path), bbox=(left, top, right, bottom))


def _content(path: Path) -> Content:
    """The content address of a file, read once through."""
    info = probe(path)
    family = "image" if info.kind == "photo" else "video"
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise InputError(f"Cannot be read: {error}.", path=path) from error
    return Content(sha256=digest, size=size, media_type=f"{family}/{info.container}")
