"""What a render writes down for its report, and when it measures."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from films import scene
from understudy.core.types import Face, TrackedFace
from understudy.media.frame import Frame
from understudy.render.gauge import Gauge
from understudy.render.glimpses import worst
from understudy.render.probe import Purse
from understudy.render.record import Glimpse, Record, joined
from understudy.render.recorder import Cuts, Recorder
from understudy.render.steps import Swapped
from understudy.vision.canonical import load_canonical
from understudy.vision.shape import five_points

RATE = 24


class Found:
    """Finds the landmarks where they were; somebody whose embedding is (1, 0)."""

    def track(self, picture: object, previous: np.ndarray) -> tuple[Face, None]:
        del picture
        return Face(np.zeros(4, np.float32), 1.0, np.zeros((5, 2), np.float32), previous), None

    def of(self, picture: object, face: Face) -> np.ndarray:
        del picture, face
        return np.array([1, 0], np.float32)


GAUGE = Gauge(Found(), Found(), [np.array([0.6, 0.8], np.float32)])


def face(x: float = 80, confidence: float = 1.0, flags: tuple[str, ...] = ()) -> Face:
    points = load_canonical().vertices * 40 / np.ptp(load_canonical().vertices[:, 0]) + (x, 60, 0)
    points = points.astype(np.float32)
    box = np.concatenate([points[:, :2].min(0), points[:, :2].max(0)])
    return Face(box, 0.9, five_points(points), points, confidence, flags)


def film(*faces: Sequence[TrackedFace]) -> Iterator[tuple[Frame, tuple[TrackedFace, ...]]]:
    for index, found in enumerate(faces):
        frame = Frame.from_bgr(scene(index // 4))
        frame.pts, frame.time_base = index, Fraction(1, RATE)
        yield frame, tuple(found)


def record(*faces: Sequence[TrackedFace], skipped: Sequence[int] = (), clock: float = 1e9) -> Record:
    """Of a render that turns the picture's colours round, and cannot draw in the frames ``skipped``."""
    now = iter([0.0] * 4)
    recorder = Recorder(GAUGE, Cuts(), clock=lambda: next(now, clock))
    for index, (frame, found) in enumerate(recorder.rows(film(*faces), lambda _: True)):
        drawn = () if index in skipped else tuple(each.track for each in found)
        result = Frame.from_bgr(255 - frame.bgr() if drawn else frame.bgr())
        recorder.came_out(Swapped(result, len(found), drawn, False))
    return recorder.take()


def test_every_face_of_every_frame_is_written_down() -> None:
    doubted = TrackedFace(3, face(confidence=0.3, flags=("small", "cut")), weight=0.5, bridged=True, person=2)
    kept = record([TrackedFace(0, face())], [], [doubted], skipped=[2])
    assert kept.frames.tolist() == [(0, 0.0, 0), (1, 1 / RATE, 0), (2, 2 / RATE, 0)]
    one, two = kept.faces
    assert (one["frame"], one["track"], one["person"], one["drawn"], one["bridged"]) == (
        0,
        0,
        -1,
        True,
        False,
    )
    assert (two["frame"], two["track"], two["person"], two["drawn"], two["bridged"]) == (2, 3, 2, False, True)
    assert two["flags"] == "small,cut"
    assert two["weight"] == 0.5
    assert two["confidence"] == pytest.approx(0.3)
    assert one["x"] == pytest.approx(80, abs=2)
    assert one["size"] == pytest.approx(face().size)


def test_a_moment_is_measured_twice_a_second_and_whoever_waited_longest() -> None:
    both = [TrackedFace(0, face(40)), TrackedFace(1, face(110))]
    kept = record(*[both] * 60)
    measured = kept.samples[np.isfinite(kept.samples["likeness"])]
    assert measured[["frame", "track"]].tolist() == [(0, 0), (12, 1), (24, 0), (36, 1), (48, 0)]
    assert measured["likeness"] == pytest.approx(0.6)
    assert measured["expression"] == pytest.approx(0)
    changed = kept.samples[np.isfinite(kept.samples["flicker"])]
    assert changed["frame"].tolist() == [1, 13, 25, 37, 49]


def test_nothing_is_measured_where_nothing_was_drawn() -> None:
    kept = record(*[[TrackedFace(0, face())]] * 26, skipped=[0, 13, 24, 25])
    assert kept.samples[["frame", "track"]].tolist() == [(12, 0)]


def test_measuring_stops_when_its_share_is_spent_and_goes_on_later() -> None:
    now = 0.0
    purse = Purse(0.5, 0.0, lambda: now)
    assert purse.affords
    with purse.paid():
        begun = time.thread_time()
        while time.thread_time() - begun < 0.01:
            pass
    assert not purse.affords
    now = 0.015
    assert not purse.affords
    now = 10.0
    assert purse.affords


def test_what_stays_doubtful_is_pictured_before_and_after() -> None:
    doubted, sound = [TrackedFace(0, face(confidence=0.2))], [TrackedFace(0, face())]
    assert record(*[doubted] * 3, sound, *[doubted] * 3).glimpses == ()
    (glimpse,) = record(sound, *[doubted] * 10).glimpses
    assert (glimpse.frame, glimpse.track, glimpse.trust) == (4, 0, pytest.approx(0.2))
    before, after = (
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        for data in (glimpse.before, glimpse.after)
    )
    assert max(before.shape) <= 160
    assert cv2.absdiff(255 - before, after).mean() < 8
    assert cv2.absdiff(before, after).mean() > 30


def test_who_is_lost_is_pictured_once_where_they_were_unless_somebody_is_there() -> None:
    here = [TrackedFace(0, face())]
    (glimpse,) = record(*[here] * 5, *[()] * 30).glimpses
    assert (glimpse.frame, glimpse.track, glimpse.trust) == (8, 0, 0)
    assert record(*[here] * 5, *[[TrackedFace(1, face(82))]] * 30).glimpses == ()


def test_the_pictures_of_the_least_trust_are_kept() -> None:
    many = [
        Glimpse(frame, 0, trust, b"", b"") for frame, trust in enumerate(np.linspace(0.5, 0, 30).tolist())
    ]
    assert [each.frame for each in worst(many)] == list(range(18, 30))


def test_a_record_comes_back_from_the_disk_unless_it_is_damaged(tmp_path: Path) -> None:
    kept = record(*[[TrackedFace(0, face(confidence=0.2, flags=("profile",)))]] * 8)
    kept.save(tmp_path / "one.npz")
    back = Record.load(tmp_path / "one.npz")
    assert back is not None
    for name in ("frames", "faces", "samples"):
        assert getattr(back, name).tobytes() == getattr(kept, name).tobytes() != b""
    assert [each.after for each in back.glimpses] == [each.after for each in kept.glimpses] != []
    data = (tmp_path / "one.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(data[: len(data) // 2])
    (tmp_path / "other.npz").write_bytes(b"not at all")
    assert [Record.load(tmp_path / name) for name in ("cut.npz", "other.npz", "none.npz")] == [None] * 3
    both = joined([kept, back])
    assert (len(both.frames), len(both.faces), len(both.glimpses)) == (16, 16, 2 * len(kept.glimpses))
    assert len(joined([]).frames) == 0
