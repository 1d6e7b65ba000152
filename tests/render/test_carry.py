"""Keyframes and reuse: which frames are drawn, and that nothing depends on how a film was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from films import make_film, pictures, video_pts
from gates import passing
from moving_face import MovingFace
from signing import signing_key
from understudy.core.plan import Content, Look, ResolvedPlan, VideoOutput, VideoSource
from understudy.core.types import Face, Region, Result, TrackedFace
from understudy.execution.local import LocalExecutor
from understudy.media.frame import Frame
from understudy.render.build import Cast, Limits
from understudy.render.reuse import draw_film
from understudy.render.steps import REACH, Row, Swapped, Work, swap_frame
from understudy.vision.paste import Pasted
from understudy.vision.roles import Picture

pytestmark = pytest.mark.thorough

CONTENT = Content(sha256="0" * 64, size=1, media_type="video/matroska")
Motion = Callable[[int], tuple[MovingFace, ...]]


class Engine:
    """Turns the colours of a face's box; a pure function of the picture, and counts the frames that it draws."""

    devices: Mapping[str, str] = {"engine": "CPU"}

    def __init__(self, fails_at: int | None = None) -> None:
        self.drawn: list[tuple[int, int]] = []
        self._fails_at = fails_at

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> Any:
        del photos

    def swap(self, picture: Picture, face: TrackedFace, actor: Any) -> Pasted:
        del actor
        if len(self.drawn) == self._fails_at:
            raise RuntimeError("the lights went out")
        assert isinstance(picture, Frame)
        self.drawn.append((face.track, picture.pts))
        low = np.maximum(face.face.bbox[:2].astype(int) & ~1, 0)
        region = Region(*(int(each) for each in low), 60, 70)
        mask = np.zeros((70, 60), np.uint8)
        mask[8:-8, 8:-8] = 255
        return Pasted(region, 255 - picture.bgr(region), cv2.GaussianBlur(mask, (0, 0), 3).astype(np.uint8))

    def of(self, track: int) -> list[int]:
        return [pts for each, pts in self.drawn if each == track]


def still(number: int) -> tuple[MovingFace, ...]:
    """It slides by a pixel a frame, so that no picture repeats, and does nothing else."""
    return (MovingFace(60 + number % 20, 70, 50),)


def rows(motion: Motion, count: int) -> Iterator[Row]:
    for number in range(count):
        faces = motion(number)
        pixels = np.full((144, 240, 3), 96, np.uint8)
        for face in faces:
            pixels = np.maximum(pixels, face.pixels((240, 144)))
        frame = Frame.from_bgr(pixels)
        frame.pts = number
        yield frame, tuple(face.row for face in faces)


def drawn(
    motion: Motion, count: int, keyframes: Any, part: Callable[[Frame], int] | None = None
) -> tuple[Engine, list[Swapped]]:
    engine = Engine()
    work = Work(engine, [None], keyframes=keyframes)
    done = list(draw_film(rows(motion, count), work, part))
    assert [each.frame.pts for each in done] == list(range(count))
    return engine, done


@pytest.mark.parametrize(("every", "expected"), [(1, list(range(11))), (4, [0, 4, 8, 10]), (8, [0, 8, 10])])
def test_every_so_many_frames_are_drawn(every: int, expected: list[int]) -> None:
    engine, done = drawn(still, 11, every)
    assert engine.of(0) == expected
    assert [each.frame.pts for each in done if not each.carried] == expected
    assert {each.replaced for each in done} == {1}


def test_carried_frames_look_as_if_drawn() -> None:
    _, done = drawn(still, 11, 4)
    for row, each in zip(rows(still, 11), done, strict=True):
        whole = swap_frame(row, Work(Engine(), [None])).frame.bgr().astype(float)
        off = each.frame.bgr() - whole
        if each.carried:
            assert (off**2).mean() < 255**2 / 10**3.2
        else:
            assert not off.any()


def test_a_steady_face_is_drawn_once_in_a_while() -> None:
    engine, _ = drawn(still, 3 * REACH + 2, "auto")
    assert engine.of(0) == [0, REACH, 2 * REACH, 3 * REACH, 3 * REACH + 1]


def test_a_blink_is_drawn() -> None:
    shut = {5: 0.5, 6: 1.0, 7: 0.5}
    engine, _ = drawn(lambda number: (replace(still(number)[0], shut=shut.get(number, 0)),), 13, "auto")
    assert engine.of(0) == [0, 4, 5, 6, 7, 8, 12]


def test_a_doubtful_face_is_drawn_in_every_frame() -> None:
    engine, done = drawn(lambda number: (replace(still(number)[0], confidence=0.4),), 6, "auto")
    assert engine.of(0) == list(range(6))
    assert not any(each.carried for each in done)


def test_each_face_has_keyframes_of_its_own() -> None:
    def two(number: int) -> tuple[MovingFace, ...]:
        return (still(number)[0], MovingFace(180, 80, 44, parted=0.02 * (number == 3), track=7))

    engine, done = drawn(two, 9, "auto")
    assert engine.of(0) == [0, 8]
    assert engine.of(7) == [0, 2, 3, 4, 8]
    assert {each.replaced for each in done} == {2}
    assert [each.carried for each in done] == [False, True, False, False, False, True, True, True, False]


def test_a_track_that_goes_and_comes_back_is_drawn_at_its_ends() -> None:
    engine, done = drawn(lambda number: () if 4 <= number < 6 else still(number), 10, 8)
    assert engine.of(0) == [0, 3, 6, 9]
    assert [each.replaced for each in done] == [1, 1, 1, 1, 0, 0, 1, 1, 1, 1]


def test_another_actor_makes_a_new_beginning() -> None:
    engine = Engine()
    cast = (
        (frame, tuple(replace(face, actor=int(frame.pts >= 4)) for face in faces))
        for frame, faces in rows(still, 8)
    )
    list(draw_film(cast, Work(engine, [None, None], keyframes=8)))
    assert engine.of(0) == [0, 3, 4, 7]


def test_faces_without_landmarks_are_all_drawn() -> None:
    engine = Engine()
    bare = (
        (frame, tuple(replace(face, face=replace(face.face, landmarks=None)) for face in faces))
        for frame, faces in rows(still, 6)
    )
    assert not any(each.carried for each in draw_film(bare, Work(engine, [None], keyframes="auto")))
    assert engine.of(0) == list(range(6))


@pytest.mark.parametrize("keyframes", [3, "auto"])
def test_what_waits_is_bounded(keyframes: Any) -> None:
    def two(number: int) -> tuple[MovingFace, ...]:
        late = (MovingFace(180, 80, 44, track=7),) if number >= 5 else ()
        return (*still(number), *late)

    taken = given = most = 0

    def counted() -> Iterator[Row]:
        nonlocal taken
        for row in rows(two, 40):
            taken += 1
            yield row

    work = Work(Engine(), [None], keyframes=keyframes)
    for _ in draw_film(counted(), work):
        given += 1
        most = max(most, taken - given)
    assert given == 40
    # One more is looked at to tell whether it repeats the one before.
    assert work.reach - 1 <= most <= work.reach + 1


def test_a_segment_knows_nothing_of_the_one_before() -> None:
    engine, whole = drawn(still, 25, "auto", lambda frame: frame.pts // 10)
    assert engine.of(0) == [0, 9, 10, 19, 20, 24]
    alone = draw_film(
        (row for row in rows(still, 25) if 10 <= row[0].pts < 20), Work(Engine(), [None], keyframes="auto")
    )
    for ours, each in zip(whole[10:20], alone, strict=True):
        assert np.array_equal(ours.frame.bgr(), each.frame.bgr())


def test_a_repeated_picture_is_done_once() -> None:
    engine, done = drawn(lambda number: still(number // 3), 12, 1)
    assert engine.of(0) == [0, 3, 6, 9]
    assert [each.reused for each in done] == [False, True, True] * 4
    for row, each in zip(rows(lambda number: still(number // 3), 12), done, strict=True):
        whole = swap_frame(row, Work(Engine(), [None]))
        assert np.array_equal(each.frame.bgr(), whole.frame.bgr())
        assert (each.found, each.drawn, each.low_confidence) == (
            whole.found,
            whole.drawn,
            whole.low_confidence,
        )


def test_a_repeated_picture_with_other_faces_is_done_again() -> None:
    engine = Engine()
    same = [(Frame.from_bgr(still(0)[0].pixels((160, 144))), (still(0)[0].row,)) for _ in range(3)]
    same[1] = same[1][0], (replace(still(0)[0], track=5).row,)
    same[2] = same[2][0], ()
    assert [each.replaced for each in draw_film(same, Work(engine, [None]))] == [1, 1, 0]
    assert [track for track, _ in engine.drawn] == [0, 5]


class Stage:
    """A film of 36 frames in segments of 12, each picture shown twice."""

    def __init__(self, folder: Path, keyframes: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.source = make_film(
            folder / "in.mkv", pts=[40 * n for n in range(36)], time_base=Fraction(1, 1000), codec="ffv1"
        )
        self.out, self.journals, self.keyframes = folder / "out.mkv", folder / "renders", keyframes

    def run(self, engine: Engine, asked: Any = None) -> Result:
        plan = ResolvedPlan(
            target=CONTENT,
            source=VideoSource(path=self.source),
            look=Look(keyframes=asked or self.keyframes),
            models=(),
            output=VideoOutput(encoder="ffv1", fps=50),
            software="test",
        )
        cast = Cast(
            _two,
            Work(engine, [None], keyframes=self.keyframes),
            passing(self.journals.parent / "g"),
            signing_key(),
        )
        steps = LocalExecutor(Limits(self.journals, Fraction(12, 25))).run(plan, self.source, self.out, cast)
        result = [step.result for step in steps][-1]
        assert result is not None
        return result


def _two(frames: Iterable[Frame]) -> Iterator[Row]:
    for number, frame in enumerate(frames):
        yield (
            frame,
            tuple(replace(face, x=50 + number // 2 % 9, y=60, width=40).row for face in still(number)),
        )


@pytest.mark.parametrize("keyframes", [1, 5, "auto"])
@pytest.mark.parametrize("at", [1, -1])
def test_an_interrupted_film_is_the_same(tmp_path: Path, keyframes: Any, at: int) -> None:
    whole, broken = Stage(tmp_path / "whole", keyframes), Stage(tmp_path / "broken", keyframes)
    engine = Engine()
    result = whole.run(engine)
    assert result.frames == 72
    assert result.swapped == 72
    assert result.reused == 36
    assert result.carried == (0 if keyframes == 1 else 72 - 36 - len(engine.drawn))
    assert (keyframes == 1) == (result.carried == 0)
    with pytest.raises(RuntimeError, match="lights"):
        broken.run(Engine(at % len(engine.drawn)))
    again = broken.run(Engine())
    assert [notice.code for notice in again.notices] == ([] if at == 1 else ["render-resumed"])
    assert (again.carried, again.reused) == (result.carried, result.reused)
    for ours, theirs in zip(pictures(broken.out), pictures(whole.out), strict=True):
        assert np.array_equal(ours, theirs)
    assert video_pts(broken.out) == video_pts(whole.out) == [Fraction(n, 50) for n in range(72)]


def test_keyframes_without_use_are_said(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "film", 1)
    assert [notice.code for notice in stage.run(Engine(), asked="auto").notices] == ["keyframes-unused"]
    stage.out.unlink()
    assert stage.run(Engine()).notices == ()
