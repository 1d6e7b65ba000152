"""The filter for live pictures: steadier at rest, hardly late in motion, and never a frame behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from moving import Counted, SquareDetector, SquareLandmarker, frame_of

from understudy.analysis.analyse import rows
from understudy.analysis.casting import Chooser, Rules
from understudy.analysis.observe import observe
from understudy.analysis.oneeuro import OneEuro
from understudy.core.types import Face, TrackedFace
from understudy.media.frame import Frame
from understudy.vision.crop import Crop
from understudy.vision.roles import Picture

PERIOD = 1 / 30


def test_it_is_the_papers_filter() -> None:
    """Against the formulas, written out for one number."""
    rng = np.random.default_rng(4)
    values = np.cumsum(rng.normal(0, 2, 40)).astype(np.float32)
    ours = OneEuro(1.3, 0.2)
    smooth, speed, last = values[0], 0.0, values[0]
    for value in values:
        given = ours(np.array([value], np.float32), PERIOD)
        if value is not values[0]:
            alpha = 1 / (1 + (1 / (2 * np.pi * 1.0)) / PERIOD)
            speed = alpha * (value - last) / PERIOD + (1 - alpha) * speed
            share = 1 / (1 + (1 / (2 * np.pi * (1.3 + 0.2 * abs(speed)))) / PERIOD)
            smooth, last = share * value + (1 - share) * smooth, value
        assert given[0] == pytest.approx(smooth, abs=1e-3)


def test_what_does_not_change_keeps_its_bits() -> None:
    value = np.random.default_rng(1).normal(400, 90, (468, 3)).astype(np.float32)
    ours = OneEuro()
    for _ in range(8):
        assert np.array_equal(ours(value, PERIOD), value)


class Trembling(SquareLandmarker):
    def __init__(self) -> None:
        self._rng = np.random.default_rng(3)

    def _at(self, picture: Picture, crop: Crop) -> tuple[Face, Crop]:
        face, crop = super()._at(picture, crop)
        assert face.landmarks is not None
        landmarks = (face.landmarks + self._rng.normal(size=(468, 3)) * 0.3).astype(np.float32)
        return replace(face, landmarks=landmarks), crop


def film(length: int, pace: float) -> list[Frame]:
    frames = []
    for index in range(length):
        pixels = frame_of([(100 + pace * index, 130.0, 90.0)]).bgr()
        frames.append(Frame.from_bgr(pixels))
        frames[-1].pts, frames[-1].time_base = index, Fraction(1, 30)
    return frames


def live(frames: Counted, landmarker: SquareLandmarker) -> Iterator[TrackedFace]:
    moments = observe(frames, SquareDetector(), landmarker, wait=0)
    for index, (_, (row,)) in enumerate(rows(moments, Chooser(Rules()), live=True)):
        assert frames.read == index + 1
        yield row


def points(row: TrackedFace) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    assert row.face.landmarks is not None
    return row.face.landmarks[:, :2]


def test_it_is_steadier_at_rest() -> None:
    frames = film(40, 0.02)
    found = np.array([points(row) for row in live(Counted(frames), Trembling())])[10:]
    assert np.std(np.diff(found, axis=0)) < 0.5 * 0.3 * np.sqrt(2)


@pytest.mark.parametrize("pace", [1.0, 3.0, 8.0])
def test_it_is_hardly_late_in_motion(pace: float) -> None:
    count = int(280 / pace) if pace > 3 else 60
    for index, row in enumerate(live(Counted(film(count, pace)), SquareLandmarker())):
        late = 100 + pace * index - (row.face.bbox[0] + row.face.bbox[2]) / 2
        assert abs(late) <= 1.0
