"""Actors of several photos: what is used, what is left out, and what is said about it."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

import understudy
from understudy.app import actor as actor_module
from understudy.app.actor import read_actor
from understudy.app.engine import Engine
from understudy.core.errors import FaceError, InputError, UnsupportedMedia


@pytest.fixture
def people(portraits: list[Path]) -> dict[str, Path]:
    return {path.stem: path for path in portraits}


@pytest.fixture
def ada(people: dict[str, Path], tmp_path: Path) -> Path:
    """A folder of photos of one person: other light, other size, other crop."""
    folder = tmp_path / "ada"
    folder.mkdir()
    pixels = cv2.resize(cv2.imread(str(people["woman-64"])), (800, 800), interpolation=cv2.INTER_AREA)
    variants = {
        "1.jpg": pixels,
        "2.png": np.clip(pixels * 0.8 + 10, 0, 255).astype(np.uint8),
        "10.jpg": cv2.flip(pixels, 1),
    }
    for name, variant in variants.items():
        cv2.imwrite(str(folder / name), variant)
    return folder


def codes(notices: tuple[understudy.core.types.Notice, ...]) -> list[str]:
    return [notice.code for notice in notices]


def test_a_folder_is_read_in_the_order_of_its_numbers(recognising: Engine, ada: Path) -> None:
    (ada / "notes.txt").write_text("no photo", encoding="utf-8")
    (ada / ".hidden.jpg").write_bytes(b"no photo")
    actor, notices = read_actor([ada], "largest", recognising)
    assert actor.name == "ada"
    assert [photo.name for photo in actor.photos] == ["ada/1.jpg", "ada/2.png", "ada/10.jpg"]
    assert notices == ()


def test_another_person_among_the_photos_is_left_out_and_named(
    recognising: Engine, ada: Path, people: dict[str, Path]
) -> None:
    shutil.copy(people["man-20"], ada / "5.jpg")
    actor, notices = read_actor([ada], "largest", recognising)
    assert [photo.name for photo in actor.photos] == ["ada/1.jpg", "ada/2.png", "ada/10.jpg"]
    assert codes(notices) == ["another-person"]
    assert "ada/5.jpg" in notices[0].message


def test_photos_of_as_many_people_are_all_used_and_that_is_said(
    recognising: Engine, people: dict[str, Path]
) -> None:
    paths = [people["man-20"], people["woman-64"]]
    actor, notices = read_actor(paths, "largest", recognising)
    assert len(actor.photos) == 2
    assert "actor-photos-differ" in codes(notices)


def test_without_an_embedder_all_are_used_and_that_is_said(
    engine: Engine, ada: Path, people: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "identity_if_here", lambda _: None)
    shutil.copy(people["man-20"], ada / "5.jpg")
    actor, notices = read_actor([ada], "largest", engine)
    assert len(actor.photos) == 4
    assert codes(notices) == ["actor-photos-unchecked"]
    assert "understudy[identity]" in notices[0].message
    (ada / "5.jpg").unlink()
    (ada / "2.png").unlink()
    assert read_actor([ada], "largest", engine)[1] == ()


def test_what_is_of_no_use_in_a_folder_is_left_out_and_named(engine: Engine, ada: Path) -> None:
    cv2.imwrite(str(ada / "wall.png"), np.full((200, 200, 3), 128, np.uint8))
    (ada / "torn.jpg").write_bytes((ada / "1.jpg").read_bytes()[:3000])
    actor, notices = read_actor([ada], "largest", engine)
    assert len(actor.photos) == 3
    [unused] = [notice for notice in notices if notice.code == "unused-actor-photos"]
    assert "ada/wall.png" in unused.message
    assert "ada/torn.jpg" in unused.message


def test_a_faceset_is_an_actor(engine: Engine, ada: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ada.fsz", "w") as archive:
        for number, photo in enumerate(sorted(ada.glob("*.jpg"))):
            archive.writestr(f"{number}.png", cv2.imencode(".png", cv2.imread(str(photo)))[1].tobytes())
    actor, _ = read_actor([tmp_path / "ada.fsz"], "largest", engine)
    assert [photo.name for photo in actor.photos] == ["ada.fsz/0.png", "ada.fsz/1.png"]
    # It is known by its pictures, wherever they lie.
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(tmp_path / "ada.fsz") as archive:
        archive.extractall(unpacked)
    images = [photo.image for photo in read_actor([unpacked], "largest", engine)[0].photos]
    assert images == [photo.image for photo in actor.photos]


def test_a_faceset_swaps(home: Path, ada: Path, scene: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ada.fsz", "w") as archive:
        archive.writestr("0.png", cv2.imencode(".png", cv2.imread(str(ada / "1.jpg")))[1].tobytes())
    result = understudy.swap(tmp_path / "ada.fsz", scene, home=home, offline=True)
    assert result.output == tmp_path / "scene-ada.jpg"
    assert [(part.actor, part.role, part.frames) for part in result.parts] == [("ada.fsz", None, 1)]


def test_an_empty_folder_a_film_and_nobody_are_errors(engine: Engine, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="no photo in this folder"):
        read_actor([empty], "largest", engine)
    cv2.imwrite(str(empty / "wall.png"), np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(FaceError, match="no face in any of the actor's photos"):
        read_actor([empty], "largest", engine)
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypisom" + bytes(100))
    with pytest.raises((UnsupportedMedia, InputError)):
        read_actor([film], "largest", engine)


def test_when_there_are_too_many_pixels_the_best_photos_stay(
    engine: Engine, ada: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blurred = cv2.GaussianBlur(cv2.imread(str(ada / "1.jpg")), (0, 0), 4)
    cv2.imwrite(str(ada / "0.png"), blurred)
    monkeypatch.setattr(Engine, "identity_if_here", lambda _: None)
    monkeypatch.setattr(actor_module, "_MOST_PIXELS", 3 * 800 * 800)
    actor, notices = read_actor([ada], "largest", engine)
    assert [photo.name for photo in actor.photos] == ["ada/1.jpg", "ada/2.png", "ada/10.jpg"]
    assert "actor-photos-spared" in codes(notices)


def test_several_faces_in_a_photo_of_a_folder_mean_the_largest(
    engine: Engine, ada: Path, people: dict[str, Path]
) -> None:
    small = cv2.resize(cv2.imread(str(people["man-20"])), (400, 400), interpolation=cv2.INTER_AREA)
    pixels = cv2.imread(str(ada / "1.jpg"))
    pair = np.zeros((800, 1200, 3), np.uint8)
    pair[:, 400:], pair[:400, :400] = pixels, small
    cv2.imwrite(str(ada / "1.jpg"), pair)
    actor, _ = read_actor([ada], 1, engine)
    assert actor.photos[0].face.bbox[0] > 400
