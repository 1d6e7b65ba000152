"""Smoothing over time: no lag, no change where there is none, less noise, and blinks as they were."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from understudy.analysis.analyse import AHEAD
from understudy.analysis.moments import Sample
from understudy.analysis.smooth import smooth
from understudy.core.types import Face
from understudy.vision.canonical import Canonical, load_canonical

WIDTH = 300.0
REACH = AHEAD


@pytest.fixture(scope="module")
def canonical() -> Canonical:
    return load_canonical()


def sample(landmarks: NDArray[np.floating], gaze: tuple[float, float] | None = (0.0, 0.0)) -> Sample:
    points = landmarks.astype(np.float32)
    bbox = np.r_[points[:, :2].min(0), points[:, :2].max(0)]
    face = Face(bbox, 1.0, points[[159, 386, 1, 61, 291], :2], points)
    look = None if gaze is None else np.array(gaze, np.float32)
    return Sample(face, look, np.zeros((468, 3), np.float32))


def smoothed(canonical: Canonical, samples: list[Sample]) -> list[NDArray[np.float32]]:
    out = []
    for i, now in enumerate(samples):
        row = smooth(canonical, 0, samples[max(i - REACH, 0) : i], now, samples[i + 1 : i + 1 + REACH])
        assert row.face.landmarks is not None
        assert np.allclose(row.face.bbox[:2], row.face.landmarks[:, :2].min(0))
        out.append(row.face.landmarks)
    return out


def path_of(
    canonical: Canonical, place: Callable[[float], NDArray[np.floating]], count: int = 25
) -> list[Sample]:
    """A face without expression; ``place`` gives x, y, scale and angle at a time."""
    samples = []
    for time in range(count):
        x, y, scale, angle = place(float(time))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points = canonical.vertices.astype(np.float64) * WIDTH * scale
        points[:, :2] = points[:, :2] @ turn.T + (x, y)
        samples.append(sample(points))
    return samples


def test_equal_frames_come_out_equal_to_the_last_bit(canonical: Canonical) -> None:
    rng = np.random.default_rng(0)
    points = canonical.vertices * WIDTH + (400, 300, 0) + rng.normal(0, 1, (468, 3))
    frames = [sample(points)] * 9
    for landmarks in smoothed(canonical, frames):
        assert np.array_equal(landmarks, frames[0].landmarks)


@pytest.mark.parametrize(
    ("place", "within"),
    [
        (lambda t: np.array([400 + 9 * t, 300 - 4 * t, 1, 0]), 0.01),
        (lambda t: np.array([400 + 3 * t + 1.5 * t * t, 300 - 0.7 * t * t, 1, 0]), 0.3),
        (lambda t: np.array([400, 300, 1 + 0.02 * t, 0]), 0.4),
        (lambda t: np.array([400, 300, 1, 0.03 * t]), 0.05),
        (lambda t: np.array([400 + 6 * t, 300, 1 + 0.01 * t, 0.004 * t * t]), 0.6),
    ],
    ids=["steady", "accelerating", "nearing", "rolling", "all"],
)
def test_there_is_no_lag(
    canonical: Canonical, place: Callable[[float], NDArray[np.floating]], within: float
) -> None:
    samples = path_of(canonical, place)
    results = smoothed(canonical, samples)
    for result, truth in zip(results[REACH:-REACH], samples[REACH:-REACH], strict=True):
        assert np.abs(result - truth.landmarks)[:, :2].max() < within
    # At the ends there is only one side to see; what moves steadily still comes out as it was.
    for end in (0, -1):
        assert np.abs(results[end] - samples[end].landmarks)[:, :2].max() < within


def test_the_networks_noise_is_reduced(canonical: Canonical) -> None:
    rng = np.random.default_rng(1)
    truth = path_of(canonical, lambda t: np.array([400 + 5 * t, 300 + 2 * t, 1, 0.01 * t]), 40)
    # Neighbouring landmarks err together, and the whole face trembles.
    kernel = canonical.kernel(0.06)
    kernel /= np.sqrt((kernel**2).sum(1, keepdims=True))
    noisy = [
        sample(
            one.landmarks
            + np.column_stack([kernel @ rng.normal(0, 0.7, (468, 2)) + rng.normal(0, 0.5, 2), np.zeros(468)])
        )
        for one in truth
    ]
    results = smoothed(canonical, noisy)[REACH:-REACH]

    def error(found: list[NDArray[np.float32]]) -> float:
        return float(
            np.sqrt(
                np.mean(
                    [(f - t.landmarks)[:, :2] ** 2 for f, t in zip(found, truth[REACH:-REACH], strict=True)]
                )
            )
        )

    before = error([one.landmarks for one in noisy[REACH:-REACH]])
    assert error(results) < 0.7 * before

    def tremble(found: list[NDArray[np.float32]]) -> float:
        return float(np.sqrt(np.mean(np.diff(np.array(found)[:, :, :2], n=2, axis=0) ** 2)))

    assert tremble(results) < 0.5 * tremble([one.landmarks for one in noisy[REACH:-REACH]])


def blinking(canonical: Canonical, heights: list[float]) -> list[Sample]:
    """Heights of the openings, as shares of the open eye's."""
    samples = []
    for height in heights:
        points = canonical.vertices * WIDTH + (400, 300, 0)
        for eye in canonical.eyes:
            line = points[eye[[0, 8]], 1].mean()
            points[eye, 1] = line + (points[eye, 1] - line) * height
        samples.append(sample(points))
    return samples


@pytest.mark.parametrize(
    "heights",
    [
        [1, 1, 1, 1, 0, 1, 1, 1, 1],
        [1, 1, 1, 0.4, 0, 0.4, 1, 1, 1],
        [1, 1, 1, 0.5, 0, 0, 0, 0.5, 1, 1, 1],
        [1, 1, 0.75, 0.5, 0.25, 0, 0.25, 0.5, 0.75, 1, 1],
    ],
    ids=["one frame", "fast", "held", "slow"],
)
def test_a_blink_stays_a_blink(canonical: Canonical, heights: list[float]) -> None:
    def opening(landmarks: NDArray[np.float32]) -> float:
        return float(landmarks[145, 1] - landmarks[159, 1])

    samples = blinking(canonical, heights)
    open_eye = opening(samples[0].landmarks)
    for result, given in zip(smoothed(canonical, samples), samples, strict=True):
        assert abs(opening(result) - opening(given.landmarks)) < 0.03 * open_eye


def test_a_word_that_is_spoken_while_the_head_moves_stays(canonical: Canonical) -> None:
    samples = []
    for time, gap in enumerate([0, 0.02, 0.07, 0.09, 0.05, 0, 0, 0.06, 0.02]):
        points = canonical.vertices * WIDTH + (400 + 7 * time, 300, 0)
        below = canonical.inner_lips[11:]
        points[below, 1] += gap * WIDTH
        samples.append(sample(points))
    for result, given in zip(smoothed(canonical, samples), samples, strict=True):
        gaps = [float(points[14, 1] - points[13, 1]) for points in (result, given.landmarks)]
        assert abs(gaps[0] - gaps[1]) < 0.003 * WIDTH


def test_gaze_is_steadied_but_jumps_when_the_eyes_do(canonical: Canonical) -> None:
    points = canonical.vertices * WIDTH + (400, 300, 0)

    def gaze_at(looks: list[tuple[float, float] | None], now: int) -> NDArray[np.float32] | None:
        samples = [sample(points, look) for look in looks]
        return smooth(canonical, 0, samples[:now], samples[now], samples[now + 1 :]).gaze

    steady = gaze_at([(0.09, 0), (0.11, 0), (0.13, 0), (0.11, 0), (0.09, 0)], 2)
    assert steady is not None
    assert steady[0] == pytest.approx(0.106, abs=1e-6)
    jumped = gaze_at([(-0.2, 0), (-0.2, 0), (-0.2, 0), (0.15, 0), (0.15, 0)], 3)
    assert jumped is not None
    assert jumped[0] == pytest.approx(0.15, abs=1e-6)
    unseen = gaze_at([(0.1, 0), (0.1, 0), None, (0.1, 0), (0.1, 0)], 2)
    assert unseen is not None
    assert unseen[0] == pytest.approx(0.1, abs=1e-6)
    assert gaze_at([None, None, None], 1) is None


def test_neighbours_that_are_far_off_do_not_pull(canonical: Canonical) -> None:
    still = canonical.vertices * WIDTH + (400, 300, 0)
    odd = still.copy()
    odd[canonical.oval] += (0.1 * WIDTH, 0, 0)  # a slip of the network in one frame
    samples = [sample(still)] * 3 + [sample(odd)] + [sample(still)] * 3
    results = smoothed(canonical, samples)
    for index in (0, 1, 2, 4, 5, 6):
        assert np.abs(results[index] - samples[index].landmarks).max() < 0.02 * WIDTH
