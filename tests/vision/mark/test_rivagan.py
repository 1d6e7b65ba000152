"""The real networks: as the package uses them, what they write can be read, and what is read by chance."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from graphs_catalog import pool_with
from graphs_mark import ROWS, no_numbers, reads, writes
from understudy.core.errors import ModelError, ModelMissing
from understudy.core.plan import Compute
from understudy.media.frame import Frame
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool
from understudy.safety.invisible_mark import MARK, read_mark, write_mark
from understudy.vision.mark.families import mark_spec, open_mark, open_reader, reader_spec
from understudy.vision.roles import Mark, MarkReader

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def pool(weights: Cache) -> SessionPool:
    try:
        for name in ROWS:
            weights.ensure(weights.catalog[name])
    except ModelMissing as error:
        pytest.skip(str(error))
    return SessionPool(weights, Compute(provider="cpu"))


@pytest.fixture(scope="module")
def mark(pool: SessionPool) -> Mark:
    return open_mark(mark_spec(pool.cache.catalog), pool)


@pytest.fixture(scope="module")
def reader(pool: SessionPool) -> MarkReader:
    return open_reader(reader_spec(pool.cache.catalog), pool)


@pytest.fixture(scope="module")
def pictures(portraits: list[Path]) -> list[Pixels]:
    return [np.asarray(cv2.imread(str(path)), np.uint8) for path in portraits[::11]]


@pytest.fixture(scope="module")
def marked(pictures: list[Pixels], mark: Mark) -> list[Pixels]:
    frames = [Frame.from_bgr(pixels) for pixels in pictures]
    for frame in frames:
        write_mark(frame, mark)
    return [frame.bgr() for frame in frames]


def test_what_is_written_is_read_and_hardly_seen(
    pictures: list[Pixels], marked: list[Pixels], reader: MarkReader
) -> None:
    for before, after in zip(pictures, marked, strict=True):
        assert read_mark([Frame.from_bgr(after)], reader).bits >= 31
        assert not read_mark([Frame.from_bgr(before)], reader).found
        assert np.abs(after.astype(int) - before).max() == 1
        assert cv2.PSNR(before, after) > 48


def test_it_outlives_scaling_and_jpeg(marked: list[Pixels], reader: MarkReader) -> None:
    for pixels in marked:
        half = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        again = cv2.imdecode(cv2.imencode(".jpg", half, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], cv2.IMREAD_COLOR)
        assert read_mark([Frame.from_bgr(np.asarray(again, np.uint8))], reader).found


def test_the_networks_get_what_the_package_gives_them(
    pool: SessionPool, mark: Mark, reader: MarkReader, pictures: list[Pixels]
) -> None:
    """A picture of just the networks' size, with the formulas of ``imwatermark/rivaGan.py`` written out."""
    onnxruntime = pytest.importorskip("onnxruntime")
    small = np.asarray(cv2.resize(pictures[0], (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
    frame = small.astype(np.float32)[None, None] / 127.5 - 1
    shown = np.ascontiguousarray(frame.transpose(0, 4, 1, 2, 3))
    path = {name: str(pool.cache.path(pool.cache.catalog[name])) for name in ROWS}
    encoder, decoder = (
        onnxruntime.InferenceSession(path[name], providers=["CPUExecutionProvider"]) for name in ROWS
    )
    [theirs] = encoder.run(None, {"frame": shown, "data": MARK[None]})
    whole = (theirs - shown)[0, :, 0].transpose(1, 2, 0) * 127.5
    ours = mark.change(Frame.from_bgr(small), MARK)
    assert ours.shape == whole.shape
    share = float((ours * whole).sum() / (whole * whole).sum())
    assert 0.2 < share < 0.6
    assert np.abs(ours - share * whole).max() < 1e-3
    [read] = decoder.run(None, {"frame": shown})
    assert reader.read(Frame.from_bgr(small)) == pytest.approx(read[0], abs=1e-3)


def test_other_bits_are_other_bits(pictures: list[Pixels], mark: Mark, reader: MarkReader) -> None:
    bits = np.random.default_rng(4).permuted(MARK)
    frame = Frame.from_bgr(pictures[1])
    frame.shift(mark.change(frame, bits))
    assert ((reader.read(frame) > 0) == (bits > 0)).sum() >= 30


@pytest.mark.parametrize(("width", "height"), [(16, 16), (31, 1201), (1600, 90)])
def test_pictures_of_any_shape(width: int, height: int, tmp_path: Path) -> None:
    pool = pool_with(dict(zip(ROWS, (writes(), reads()), strict=True)), tmp_path)
    frame = Frame.from_bgr(np.full((height, width, 3), 120, np.uint8))
    change = open_mark(mark_spec(pool.cache.catalog), pool).change(frame, MARK)
    seen = change.shape[0] * change.shape[1]
    assert 0.9 * 256**2 < seen < 1.2 * 256**2
    assert change.shape[0] / change.shape[1] == pytest.approx(height / width, rel=0.1)
    read = open_reader(reader_spec(pool.cache.catalog), pool).read(frame)
    assert read.shape == (32,)


def test_what_gives_no_numbers_is_refused(tmp_path: Path) -> None:
    pool = pool_with({ROWS[0]: no_numbers()}, tmp_path)
    frame = Frame.from_bgr(np.full((64, 64, 3), 120, np.uint8))
    with pytest.raises(ModelError, match="rivagan-encoder gave no"):
        write_mark(frame, open_mark(mark_spec(pool.cache.catalog), pool))
    assert (frame.bgr() == 120).all()
