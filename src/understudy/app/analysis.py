"""The analysis of a whole target: made once, kept, and used by whatever comes after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from understudy.analysis.analyse import rows
from understudy.analysis.casting import Chooser, Rules
from understudy.analysis.coding import rounded
from understudy.analysis.complexion import with_skin
from understudy.analysis.keeping import recorded
from understudy.analysis.moments import Moment
from understudy.analysis.observe import observe
from understudy.analysis.observed import Observed
from understudy.analysis.people import Group, describe, put_together
from understudy.analysis.recorder import Recorder
from understudy.analysis.replay import replay
from understudy.analysis.roster import roster_of
from understudy.analysis.store import Draft
from understudy.app.engine import Engine
from understudy.core.background import Background
from understudy.core.errors import Blocked, OutputError
from understudy.core.people import Exemplar, Roster
from understudy.core.plan import Content, Plan, VideoOutput, VideoSource
from understudy.core.types import Progress
from understudy.media.files import output_error
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.media.probe import probe
from understudy.media.source import open_moving
from understudy.render.memory import MOST
from understudy.render.run import Analysis, Pace, quiet_libraries
from understudy.render.steps import Row

__all__ = [
    "Whole",
    "analyse_whole",
    "analysis_for",
    "analysis_key",
    "kept_analysis",
    "kept_unless_blocked",
    "rename",
]

_CODE: Final = ("understudy.analysis", "understudy.vision")
"""What measures; a change in it makes another analysis."""


@dataclass(frozen=True, eq=False)
class Whole:
    """A target of which all is known.

    Attributes:
        key: Of the analysis.
        target: What was analysed.
        observed: What was measured.
        roster: Who is in it.
        kept: Whether it outlives the process.
    """

    key: str
    target: Content
    observed: Observed
    roster: Roster
    kept: bool


def analyse_whole(
    path: Path, engine: Engine, content: Content, *, renew: bool = False
) -> Generator[Progress, None, Whole]:
    """Everything about a photo or film; what is kept is used again.

    Args:
        path: The target.
        engine: The models, prepared.
        content: Of the target.
        renew: Analyse it anew even so.

    Yields:
        Progress, if there is something to do.

    Raises:
        InputError: It cannot be read.
        OutputError: A film's analysis cannot be written.
        ModelError: Weights are missing or corrupt.
    """
    key = analysis_key(content, engine)
    info = probe(path)
    if info.kind == "photo":
        observed = _observe_photo(path, engine)
    else:
        found = None if renew else engine.analyses.find(key)
        observed = (yield from _observe_film(path, engine, key)) if found is None else found
    groups = yield from _groups(observed, engine, key if info.kind == "video" else None)
    names = engine.analyses.names(content.sha256)
    return Whole(key, content, observed, roster_of(observed, groups, names), info.kind == "video")


def kept_analysis(content: Content, engine: Engine) -> Observed | None:
    """What is kept of a target, without making anything."""
    return engine.analyses.find(analysis_key(content, engine))


@contextmanager
def kept_unless_blocked(content: Content, engine: Engine) -> Iterator[None]:
    """Remove what is kept of a target that the content gate blocks: it has pictures of who is in it."""
    try:
        yield
    except Blocked:
        engine.analyses.forget(analysis_key(content, engine))
        raise


def analysis_for(
    plan: Plan, engine: Engine, content: Content, rules: Rules, observed: Observed | None
) -> Analysis:
    """What finds the faces of a target's frames.

    Args:
        plan: What is done.
        engine: The models, prepared.
        content: Of the target.
        rules: Whom to replace.
        observed: What was measured before. Without it the frames are looked at as they come by; and when that is the
            whole film at its own rate, what is measured is kept.
    """
    info = probe(plan.source.path) if engine.keeps_analyses and _is_whole(plan) else None

    def find(frames: Iterable[Frame]) -> Iterator[Row]:
        if observed is not None:
            return with_skin(replay(frames, observed, rules, points=engine.points))
        moments = _observed(frames, engine)
        draft = None if info is None else _draft(engine, analysis_key(content, engine))
        if info is not None and draft is not None:
            moments = recorded(moments, draft, info, strict=False)
        return with_skin(rows(moments, Chooser(rules), points=engine.points))

    return find


def _draft(engine: Engine, key: str) -> Draft | None:
    """A folder to keep an analysis in, if there can be one."""
    try:
        return engine.analyses.draft(key)
    except OSError:
        return None


def rename(whole: Whole, engine: Engine, names: dict[str, Exemplar]) -> None:
    """Keep how people are called.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        engine.analyses.name(whole.target.sha256, names)
    except OSError as error:
        raise output_error(error, engine.analyses.root) from error


def _is_whole(plan: Plan) -> bool:
    """Whether the frames that are rendered are all of the target's, as they are."""
    source, wanted = plan.source, plan.output
    return (
        isinstance(source, VideoSource)
        and isinstance(wanted, VideoOutput)
        and source.trim_start is None
        and source.trim_end is None
        and wanted.fps is None
        and not wanted.deinterlace
    )


def _observed(frames: Iterable[Frame], engine: Engine) -> Iterator[tuple[Frame, Moment]]:
    for frame, moment in observe(frames, engine.detector, engine.landmarker):
        yield frame, rounded(moment)


def _observe_film(path: Path, engine: Engine, key: str) -> Generator[Progress, None, Observed]:
    """Look at every frame of a film, and keep what was measured."""
    source = open_moving(path)
    pace, total = Pace(source.expected_frames), source.expected_frames
    try:
        draft = engine.analyses.draft(key)
        with quiet_libraries(), Background(source, MOST, "understudy-decode") as decoded:
            moments = recorded(_observed(decoded, engine), draft, source.info, strict=True)
            with closing(moments):  # type: ignore[type-var] # a generator
                for done, (_, moment) in enumerate(moments, 1):
                    _, fps, eta = pace.step(done)
                    yield Progress("analyse", done, total, "frames", fps, eta, len(moment.samples))
    except OSError as error:
        raise output_error(error, engine.analyses.root) from error
    observed = engine.analyses.find(key)
    if observed is None:
        raise OutputError("The analysis is gone as soon as it was written.", path=engine.analyses.root)
    return observed


def _observe_photo(path: Path, engine: Engine) -> Observed:
    """A photo's analysis is of one moment, and is not kept."""
    shelf: dict[str, bytes] = {}
    frame = read_image(path).frame
    recorder = Recorder(shelf)
    for _, moment in _observed([frame], engine):
        recorder.add(frame, frame.source_pts, moment)
    recorder.finish(frame.time_base, (frame.width, frame.height), path.name)
    return Observed(shelf)


def _groups(
    observed: Observed, engine: Engine, key: str | None
) -> Generator[Progress, None, tuple[Group, ...]]:
    """Who is who; what is kept of that is used again."""
    identity = engine.recogniser()
    means = "nothing" if identity is None else identity.embedder.digest
    if key is not None and (kept := engine.analyses.groups(key, means)) is not None:
        return kept
    embedder, bound = (None, 0.0) if identity is None else (identity.embedder, identity.same_person)
    describing, total = describe(observed, embedder, bound), len(observed.tracks)
    while True:
        try:
            yield Progress("identify", next(describing), total, "steps")
        except StopIteration as end:
            groups = tuple(put_together(end.value))
            break
    if key is not None:
        with suppress(OSError):  # it is found out anew the next time
            engine.analyses.keep_groups(key, means, groups)
    return groups


def analysis_key(content: Content, engine: Engine) -> str:
    """The name of an analysis: what is analysed, by which models and which code, and how."""
    said = {
        "target": content.sha256,
        "models": [(ref.role, ref.sha256) for ref in engine.models(())],
        "seeing": engine.seeing.model_dump(mode="json", exclude={"landmarker", "embedder"}),
        "code": _code_digest(),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@cache
def _code_digest() -> str:
    """SHA-256 of the code that measures."""
    whole = hashlib.sha256()
    for package in _CODE:
        for name, data in sorted(_sources(resources.files(package))):
            whole.update(name.encode() + hashlib.sha256(data).digest())
    return whole.hexdigest()


def _sources(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith(".py"):
            yield entry.name, entry.read_bytes()
