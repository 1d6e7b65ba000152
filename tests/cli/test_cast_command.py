"""Who plays whom, through the installed command: an engine that paints in each actor's own colour tells."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from commands import Finished, Run, assert_failed

import graphs_landmark
from casting_scene import Place, group_photo, read_film, tint_at, write_film, write_tint_catalog
from scenes import Pixels, Portrait, read_portraits
from understudy.models.spec import load_catalog

pytestmark = pytest.mark.thorough

LEFT, RIGHT = Place(230, 260, 130, -5), Place(600, 250, 120, 4)
ADA, BEN = "man-10", "woman-64"


@pytest.fixture(scope="module")
def faces(shared_media: Path) -> dict[str, Path]:
    return {path.stem: path for path in (shared_media / "portraits").glob("*.jpg")}


@pytest.fixture(scope="module")
def heads(shared_media: Path, portraits: list[Path]) -> dict[str, Portrait]:
    return dict(zip([path.stem for path in portraits], read_portraits(shared_media.parent), strict=True))


@pytest.fixture
def casting(swapping: Run, recogniser: None, shared_media: Path, tmp_path: Path) -> Run:
    """The command with the tinting engine; dlib tells people apart."""
    del recogniser
    pytest.importorskip("onnxruntime")
    environment = {
        "UNDERSTUDY_CATALOG": str(write_tint_catalog(tmp_path / "catalog")),
        "UNDERSTUDY_MIRROR": str(shared_media.parent / "models"),
        "UNDERSTUDY_SWAPPER": "tint",
        "UNDERSTUDY_EMBEDDER": "dlib-resnet",
    }

    def run(*arguments: object, **variables: str) -> Finished:
        return swapping(*arguments, **{**environment, **variables})

    return run


@pytest.fixture
def group(heads: dict[str, Portrait], tmp_path: Path) -> Path:
    path = tmp_path / "group.png"
    cv2.imwrite(str(path), group_photo({LEFT: heads["woman-09"], RIGHT: heads["man-61"]}, (860, 520)))
    return path


@pytest.fixture
def colours(
    casting: Run, faces: dict[str, Path], heads: dict[str, Portrait], tmp_path: Path
) -> dict[str, Any]:
    """Each actor's own colour, from a swap in which there is nobody to choose from."""
    place = Place(260, 260, 140)
    before = group_photo({place: heads["woman-00"]}, (520, 520))
    cv2.imwrite(str(tmp_path / "alone.png"), before)
    own = {}
    for name in (ADA, BEN):
        done = casting("swap", faces[name], "alone.png", "-o", "tinted.png", "--overwrite")
        assert done.code == 0, done
        own[name] = tint_at(before, read(tmp_path / "tinted.png"), place)
    assert np.abs(own[ADA] - own[BEN]).max() > 40
    return own


def read(path: Path) -> Pixels:
    return np.asarray(cv2.imread(str(path)), np.uint8)


def who(tint: np.ndarray[Any, Any], colours: dict[str, Any]) -> str | None:
    """Whose colour that is."""
    return next((name for name, colour in colours.items() if np.abs(tint - colour).max() < 12), None)


def test_each_person_gets_the_right_actor(
    casting: Run, faces: dict[str, Path], group: Path, colours: dict[str, Any], tmp_path: Path
) -> None:
    done = casting(
        "swap",
        group,
        "-o",
        "cast.png",
        f"--cast={faces['man-61']}={faces[ADA]}",
        f"--cast={faces['woman-09']}={faces[BEN]}",
        "--detector=yunet_dynamic",
        "--json",
    )
    assert done.code == 0, done
    before, after = read(group), read(tmp_path / "cast.png")
    assert who(tint_at(before, after, LEFT), colours) == BEN
    assert who(tint_at(before, after, RIGHT), colours) == ADA
    result = done.events[-1]
    assert [(part["actor"], part["role"], part["frames"]) for part in result["parts"]] == [
        (f"{ADA}.jpg", "man-61.jpg", 1),
        (f"{BEN}.jpg", "woman-09.jpg", 1),
    ]
    assert result["device"]["yunet_dynamic"].startswith("cpu")
    assert result["device"]["dlib-resnet"] == "cpu (dlib)"
    assert result["device"]["tint"].startswith("cpu")


@pytest.mark.parametrize(
    ("options", "left", "right"),
    [
        (["--face-order", "left"], ADA, None),
        (["--face-order", "right"], None, ADA),
        (["--face-order", "left", "--face-position", "2"], None, ADA),
        (["--face-order", "small"], None, ADA),
        (["--faces", "many"], ADA, ADA),
        (["--reference", "{man-61}"], None, ADA),
        (["--reference-frame", "0", "--reference-face", "1"], ADA, None),
        (["--cast", "{man-61}={woman-64}"], ADA, BEN),
    ],
)
def test_who_is_replaced(
    casting: Run,
    faces: dict[str, Path],
    group: Path,
    colours: dict[str, Any],
    tmp_path: Path,
    options: list[str],
    left: str | None,
    right: str | None,
) -> None:
    names = {name: str(path) for name, path in faces.items()}
    done = casting(
        "swap", faces[ADA], group, "-o", "cast.png", *(option.format(**names) for option in options)
    )
    assert done.code == 0, done
    before, after = read(group), read(tmp_path / "cast.png")
    assert who(tint_at(before, after, LEFT), colours) == left
    assert who(tint_at(before, after, RIGHT), colours) == right
    for place, actor in ((LEFT, left), (RIGHT, right)):
        if actor is None:
            reach = round(0.6 * place.width)
            there = np.s_[round(place.y) - reach : round(place.y) + reach]
            there = there, np.s_[round(place.x) - reach : round(place.x) + reach]
            assert (before[there] == after[there]).all()


def test_preview_casts_too(
    casting: Run, faces: dict[str, Path], group: Path, colours: dict[str, Any], tmp_path: Path
) -> None:
    done = casting("preview", group, "-o", "look.png", "--cast", f"{faces['man-61']}={faces[ADA]}")
    assert done.code == 0, done
    before, after = read(group), read(tmp_path / "look.png")
    assert who(tint_at(before, after, RIGHT), colours) == ADA
    assert (tint_at(before, after, LEFT) == tint_at(before, before, LEFT)).all()


def test_casts_may_stand_in_the_settings(
    casting: Run, faces: dict[str, Path], group: Path, colours: dict[str, Any], tmp_path: Path
) -> None:
    cast = f"{faces['man-61']}={faces[ADA]}"
    assert casting("swap", group, "-o", "cast.png", UNDERSTUDY_CAST=cast).code == 0
    assert who(tint_at(read(group), read(tmp_path / "cast.png"), RIGHT), colours) == ADA


def test_two_people_who_cross_keep_their_actors(
    casting: Run,
    faces: dict[str, Path],
    heads: dict[str, Portrait],
    colours: dict[str, Any],
    tmp_path: Path,
) -> None:
    size, steps = (960, 480), 40
    walks = []
    for step in range(steps):
        share = step / (steps - 1)
        behind, front = Place(150 + 640 * share, 240, 120), Place(800 - 640 * share, 250, 130)
        walks.append((behind, front))
    frames = [group_photo({b: heads["woman-09"], f: heads["man-61"]}, size) for b, f in walks]
    write_film(frames, tmp_path / "crossing.mkv")
    done = casting(
        "swap",
        "crossing.mkv",
        "-o",
        "cast.mkv",
        "--encoder=ffv1",
        f"--cast={faces['man-61']}={faces[ADA]}",
        f"--cast={faces['woman-09']}={faces[BEN]}",
        "--json",
    )
    assert done.code == 0, done
    before, after = read_film(tmp_path / "crossing.mkv"), read_film(tmp_path / "cast.mkv")
    wrong, missed = [], []
    for number, (behind, front) in enumerate(walks):
        apart = abs(behind.x - front.x)
        for place, expected in ((front, ADA), (behind, BEN)):
            if place is behind and apart < 260:
                continue  # hidden, or painted over by what surrounds the one in front
            found = who(tint_at(before[number], after[number], place), colours)
            if found != expected:
                (missed if found is None else wrong).append((number, expected))
    assert wrong == []
    assert len(missed) <= 4, missed
    parts = {part["role"]: part for part in done.events[-1]["parts"]}
    assert parts["man-61.jpg"]["frames"] >= steps - 2
    assert parts["woman-09.jpg"]["frames"] >= 0.6 * steps


def test_a_faceset_and_photos_of_somebody_else(
    casting: Run, faces: dict[str, Path], group: Path, tmp_path: Path
) -> None:
    pixels = cv2.resize(read(faces[ADA]), (900, 900), interpolation=cv2.INTER_AREA)
    with zipfile.ZipFile(tmp_path / "ada.fsz", "w") as archive:
        for number, picture in enumerate((pixels, pixels[40:, 40:], pixels[:-40])):
            archive.writestr(f"{number}.png", cv2.imencode(".png", picture)[1].tobytes())
        stranger = cv2.resize(read(faces["woman-30"]), (900, 900), interpolation=cv2.INTER_AREA)
        archive.writestr("3.png", cv2.imencode(".png", stranger)[1].tobytes())
    done = casting("swap", "ada.fsz", group, "--face-order", "left", "-o", "cast.png", "--json")
    assert done.code == 0, done
    [notice] = [notice for notice in done.events[-1]["notices"] if notice["code"] == "another-person"]
    assert "ada.fsz/3.png" in notice["message"]


def test_faces_shows_the_numbers_of_a_frame(
    swapping: Run, heads: dict[str, Portrait], tmp_path: Path
) -> None:
    pixels = group_photo({LEFT: heads["woman-09"], RIGHT: heads["man-61"]}, (860, 520))
    write_film([np.full_like(pixels, 90), pixels], tmp_path / "scene.mkv")
    assert swapping("faces", "scene.mkv", "--frame", "0", "--json").events[-1]["faces"] == []
    done = swapping("faces", "scene.mkv", "--frame", "1", "--draw", "who.png", "--json")
    assert [face["number"] for face in done.events[-1]["faces"]] == [1, 2]
    assert (tmp_path / "who.png").exists()
    assert_failed(swapping("faces", "scene.mkv", "--frame", "2"), 3, "no frame 2: it has 2")


_LOOKS = """
[[model]]
name = "test-looks"
family = "genderage"
runtime = "onnx"
file = "test-looks.onnx"
sources = ["file:test-looks.onnx"]
input_size = [96, 96]
licence = "Apache-2.0"
licence_url = "https://www.apache.org/licenses/LICENSE-2.0"
origin = "made by the tests"
"""


def test_by_gender_and_age_with_a_model_of_the_users_own(
    casting: Run,
    faces: dict[str, Path],
    heads: dict[str, Portrait],
    colours: dict[str, Any],
    tmp_path: Path,
) -> None:
    """The network takes what is blue for a woman and what is red for a man, and green for the age."""
    folder = tmp_path / "catalog"
    (folder / "attributes.toml").write_text(_LOOKS, encoding="utf-8")
    (folder / "test-looks.onnx").write_bytes(
        graphs_landmark.ANALYTIC["genderage"](load_catalog(folder)["test-looks"])
    )
    pixels = group_photo({LEFT: heads["woman-09"], RIGHT: heads["man-61"]}, (860, 520))
    pixels[:, :430, 2] //= 2
    pixels[:, 430:, 0] //= 2
    pixels[:, :430, 1] //= 4
    cv2.imwrite(str(tmp_path / "coloured.png"), pixels)
    for options, expected in (
        (["--gender=female"], (ADA, None)),
        (["--gender=male", "--faces=many"], (None, ADA)),
        (["--age=0-20", "--faces=many"], (ADA, None)),
        (["--age=20-60", "--faces=many"], (None, ADA)),
    ):
        done = casting("swap", faces[ADA], "coloured.png", "-o", "cast.png", "--overwrite", *options)
        assert done.code == 0, (options, done)
        after = read(tmp_path / "cast.png")
        found = tuple(who(tint_at(pixels, after, place), colours) for place in (LEFT, RIGHT))
        assert found == expected, options


def test_who_is_not_there_is_said(casting: Run, faces: dict[str, Path], group: Path, tmp_path: Path) -> None:
    nobody = f"--cast={faces['woman-30']}={faces[ADA]}"
    done = casting("swap", group, nobody, f"--cast={faces['man-61']}={faces[BEN]}", "-o", "cast.png")
    assert done.code == 0, done
    assert f"{BEN}.jpg as man-61.jpg" in done.out
    assert f"note: Nobody in the target looks like woman-30.jpg, so {ADA}.jpg does not appear" in done.err
    assert_failed(casting("swap", group, nobody, "-o", "none.png"), 4, "Nobody in it", "--similarity")
    assert_failed(
        casting("swap", faces[ADA], group, "--face-order=left", "--face-position=3", "-o", "none.png"),
        4,
        "In no frame of it are there 3 faces",
    )
    assert not (tmp_path / "none.png").exists()


def test_what_is_missing_or_too_much_is_said(
    swapping: Run, recogniser: None, faces: dict[str, Path], group: Path, tmp_path: Path
) -> None:
    del recogniser
    assert_failed(swapping("swap", group), 2, "actor is needed")
    assert_failed(swapping("swap", faces[ADA], faces[BEN], group), 2, "There are 3 files", "--also")
    assert_failed(swapping("swap", group, "--cast", "a.png"), 2, "ROLE=ACTOR")
    assert_failed(swapping("swap", group, "--cast", f"{tmp_path}/a.png={faces[ADA]}"), 3, "no such file")
    assert_failed(swapping("swap", faces[ADA], group, "--detector", "nobody"), 2, "yunet_dynamic")
    assert_failed(swapping("swap", faces[ADA], group, "--gender", "male"), 5, "models pull genderage")
