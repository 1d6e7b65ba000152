"""What a crash leaves is used by the next run, and nothing else is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from filelock import FileLock
from render_fakes import TintBox, analyse, find_nothing

from films import make_film, packets, pictures, video_pts
from gates import passing
from signing import signing_key
from understudy.core.errors import FaceError, OutputError
from understudy.core.plan import Content, Look, ResolvedPlan, VideoOutput, VideoSource
from understudy.core.types import Result
from understudy.execution.local import LocalExecutor
from understudy.render.build import Cast, Limits
from understudy.render.leftovers import leftovers
from understudy.render.steps import Work

CONTENT = Content(sha256="0" * 64, size=1, media_type="video/matroska")


class Counting(TintBox):
    """Counts the faces that it draws, and may fail at one of them."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.count = 0
        self._fails_at = fails_at

    def swap(self, picture: Any, face: Any, actor: Any) -> Any:
        if self.count == self._fails_at:
            raise RuntimeError("the lights went out")
        self.count += 1
        return super().swap(picture, face, actor)


class Stage:
    """A film of six segments of ten frames, and where it is rendered."""

    def __init__(self, folder: Path) -> None:
        self.source = make_film(
            folder / "in.mkv",
            pts=[40 * index for index in range(60)],
            time_base=Fraction(1, 1000),
            audio=("flac",),
            codec="ffv1",
        )
        self.out = folder / "out" / "out.mkv"
        self.out.parent.mkdir(exist_ok=True)
        self.journals = folder / "renders"

    def run(
        self, swapper: Counting, content: Content = CONTENT, analysis: Any = analyse, **output: Any
    ) -> Result:
        plan = ResolvedPlan(
            target=content,
            source=VideoSource(path=Path(content.sha256)),
            look=Look(),
            models=(),
            output=VideoOutput(**{"encoder": "ffv1", **output}),
            software="test",
        )
        executor = LocalExecutor(Limits(self.journals, Fraction(2, 5)))
        cast = Cast(analysis, Work(swapper, [None]), passing(self.journals.parent / "gate"), signing_key())
        steps = executor.run(plan, self.source, self.out, cast)
        result = [step.result for step in steps][-1]
        assert result is not None
        return result

    def crash(self, at: int, **options: Any) -> None:
        with pytest.raises(RuntimeError, match="lights"):
            self.run(Counting(at), **options)
        assert not list(self.out.parent.iterdir())

    @property
    def folder(self) -> Path:
        (leftover,) = leftovers(self.journals)
        return leftover.folder


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def whole(tmp_path: Path) -> list[Any]:
    """The film as one uninterrupted run makes it."""
    (tmp_path / "whole").mkdir()
    uninterrupted = Stage(tmp_path / "whole")
    swapper = Counting()
    result = uninterrupted.run(swapper)
    assert (swapper.count, result.frames, result.swapped, result.notices) == (60, 60, 60, ())
    assert not any(uninterrupted.journals.iterdir())
    return pictures(uninterrupted.out)


def codes(result: Result) -> list[str]:
    return [notice.code for notice in result.notices]


def same(film: Path, whole: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(pictures(film), whole, strict=True))


@pytest.mark.parametrize("at", [3, 25, 59])
def test_a_crash_costs_one_segment(stage: Stage, whole: list[Any], at: int) -> None:
    stage.crash(at)
    swapper = Counting()
    result = stage.run(swapper)
    assert 60 - at // 10 * 10 <= swapper.count <= 60 - at // 10 * 10 + 10
    assert codes(result) == (["render-resumed"] if at > 20 else [])
    assert (result.frames, result.swapped, result.low_confidence) == (60, 60, 3)
    assert same(stage.out, whole)
    assert video_pts(stage.out) == video_pts(stage.source)
    assert packets(stage.out, "audio") == packets(stage.source, "audio")
    assert not any(stage.journals.iterdir())


def test_two_crashes(stage: Stage, whole: list[Any]) -> None:
    stage.crash(25)
    stage.crash(25)
    result = stage.run(Counting())
    assert codes(result) == ["render-resumed"]
    assert same(stage.out, whole)


KILLED_IN_THE_JOIN = """
import itertools, os, signal, sys
from pathlib import Path
from test_resume import Counting, Stage
from understudy.render import publish

join = publish.join

def cut_short(*arguments, **options):
    yield from itertools.islice(join(*arguments, **options), int(sys.argv[2]))
    os.kill(os.getpid(), signal.SIGKILL)

publish.join = cut_short
Stage(Path(sys.argv[1])).run(Counting())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("after", [1, 6])
def test_a_kill_during_the_join_redoes_the_join_alone(
    stage: Stage, whole: list[Any], tmp_path: Path, after: int
) -> None:
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", KILLED_IN_THE_JOIN, str(tmp_path), str(after)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not stage.out.exists()
    assert list(stage.out.parent.glob(".understudy-*.part"))
    swapper = Counting()
    result = stage.run(swapper)
    assert (swapper.count, codes(result)) == (0, ["render-resumed"])
    assert same(stage.out, whole)
    assert sorted(path.name for path in stage.out.parent.iterdir()) == ["out.c2pa", "out.mkv"]


def test_progress_goes_on_where_it_was(stage: Stage) -> None:
    stage.crash(35)
    kept = sum(line.frames for line in leftovers(stage.journals))
    assert kept in (20, 30)
    plan = stage.run(Counting())
    assert plan.fps > 0


def committed(folder: Path, index: int) -> Path:
    (path,) = folder.glob(f"{index:06d}.*")
    return path


def damage_nothing(folder: Path) -> None:
    del folder


def delete_a_segment(folder: Path) -> None:
    committed(folder, 1).unlink()


def flip_a_bit(folder: Path) -> None:
    path = committed(folder, 1)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def tear_the_last_line(folder: Path) -> None:
    path = folder / "segments.jsonl"
    path.write_text(path.read_text()[:-40])


def leave_a_draft(folder: Path) -> None:
    first = committed(folder, 0)
    shutil.copy(first, folder / f"draft-000005{first.suffix}")
    shutil.copy(first, folder / f"000005{first.suffix}")


@pytest.mark.parametrize(
    ("damage", "lost"),
    [
        (damage_nothing, 0),
        (delete_a_segment, 10),
        (flip_a_bit, 10),
        (tear_the_last_line, 10),
        (leave_a_draft, 0),
    ],
)
def test_only_what_is_sound_is_used(stage: Stage, whole: list[Any], damage: Any, lost: int) -> None:
    stage.crash(45)
    (leftover,) = leftovers(stage.journals)
    damage(leftover.folder)
    swapper = Counting()
    stage.run(swapper)
    assert swapper.count == 60 - leftover.frames + lost
    assert same(stage.out, whole)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"content": Content(sha256="1" * 64, size=1, media_type="video/matroska")}, "the target"),
        ({"fps": 20}, "the output"),
    ],
)
def test_a_change_begins_anew_and_says_so(stage: Stage, change: dict[str, Any], what: str) -> None:
    stage.crash(45)
    swapper = Counting()
    result = stage.run(swapper, **change)
    assert codes(result) == ["render-restarted"]
    assert what in result.notices[0].message
    assert swapper.count == result.frames


def test_what_becomes_of_the_sound_changes_no_picture(stage: Stage, whole: list[Any]) -> None:
    stage.crash(45)
    swapper = Counting()
    assert codes(stage.run(swapper, audio="none")) == ["render-resumed"]
    assert swapper.count < 60
    assert same(stage.out, whole)
    assert not packets(stage.out, "audio")


def test_restart_forgets(stage: Stage, whole: list[Any]) -> None:
    stage.crash(45)
    swapper = Counting()
    result = stage.run(swapper, restart=True)
    assert (swapper.count, codes(result)) == (60, [])
    assert same(stage.out, whole)


def test_one_writer_only(stage: Stage) -> None:
    stage.crash(45)
    with FileLock(stage.folder / ".lock"), pytest.raises(OutputError, match="Another process"):
        stage.run(Counting())
    (leftover,) = leftovers(stage.journals)
    assert leftover.frames >= 30
    assert not leftover.busy


def test_no_face_leaves_nothing(stage: Stage) -> None:
    with pytest.raises(FaceError):
        stage.run(Counting(), analysis=find_nothing)
    assert not any(stage.journals.iterdir())


def test_stills_are_complete_after_a_crash(stage: Stage, whole: list[Any], tmp_path: Path) -> None:
    stage.crash(45, keep_frames=tmp_path / "frames")
    stage.run(Counting(), keep_frames=tmp_path / "frames")
    assert sorted(path.name for path in (tmp_path / "frames").iterdir()) == [
        f"{n:06d}.png" for n in range(1, 61)
    ]
    assert same(stage.out, whole)


def test_numbered_pictures_go_on_after_a_crash(stage: Stage, whole: list[Any]) -> None:
    stage.out = stage.out.parent / "%04d.png"
    stage.crash(45, encoder="auto")
    swapper = Counting()
    assert codes(stage.run(swapper, encoder="auto")) == ["render-resumed", "audio-dropped"]
    assert swapper.count < 60
    made = sorted(stage.out.parent.iterdir())
    assert [path.name for path in made] == [f"{number:04d}.png" for number in range(1, 61)]
    assert all(np.abs(cv2.imread(str(a)).astype(int) - b).max() < 4 for a, b in zip(made, whole, strict=True))


def test_the_manifest_holds_no_face(stage: Stage) -> None:
    stage.crash(45)
    films = {committed(stage.folder, index) for index in range(3)}
    others = {path.name for path in stage.folder.iterdir() if path.stem not in {film.stem for film in films}}
    assert {"manifest.json", "segments.jsonl"} <= others
    assert not [name for name in others if name.endswith((".png", ".jpg", ".npz"))]
    said = json.loads((stage.folder / "manifest.json").read_text())
    assert set(said) == {"schema", "target", "output", "plan"}
