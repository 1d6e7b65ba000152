"""ArcFace, converters and models of looks on graphs whose right answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.fakes import ArrayPicture
from graphs_catalog import pool_with
from graphs_landmark import ANALYTIC, coloured_looks, quarters
from understudy.core.errors import ModelError
from understudy.core.types import Face
from understudy.models.spec import load_catalog
from understudy.vision.align import TEMPLATES
from understudy.vision.attributes.families import open_attributes
from understudy.vision.embed.crossface import open_converter
from understudy.vision.embed.families import open_embedder, same_person

# Red, green and blue of the four quarters of an aligned crop.
COLOURS = np.array([[200, 40, 90], [30, 180, 60], [70, 10, 240], [120, 220, 20]], np.float64)
CORNER = (150, 60)
EMBEDDERS = ("w600k_r50", "w600k_mbf", "simswap_arcface", "ghost_arcface")


def aligned(template: str, side: int) -> tuple[ArrayPicture, Face]:
    """A picture in which a face lies so that its crop is the square of four colours at CORNER, pixel by pixel."""
    pixels = np.full((500, 600, 3), 255, np.uint8)
    x, y = CORNER
    for i, colour in enumerate(COLOURS):
        row, column = divmod(i, 2)
        top, left = y + row * side // 2, x + column * side // 2
        pixels[top : top + side // 2, left : left + side // 2] = colour[::-1]
    keypoints = (TEMPLATES[template] * side + CORNER).astype(np.float32)
    box = np.array([x, y, x + side, y + side], np.float32)
    return ArrayPicture(pixels), Face(box, 0.9, keypoints)


def as_it_goes_in(row: str) -> NDArray[np.float64]:
    """(4, 3) the colours as this row's network wants them."""
    share = COLOURS / 255
    if row == "simswap_arcface":
        return (share - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    return (share - 0.5) / 0.5


@pytest.mark.parametrize("row", EMBEDDERS)
def test_the_crop_goes_in_aligned_and_normalised(row: str, tmp_path: Path) -> None:
    spec = load_catalog()[row]
    assert spec.template == "arcface_112_v2"  # InsightFace's own
    pool = pool_with({row: quarters(spec)}, tmp_path)
    embedder = open_embedder(pool.cache.catalog[row], pool)
    embedding = embedder.embed(*aligned("arcface_112_v2", 112))
    assert embedding.shape == (12,)
    assert embedding.dtype == np.float32
    # By channel, then by quarter; resampling may touch the seams.
    assert np.abs(embedding - as_it_goes_in(row).T.ravel()).max() < 0.02
    assert embedder.digest == pool.cache.catalog[row].sha256


def test_a_graph_that_normalises_by_itself_gets_plain_pixels(tmp_path: Path) -> None:
    pool = pool_with({"w600k_r50": quarters(load_catalog()["w600k_r50"], own_normalisation=True)}, tmp_path)
    embedding = open_embedder(pool.cache.catalog["w600k_r50"], pool).embed(*aligned("arcface_112_v2", 112))
    assert np.abs(embedding - ((COLOURS - 127.5) / 128).T.ravel()).max() < 0.02


def test_a_converter_takes_and_gives_raw_vectors(tmp_path: Path) -> None:
    for row in ("crossface_simswap", "crossface_ghost", "crossface_hififace"):
        pool = pool_with({row: ANALYTIC["crossface"](load_catalog()[row])}, tmp_path / row)
        raw = np.random.default_rng(2).normal(size=512).astype(np.float32) * 20
        converted = open_converter(pool.cache.catalog[row], pool).convert(raw)
        assert np.allclose(converted, 2 * raw[::-1], atol=1e-4)


def test_every_embedder_says_when_it_is_the_same_person() -> None:
    rows = load_catalog()
    assert same_person(rows["dlib-resnet"]) == 0.93
    for row in EMBEDDERS:
        assert same_person(rows[row]) == pytest.approx(1 - 0.85 / 2)
    with pytest.raises(ModelError, match="dlib-5-points"):
        same_person(rows["dlib-5-points"])


def plain(colour: tuple[int, int, int]) -> tuple[ArrayPicture, Face]:
    """A picture of one colour (red, green, blue) with a face in its middle."""
    pixels = np.full((600, 600, 3), colour[::-1], np.uint8)
    keypoints = (TEMPLATES["arcface_112_v2"] * 200 + 200).astype(np.float32)
    return ArrayPicture(pixels), Face(np.array([200, 200, 400, 400], np.float32), 0.9, keypoints)


@pytest.mark.parametrize("own_normalisation", [False, True])
def test_genderage(own_normalisation: bool, tmp_path: Path) -> None:
    graph = coloured_looks(load_catalog()["genderage"], own_normalisation)
    pool = pool_with({"genderage": graph}, tmp_path)
    attributes = open_attributes(pool.cache.catalog["genderage"], pool)
    # (191 - 127.5) / 128 of a century
    looks = attributes.describe(*plain((60, 191, 200)))
    assert (looks.gender, looks.age) == ("female", (50, 50))
    looks = attributes.describe(*plain((210, 158, 200)))
    assert (looks.gender, looks.age) == ("male", (24, 24))


@pytest.mark.parametrize(("number", "ages"), [(0, (0, 2)), (1, (3, 9)), (4, (30, 39)), (8, (70, 100))])
@pytest.mark.parametrize("gender", ["male", "female"])
def test_fairface(number: int, ages: tuple[int, int], gender: str, tmp_path: Path) -> None:
    pool = pool_with({"fairface": ANALYTIC["fairface"](load_catalog()["fairface"])}, tmp_path)
    attributes = open_attributes(pool.cache.catalog["fairface"], pool)
    green = (0.456 + 0.224 * (0.1 if gender == "female" else 0.0)) * 255
    blue = (0.406 + 0.225 * number / 10) * 255
    looks = attributes.describe(*plain((10, round(green), round(blue))))
    assert (looks.gender, looks.age) == (gender, ages)
