"""Bad input ends in one sentence, a next step, the documented exit code, and no file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from commands import Run, assert_failed

from films import make_film, scene

Make = Callable[[Path], Path]


@pytest.fixture
def portrait(portraits: list[Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(portraits[0], tmp_path / "ada.jpg"))


@pytest.fixture
def target(portraits: list[Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(portraits[1], tmp_path / "scene.jpg"))


@pytest.fixture
def only_inputs_remain(tmp_path: Path) -> Iterator[None]:
    """Nothing new lies in the folder afterwards, hidden files included, and nothing was changed."""
    yield
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {"ada.jpg", "scene.jpg", "bad", "bad.jpg", "bad.mp4", "taken.jpg", "linked.jpg"}


def landscape(path: Path) -> Path:
    cv2.imwrite(str(path.with_suffix(".jpg")), scene(0, 320, 240))
    return path.with_suffix(".jpg")


def text(path: Path) -> Path:
    path.with_suffix(".jpg").write_text("not a picture", encoding="utf-8")
    return path.with_suffix(".jpg")


def empty(path: Path) -> Path:
    path.touch()
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def missing(path: Path) -> Path:
    return path


def cut_off_photo(path: Path) -> Path:
    whole = cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8))[
        1
    ].tobytes()
    path.with_suffix(".jpg").write_bytes(whole[: len(whole) // 2])
    return path.with_suffix(".jpg")


def cut_off_film(path: Path) -> Path:
    film = make_film(path.with_suffix(".mp4"))
    film.write_bytes(film.read_bytes()[:2000])
    return film


def faceless_film(path: Path) -> Path:
    return make_film(path.with_suffix(".mp4"))


@pytest.mark.usefixtures("only_inputs_remain")
@pytest.mark.parametrize(
    ("make", "code", "part"),
    [
        (landscape, 4, "There is no face in the actor's photo."),
        (text, 3, "bad.jpg"),
        (empty, 3, "The file is empty."),
        (folder, 3, "There is no photo in this folder."),
        (missing, 3, "There is no such file."),
        (cut_off_photo, 3, "damaged or cut off"),
        (faceless_film, 3, "The actor must be a photo, and this is a film."),
    ],
)
def test_bad_actors(swapping: Run, target: Path, tmp_path: Path, make: Make, code: int, part: str) -> None:
    bad = make(tmp_path / "bad")
    assert_failed(swapping("swap", bad, target, "-o", "out.jpg"), code, part, bad.name)


@pytest.mark.usefixtures("only_inputs_remain")
@pytest.mark.parametrize(
    ("make", "code", "part"),
    [
        (landscape, 4, "No face was found"),
        (faceless_film, 4, "No face was found"),
        (text, 3, "bad.jpg"),
        (empty, 3, "The file is empty."),
        (folder, 3, "This is a directory."),
        (missing, 3, "There is no such file."),
        (cut_off_photo, 3, "damaged or cut off"),
        (cut_off_film, 3, "bad.mp4"),
    ],
)
def test_bad_targets(swapping: Run, portrait: Path, tmp_path: Path, make: Make, code: int, part: str) -> None:
    bad = make(tmp_path / "bad")
    assert_failed(swapping("swap", portrait, bad), code, part, bad.name)


@pytest.mark.usefixtures("only_inputs_remain")
def test_bad_outputs(swapping: Run, portrait: Path, target: Path, tmp_path: Path) -> None:
    taken = Path(shutil.copy(target, tmp_path / "taken.jpg"))
    linked = tmp_path / "linked.jpg"
    linked.hardlink_to(target)
    before = target.read_bytes(), portrait.read_bytes(), taken.read_bytes()

    def swap(output: Path | str, *flags: str) -> object:
        return swapping("swap", portrait, target, "-o", output, *flags)

    for same in (target, portrait, linked):
        assert_failed(swap(same, "--overwrite"), 2, "The output is one of the inputs.")
    assert_failed(swap(taken), 2, "The output exists.", "--overwrite")
    assert_failed(swap(tmp_path / "none" / "out.jpg"), 6, "folder does not exist")
    assert_failed(swap("out.gif"), 2, "'.gif' names no picture format", ".png")
    assert_failed(swap("out.jpg", "--crf", "20"), 2, "crf is for films only")
    if sys.platform == "linux":
        assert_failed(swap("/proc/out.jpg"), 6, "Cannot be written")
    assert before == (target.read_bytes(), portrait.read_bytes(), taken.read_bytes())


@pytest.mark.usefixtures("only_inputs_remain")
@pytest.mark.parametrize(
    ("flags", "code", "part"),
    [
        (["--encoder", "h264"], 7, "'h264' is no known encoder"),
        (["--encoder", "prores_ks"], 7, "does not fit into mp4"),
        (["--preset", "warp"], 2, "warp"),
        (["--crf", "99"], 2, "crf cannot be '99'. It must be 0 to 63."),
        (["--crf", "20", "--quality", "50"], 2, "give one of them"),
        (["--trim-start", "5", "--trim-end", "4"], 2, "trim_end must be later"),
        (["--trim-start", "500"], 3, "bad.mp4"),
        (["--likeness", "much"], 2, "likeness cannot be 'much'. It must be 0 to 1."),
        (["--swapper", "magic"], 2, "There is no swapper 'magic'"),
        (["--actor-face", "2"], 4, "only one face"),
    ],
)
def test_bad_options(
    swapping: Run, portrait: Path, tmp_path: Path, flags: list[str], code: int, part: str
) -> None:
    film = faceless_film(tmp_path / "bad")
    sentence = part.replace("It must", "\nIt must").replace(". \n", ".\n")
    assert_failed(swapping("swap", portrait, film, "-o", "out.mp4", *flags), code, *sentence.split("\n"))


def test_as_json(swapping: Run, portrait: Path, tmp_path: Path) -> None:
    bad = landscape(tmp_path / "bad")
    done = swapping("swap", bad, portrait, "--json")
    event = done.events[-1]
    assert done.err == ""
    assert done.code == event["exit_code"] == 4
    assert (event["event"], event["code"], event["path"]) == ("error", "FaceError", str(bad))
    assert event["message"]
    assert event["next_step"]


def test_weights_that_are_missing(understudy: Run, portrait: Path, target: Path, tmp_path: Path) -> None:
    done = understudy("swap", portrait, target, "--offline", "--home", tmp_path / "none")
    assert_failed(done, 5, "network is off", "understudy models pull", "UNDERSTUDY_MIRROR")
    assert not list(tmp_path.glob("scene-*"))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a small disk"
)
def test_a_full_disk(swapping: Run, portrait: Path, target: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        done = swapping("swap", portrait, target, "-o", disk / "out.png")
        assert_failed(done, 6, "No space is left on the disk")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)
