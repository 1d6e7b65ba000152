"""Rendering: stages overlap, errors surface, and nothing is left behind however it ends."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from render_fakes import BOX, TintBox, analyse, find_nothing

from films import make_film, packets, video_pts
from gates import passing
from signing import signing_key
from understudy.core.errors import EncoderError, FaceError, InputError, OutputError, OutputExists, PlanError
from understudy.core.plan import (
    ActorImage,
    CastRole,
    Content,
    Look,
    PhotoOutput,
    PhotoSource,
    ResolvedPlan,
    VideoOutput,
    VideoSource,
)
from understudy.core.types import Progress, Region
from understudy.execution.local import LocalExecutor
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.media.read import VideoReader
from understudy.render.build import Cast, Limits
from understudy.render.run import Analysis
from understudy.render.steps import Row, Work

CONTENT = Content(sha256="0" * 64, size=1, media_type="video/mp4")


def film_plan(source: Path, **output: Any) -> ResolvedPlan:
    trims = {name: output.pop(name) for name in ("trim_start", "trim_end") if name in output}
    return ResolvedPlan(
        target=CONTENT,
        source=VideoSource(path=source, **trims),
        roles=(CastRole(actor=(ActorImage(content=CONTENT, bbox=(0, 0, 1, 1)),)),),
        look=Look(),  # type: ignore[call-arg]
        models=(),
        output=VideoOutput(**output),
        software="test",
    )


def run(
    plan: ResolvedPlan, out: Path, analysis: Analysis = analyse, swapper: Any = None
) -> Generator[Progress, None, None]:
    journals = plan.source.path.parents[1] / "renders"
    cast = Cast(analysis, Work(swapper or TintBox(), [None]), passing(), signing_key())
    return LocalExecutor(Limits(journals, Fraction(1))).run(plan, plan.source.path, out, cast)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("understudy-")]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return make_film(folder / "in.mp4", pts=range(60), audio=("aac",))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "out.mkv"


def test_every_frame_is_there_changed_only_in_the_box(tmp_path: Path, out: Path) -> None:
    times = [index * 40 for index in range(60)]
    source = make_film(tmp_path / "in.mkv", pts=times, time_base=Fraction(1, 1000), audio=("flac",))
    steps = list(run(film_plan(source, encoder="ffv1"), out))
    result = steps[-1].result
    assert result is not None
    assert (result.frames, result.swapped, result.without_face, result.low_confidence) == (60, 60, 0, 3)
    assert result.output == out
    assert result.device == {"tint": "CPU"}
    assert [step.done for step in steps if step.stage == "render"] == list(range(1, 61))
    assert all(step.total is not None for step in steps if step.stage == "render")
    assert steps[59].eta is not None
    assert sorted(out.parent.iterdir()) == [out.with_suffix(".c2pa"), out]
    assert video_pts(out) == video_pts(source)
    assert [data for _, data in packets(out, "audio")[0]] == [data for _, data in packets(source, "audio")[0]]
    for before, after in zip(VideoReader(source), VideoReader(out), strict=True):
        for old, new in zip(before.planes, after.planes, strict=True):
            scale = 160 // old.shape[1]
            changed = old != new
            inside = (slice(BOX.y // scale, BOX.bottom // scale), slice(BOX.x // scale, BOX.right // scale))
            assert changed[inside].mean() > 0.5
            changed[inside] = False
            assert not changed.any()


def test_options_reach_the_film(source: Path, tmp_path: Path) -> None:
    out, frames = tmp_path / "out.mp4", tmp_path / "frames"
    plan = film_plan(
        source, trim_start=0.5, trim_end=1.5, fps=12, skip_audio=True, keep_frames=frames, crf=30
    )
    steps = list(run(plan, out))
    assert video_pts(out) == [Fraction(index, 12) for index in range(12)]
    assert not packets(out, "audio")
    stills = sorted(frames.iterdir())
    assert len(stills) == 12
    with Image.open(stills[0]) as still:
        assert still.size == (160, 120)
    assert steps[-1].result is not None
    assert {step.total for step in steps if step.stage == "render"} == {12}


def test_no_face_anywhere_is_an_error_and_no_file(source: Path, out: Path) -> None:
    with pytest.raises(FaceError, match="No face was found"):
        list(run(film_plan(source), out, find_nothing))
    assert not list(out.parent.iterdir())


class Failing(TintBox):
    def __init__(self, after: int) -> None:
        self.left = after

    def swap(self, picture: Any, face: Any, actor: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("the swapper broke")
        return super().swap(picture, face, actor)


def breaking_analysis(frames: Iterable[Frame]) -> Iterator[Row]:
    for index, row in enumerate(analyse(frames)):
        if index == 20:
            raise RuntimeError("the analysis broke")
        yield row


@pytest.mark.timeout(20)
@pytest.mark.parametrize("stage", ["analysis", "swapper", "swapper at once"])
def test_errors_of_any_stage_surface(source: Path, out: Path, stage: str) -> None:
    swapper = Failing(20 if stage == "swapper" else 0) if stage != "analysis" else TintBox()
    analysis = breaking_analysis if stage == "analysis" else analyse
    with pytest.raises(RuntimeError, match="broke"):
        list(run(film_plan(source), out, analysis, swapper))
    assert not list(out.parent.iterdir())


def test_errors_of_reading_and_writing_surface(source: Path, out: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(source.read_bytes()[:4000])
    cases: list[tuple[ResolvedPlan, Path, type[Exception]]] = [
        (film_plan(broken), out, InputError),
        (film_plan(source, encoder="magic"), out, EncoderError),
        (film_plan(source), out.with_suffix(".xyz"), PlanError),
        (film_plan(source), source, OutputExists),
        (film_plan(source), tmp_path / "none" / "out.mp4", OutputError),
        (film_plan(source, trim_start=99), out, InputError),
    ]
    for plan, path, error in cases:
        with pytest.raises(error):
            list(run(plan, path))
    assert not list(out.parent.iterdir())
    assert list(source.parent.iterdir()) == [source]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("when", [0, 1, 10, 40, 59, 60])
def test_closing_stops_at_once_and_leaves_nothing(source: Path, out: Path, when: int) -> None:
    work = run(film_plan(source), out)
    for _ in range(when):
        next(work)
    start = time.monotonic()
    work.close()
    assert time.monotonic() - start < 2
    assert not list(out.parent.iterdir())


@pytest.mark.timeout(20)
def test_ctrl_c_in_the_consumer(source: Path, out: Path) -> None:
    def consume() -> None:
        for step in run(film_plan(source), out):
            if step.done == 15:
                raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        consume()
    gc.collect()
    assert time.monotonic() - start < 2
    assert not list(out.parent.iterdir())


@pytest.mark.timeout(20)
def test_what_was_there_stays_when_it_fails(source: Path, out: Path) -> None:
    out.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        list(run(film_plan(source, overwrite=True), out, analyse, Failing(9)))
    assert out.read_bytes() == b"old"
    list(run(film_plan(source, overwrite=True), out))
    assert len(video_pts(out)) == 60


def test_frames_in_flight_are_bounded(source: Path, out: Path) -> None:
    seen = {"decoded": 0, "most": 0}
    done = 0

    def counting(frames: Iterable[Frame]) -> Iterator[Row]:
        for row in analyse(frames):
            seen["decoded"] += 1
            seen["most"] = max(seen["most"], seen["decoded"] - done)
            yield row

    for step in run(film_plan(source), out, counting):
        done = step.done
        time.sleep(0.005)
    assert seen["most"] < 25


def test_a_photo(tmp_path: Path) -> None:
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    pixels = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(source)
    plan = film_plan(source).model_copy(update={"source": PhotoSource(path=source), "output": PhotoOutput()})
    steps = list(run(plan, out))
    assert steps[-1].result is not None
    assert steps[-1].result.swapped == 1
    with Image.open(out) as written:
        changed = (np.asarray(written) != pixels).any(-1)
    region = Region(*BOX)
    assert changed[region.y : region.bottom, region.x : region.right].mean() > 0.9
    changed[region.y : region.bottom, region.x : region.right] = False
    assert not changed.any()
    with pytest.raises(FaceError):
        list(run(plan, tmp_path / "none.png", find_nothing))
    assert not (tmp_path / "none.png").exists()
    assert read_image(source).frame.width == 160
