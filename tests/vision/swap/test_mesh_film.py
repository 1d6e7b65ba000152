"""The mesh engine on real film: nothing else changes, and it does not swim."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from sitters import Sitter, Studio, whole_mask

from understudy.media.frame import Frame
from understudy.render.steps import Work, swap_frame
from understudy.vision.swap.mesh import MeshSwapper
from understudy.vision.swap.mesh.actor import Actor

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def actor(sitters: dict[str, Sitter]) -> Actor:
    return MeshSwapper().prepare([sitters["roop-source"].photo])


def repeated(frame: Frame, count: int) -> Iterator[Frame]:
    for index in range(count):
        yield frame.copied(index, Fraction(1, 24))


def noisy(frame: Frame, count: int, sigma: float) -> Iterator[Frame]:
    rng = np.random.default_rng(12)
    for copy in repeated(frame, count):
        for plane in copy.planes:
            grain = rng.standard_normal(plane.shape, np.float32) * sigma
            plane[...] = np.clip(np.round(plane + grain), 0, 255)
        yield copy


@pytest.mark.parametrize("likeness", [0.0, 1.0])
def test_planes_outside_the_mask_keep_their_bits(
    studio: Studio, take: list[Frame], actor: Actor, likeness: float
) -> None:
    swapper = MeshSwapper(likeness)
    for frame, faces in studio.rows([frame.copied(frame.pts, frame.time_base) for frame in take]):
        patch = swapper.swap(frame, faces[0], actor)
        assert patch is not None
        mask = whole_mask(frame, patch)
        before = [plane.copy() for plane in frame.planes]
        swap_frame((frame, faces), Work(swapper, [actor]))
        luma, *chroma = frame.planes
        assert np.array_equal(luma[mask == 0], before[0][mask == 0])
        assert (luma != before[0]).any()
        # A chroma sample stands for four pixels: it is kept when the mask is 0 on any of them.
        quads = mask.reshape(mask.shape[0] // 2, 2, mask.shape[1] // 2, 2)
        kept = quads.min((1, 3)) == 0
        for plane, old in zip(chroma, before[1:], strict=True):
            assert np.array_equal(plane[kept], old[kept])
            assert (plane != old).any()


@pytest.mark.parametrize("likeness", [0.0, 1.0])
def test_a_still_target_gives_one_result_48_times(
    studio: Studio, take: list[Frame], actor: Actor, likeness: float
) -> None:
    swapper = MeshSwapper(likeness)
    results = []
    for row in studio.rows(repeated(take[0], 48)):
        done = swap_frame(row, Work(swapper, [actor]))
        assert done.replaced == 1
        results.append(b"".join(plane.tobytes() for plane in done.frame.planes))
    assert len(results) == 48
    assert len(set(results)) == 1


def test_with_a_sensors_noise_it_does_not_swim(studio: Studio, take: list[Frame], actor: Actor) -> None:
    swapper = MeshSwapper()
    last: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    given, made = [], []
    for frame, faces in studio.rows(noisy(take[0], 16, 2.0)):
        patch = swapper.swap(frame, faces[0], actor)
        assert patch is not None
        inside = whole_mask(frame, patch) > 0
        before = frame.planes[0].astype(np.float32)
        swap_frame((frame, faces), Work(swapper, [actor]))
        after = frame.planes[0].astype(np.float32)
        if last is not None:
            given.append(np.mean((before - last[0])[inside] ** 2))
            made.append(np.mean((after - last[1])[inside] ** 2))
        last = before, after
    assert np.sqrt(np.mean(given)) == pytest.approx(2 * np.sqrt(2), rel=0.05)
    assert np.sqrt(np.mean(made)) <= 1.5 * np.sqrt(np.mean(given))
