"""``--watermark`` of ``swap`` and ``preview``, and of ``verify``, with the real weights."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from commands import Finished, Run, assert_failed

from graphs_mark import ROWS
from portrait_film import make_portrait_film
from understudy.core.errors import ModelMissing
from understudy.models.cache import Cache

pytestmark = pytest.mark.thorough


@pytest.fixture
def own(tmp_path: Path, home: Path, weights: Cache) -> Path:  # noqa: ARG001 (it skips without weights)
    """A home with the weights of a swap and of the mark, and nothing else."""
    try:
        kept = [weights.ensure(weights.catalog[name]) for name in ROWS]
    except ModelMissing as error:
        pytest.skip(str(error))
    folder = tmp_path / "own"
    (folder / "models").mkdir(parents=True)
    kept += [
        weights.path(weights.catalog[name]) for name in ("blazeface-short", "facemesh-468", "nudenet-320n")
    ]
    for path in kept:
        (folder / "models" / path.name).symlink_to(path.absolute())
    return folder


@pytest.fixture
def here(understudy: Run, own: Path) -> Run:
    """The command with that home, without a network."""

    def run(*arguments: object) -> Finished:
        return understudy(*arguments, UNDERSTUDY_HOME=str(own), UNDERSTUDY_OFFLINE="1")

    return run


def test_a_photo_is_marked_when_it_is_wanted(here: Run, portraits: list[Path], tmp_path: Path) -> None:
    done = here("swap", portraits[0], portraits[-1], "-o", "marked.png", "--watermark")
    assert done.code == 0, done.err
    seen = here("verify", "marked.png", "--watermark", "--json")
    [event] = seen.events
    assert (seen.code, event["watermark"]["found"]) == (0, True)
    assert event["watermark"]["bits"] >= 30
    assert [model["name"] for model in event["chain"][0]["record"]["models"]].count("rivagan-encoder") == 1
    assert event["chain"][0]["actions"] == ["c2pa.opened", "c2pa.edited", "c2pa.watermarked.unbound"]

    # Where the credentials were cut off it is still there.
    cut = cv2.resize(cv2.imread(str(tmp_path / "marked.png")), None, fx=0.6, fy=0.6)
    cv2.imwrite(str(tmp_path / "cut.jpg"), cut)
    seen = here("verify", "cut.jpg", "--watermark")
    assert (seen.code, "An invisible mark of Understudy was read" in seen.out) == (16, True)
    assert "proves nothing" in seen.out
    seen = here("verify", portraits[-1], "--watermark")
    assert (seen.code, "No invisible mark of Understudy was read" in seen.out) == (16, True)
    assert "proves nothing" in seen.out
    assert "watermark" not in here("verify", "marked.png", "--json").events[0]


def test_a_film_and_a_preview_too(here: Run, portraits: list[Path], tmp_path: Path) -> None:
    film = make_portrait_film(portraits[-1], tmp_path / "scene.mp4", frames=4)
    assert here("swap", portraits[0], film, "-o", "out.mp4", "--watermark").code == 0
    [event] = here("verify", "out.mp4", "--watermark", "--json").events
    assert (event["watermark"]["found"], event["watermark"]["pictures"]) == (True, 8)
    look = ("preview", portraits[0], film, "-o")
    assert here(*look, "look.png", "--watermark", "--compare").code == 0
    both = cv2.imread(str(tmp_path / "look.png"))
    cv2.imwrite(str(tmp_path / "right.png"), both[:, both.shape[1] // 2 :])
    assert "An invisible mark of Understudy was read" in here("verify", "right.png", "--watermark").out


def test_without_its_weights_nothing_is_rendered(
    here: Run, own: Path, portraits: list[Path], tmp_path: Path
) -> None:
    for path in (own / "models").glob("rivagan-*"):
        path.unlink()
    done = here("swap", portraits[0], portraits[-1], "-o", "out.png", "--watermark")
    assert_failed(done, 5, "rivagan-encoder")
    assert not (tmp_path / "out.png").exists()
    assert_failed(here("verify", portraits[0], "--watermark"), 5, "rivagan-decoder")
    assert here("verify", portraits[0]).code == 16
