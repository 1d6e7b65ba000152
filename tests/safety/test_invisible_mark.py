"""Every way in which a picture is written has the invisible mark when it is wanted, and no bit of it when not.

The networks are generated ones that write and read light and dark cells: what they mark is plain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from rig import Rig, write_film

from gates import passing
from graphs_catalog import pool_with
from graphs_mark import ROWS, reads, writes
from signing import signing_key
from understudy.app.pictures import picture_at
from understudy.core.errors import InputError, ModelMissing
from understudy.core.plan import (
    Content,
    Look,
    PhotoOutput,
    PhotoSource,
    ResolvedPlan,
    VideoOutput,
    VideoSource,
)
from understudy.execution.local import LocalExecutor
from understudy.media.color import ColorTags
from understudy.media.frame import Frame
from understudy.models.pool import SessionPool
from understudy.render.build import Cast, Limits
from understudy.render.steps import Row, Work, swap_frame
from understudy.safety.invisible_mark import ENOUGH, MARK, Reading, read_mark
from understudy.safety.visible_mark import Label
from understudy.vision.mark.families import mark_spec, open_mark, open_reader, reader_spec
from understudy.vision.roles import Mark, MarkReader

PLAIN = np.full((240, 320, 3), (80, 110, 130), np.uint8)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> SessionPool:
    return pool_with(dict(zip(ROWS, (writes(), reads()), strict=True)), tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def mark(pool: SessionPool) -> Mark:
    return open_mark(mark_spec(pool.cache.catalog), pool)


@pytest.fixture(scope="module")
def reader(pool: SessionPool) -> MarkReader:
    return open_reader(reader_spec(pool.cache.catalog), pool)


def render(source: Path, out: Path, work: Work, **output: Any) -> None:
    photo = source.suffix == ".png"
    plan = ResolvedPlan(
        target=Content(sha256="0" * 64, size=1, media_type="video/mp4"),
        source=PhotoSource(path=source) if photo else VideoSource(path=source),
        look=Look(watermark=work.mark is not None),
        models=(),
        output=PhotoOutput(**output) if photo else VideoOutput(**output),
        software="test",
    )
    cast = Cast(_nobody, work, passing(), signing_key())
    for _ in LocalExecutor(Limits(source.parent / "renders", Fraction(1, 2))).run(plan, source, out, cast):
        pass


def _nobody(frames: Any) -> Iterator[Row]:
    return ((frame, ()) for frame in frames)


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    cv2.imwrite(str(tmp_path / "in.png"), PLAIN)
    film = write_film(tmp_path / "in.mp4", [PLAIN + np.uint8(index % 3) for index in range(12)], Fraction(12))
    return {"photo": tmp_path / "in.png", "film": film}


def bits_of(path: Path, reader: MarkReader) -> list[int]:
    """Of the first, a middle and the last moment, each by itself."""
    return [read_mark([picture_at(path, moment)], reader).bits for moment in (0.0, 0.5, 1.0)]


@pytest.mark.parametrize(
    ("kind", "name", "options"),
    [
        ("photo", "a.png", {}),
        ("photo", "a.jpg", {}),
        ("film", "a.mp4", {}),
        ("film", "a.mkv", {"encoder": "ffv1"}),
        ("film", "a.webp", {}),
        ("film", "a.gif", {}),
        ("film", "a-%03d.png", {}),
        ("film", "kept.mp4", {"keep_frames": "kept"}),
    ],
)
def test_every_file_is_marked(
    kind: str,
    name: str,
    options: dict[str, Any],
    sources: dict[str, Path],
    mark: Mark,
    reader: MarkReader,
    tmp_path: Path,
) -> None:
    out = tmp_path / name
    kept = tmp_path / options["keep_frames"] if "keep_frames" in options else None
    render(sources[kind], out, Work(mark=mark), **options | ({"keep_frames": kept} if kept else {}))
    files = sorted(tmp_path.glob(name.replace("%03d", "*")))
    files += sorted(kept.iterdir()) if kept else []
    assert len(files) == {"a-%03d.png": 12, "kept.mp4": 13}.get(name, 1)
    for file in files:
        assert min(bits_of(file, reader)) >= ENOUGH, file


def test_without_the_option_no_bit_changes(sources: dict[str, Path], mark: Mark, tmp_path: Path) -> None:
    render(sources["film"], tmp_path / "a.mkv", Work(), encoder="ffv1")
    for moment in (0.0, 1.0):
        before, after = (picture_at(path, moment) for path in (sources["film"], tmp_path / "a.mkv"))
        assert all(map(np.array_equal, before.planes, after.planes))
    label = Label("AI-edited")
    frames = [Frame.from_bgr(PLAIN) for _ in range(2)]
    plain, marked = (
        swap_frame((frame, ()), work).frame.bgr().astype(int)
        for frame, work in zip(frames, (Work(label=label), Work(label=label, mark=mark)), strict=True)
    )
    # It comes after everything else, and lies over the label too.
    words = label.on(320, 240).region
    inside = slice(words.y, words.bottom), slice(words.x, words.right)
    assert (plain != marked)[inside].any()
    assert np.abs(plain - marked).max() == 1
    assert (plain != marked).mean() > 0.5


def test_ten_bits_stay_ten_bits(mark: Mark, reader: MarkReader) -> None:
    native = av.VideoFrame(320, 240, "yuv420p10le")
    native.pts = 0
    for plane, level in zip(native.planes, (402, 513, 511), strict=True):
        np.frombuffer(plane, np.uint16)[:] = level  # none of them a multiple of 4
    frame = Frame.from_video(native, tags=ColorTags(), orientation=1, time_base=Fraction(1))
    done = swap_frame((frame, ()), Work(mark=mark)).frame
    luma = done.planes[0].astype(int)
    assert read_mark([done], reader).bits == 32
    assert np.abs(luma - 402).max() in (3, 4)  # 0.8 of a level of 8 bits
    assert len(np.unique(luma)) > 4


def test_a_reading_is_what_fits_and_chance_is_what_is_said() -> None:
    assert MARK.sum() == 16
    by_chance = sum(math.comb(32, bits) for bits in range(ENOUGH, 33)) / 2**32
    assert 5e-5 < by_chance < 6e-5
    assert not Reading(ENOUGH - 1, 32, 1).found
    assert Reading(ENOUGH, 32, 1).found


class Says:
    """A reader that is very sure of the first picture."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    def read(self, picture: Any) -> Any:
        del picture
        return self._answers.pop(0)


def test_one_picture_does_not_outvote_the_others() -> None:
    signs = 2 * MARK - 1
    frames = [Frame.from_bgr(PLAIN)] * 3
    assert read_mark(frames, Says(-1000 * signs, 2 * signs, 2 * signs)) == Reading(32, 32, 3)
    with pytest.raises(InputError, match="no picture"):
        read_mark([], Says())


def test_the_engine_asks_for_its_weights_before_anything_is_rendered(rig: Rig) -> None:
    rig.use()
    engine = rig.engine()  # offline, without them
    for _ in engine.prepare(Look()):
        pass
    with pytest.raises(ModelMissing, match="rivagan-encoder"):
        for _ in engine.prepare(Look(watermark=True)):
            pass
