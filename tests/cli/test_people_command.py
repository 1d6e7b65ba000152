"""Who is in a film, and casting by person, through the installed command."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from commands import Finished, Run, assert_failed

from casting_scene import Place, group_photo, read_film, tint_at, write_film, write_tint_catalog
from scenes import Pixels, Portrait, read_portraits

pytestmark = pytest.mark.thorough

LEFT, RIGHT = Place(230, 260, 130), Place(600, 250, 120)
ALONE = Place(430, 260, 140)
ADA, BEN = "man-10", "woman-64"
FRAMES = 20


@pytest.fixture(scope="module")
def faces(shared_media: Path) -> dict[str, Path]:
    return {path.stem: path for path in (shared_media / "portraits").glob("*.jpg")}


@pytest.fixture(scope="module")
def heads(shared_media: Path, portraits: list[Path]) -> dict[str, Portrait]:
    return dict(zip([path.stem for path in portraits], read_portraits(shared_media.parent), strict=True))


@pytest.fixture(scope="module")
def pictures(heads: dict[str, Portrait]) -> tuple[Pixels, Pixels]:
    """woman-09 on the left and man-61 on the right; man-61 alone in another place."""
    both = group_photo({LEFT: heads["woman-09"], RIGHT: heads["man-61"]}, (860, 520))
    return both, cv2.flip(group_photo({ALONE: heads["man-61"]}, (860, 520)) // 2 + 20, 0)[::-1]


@pytest.fixture
def film(pictures: tuple[Pixels, Pixels], tmp_path: Path) -> Path:
    """Both for 12 frames, then he alone for 8: he is person 1."""
    both, alone = pictures
    return write_film([both] * 12 + [np.ascontiguousarray(alone)] * 8, tmp_path / "scene.mkv")


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Path:
    """A home of the test's own, with the weights."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "models").symlink_to(home / "models", target_is_directory=True)
    return folder


@pytest.fixture
def casting(understudy: Run, own: Path, recogniser: None, tmp_path: Path) -> Run:
    """The command with the engine that paints each face in its actor's colour; dlib tells people apart."""
    del recogniser
    pytest.importorskip("onnxruntime")
    environment = {
        "UNDERSTUDY_HOME": str(own),
        "UNDERSTUDY_OFFLINE": "1",
        "UNDERSTUDY_CATALOG": str(write_tint_catalog(tmp_path / "catalog")),
        "UNDERSTUDY_SWAPPER": "tint",
        "UNDERSTUDY_EMBEDDER": "dlib-resnet",
    }

    def run(*arguments: object, **variables: str) -> Finished:
        return understudy(*arguments, **{**environment, **variables})

    return run


def painted(before: Path, after: Path, frame: int, place: Place) -> bool:
    old, new = read_film(before)[frame], read_film(after)[frame]
    return bool(np.abs(tint_at(old, new, place) - tint_at(old, old, place)).max() > 12)


def stages(done: Finished) -> set[str]:
    return {event["stage"] for event in done.events if event["event"] == "progress"}


def test_who_is_in_a_film_is_told_drawn_and_remembered(
    casting: Run, film: Path, own: Path, tmp_path: Path
) -> None:
    first = casting("analyse", film, "--json", "--name", "2=Ada")
    assert first.code == 0, first
    said = first.events[-1]
    assert [(each["number"], each["name"], each["frames"]) for each in said["people"]] == [
        (1, None, FRAMES),
        (2, "Ada", 12),
    ]
    assert said["people"][1]["spans"] == [{"start": 0.0, "stop": 0.5}]
    assert [(shot["frame"], shot["frames"]) for shot in said["shots"]] == [(0, 12), (12, 8)]
    assert said["told_apart_by"] == "dlib-resnet"
    assert said["sheet"] == str(tmp_path / "scene.people.png")
    sheet = cv2.imread(said["sheet"])
    assert sheet is not None
    assert sheet.shape[0] > 400
    assert "analyse" in stages(first)
    again = casting("analyse", film, "--json")
    assert stages(again).isdisjoint({"analyse", "identify"})
    assert again.events[-1]["people"] == said["people"]
    assert again.events[-1]["sheet"] == str(tmp_path / "scene.people-2.png")
    table = casting("analyse", film, "--reanalyse")
    assert "Analysing" in table.err
    assert "Ada" in table.out
    assert "contact sheet:" in table.out
    # A copy elsewhere is the same film.
    copy = tmp_path / "copy.mkv"
    copy.write_bytes(film.read_bytes())
    assert "analyse" not in stages(casting("analyse", copy, "--json"))
    assert len(list(own.glob("analyses/*/header.json"))) == 1


def test_people_by_number_and_by_name(
    casting: Run, film: Path, faces: dict[str, Path], tmp_path: Path
) -> None:
    assert casting("analyse", film, "--name", "2=Ada").code == 0
    for options, left, right, alone in (
        (["--person", "1"], False, True, True),
        (["--person=ada"], True, False, False),
        (["--faces", "many", "--exclude", "1"], True, False, False),
        (["--faces", "many", "--for", "1@0.5-: skip", "--for=Ada@-0.1: skip"], True, True, False),
    ):
        done = casting(
            "swap", faces[ADA], film, "-o", "out.mkv", "--overwrite", "--encoder=ffv1", "--json", *options
        )
        assert done.code == 0, done
        assert "analyse" not in stages(done)
        found = [
            painted(film, tmp_path / "out.mkv", *where) for where in ((5, LEFT), (5, RIGHT), (16, ALONE))
        ]
        assert found == [left, right, alone], options


def test_a_cast_by_number(casting: Run, film: Path, faces: dict[str, Path], tmp_path: Path) -> None:
    casts = [f"--cast=1={faces[ADA]}", f"--cast=2={faces[BEN]}"]
    done = casting("swap", film, "-o", "out.mkv", "--encoder=ffv1", "--json", *casts)
    assert done.code == 0, done
    assert "analyse" in stages(done)
    assert [(part["actor"], part["role"], part["frames"]) for part in done.events[-1]["parts"]] == [
        (f"{ADA}.jpg", "1", FRAMES),
        (f"{BEN}.jpg", "2", 12),
    ]
    after = read_film(tmp_path / "out.mkv")
    before = read_film(film)
    one, two = (tint_at(before[5], after[5], place) for place in (RIGHT, LEFT))
    assert np.abs(one - two).max() > 20
    assert np.abs(one - tint_at(before[16], after[16], ALONE)).max() < 20
    look = casting("preview", film, "-o", "look.png", "--at", "0.9", "--json", *casts)
    assert look.code == 0, look
    assert "analyse" not in stages(look)
    assert look.events[-1]["swapped"] == 1


def test_the_second_time_nothing_is_looked_for_and_the_result_is_the_same(
    casting: Run, film: Path, faces: dict[str, Path], tmp_path: Path, own: Path
) -> None:
    for name in ("one.mkv", "two.mkv"):
        done = casting("swap", faces[ADA], film, "-o", name, "--encoder=ffv1", "--face-order", "left")
        assert done.code == 0, done
    assert len(list(own.glob("analyses/*/header.json"))) == 1
    for one, two in zip(read_film(tmp_path / "one.mkv"), read_film(tmp_path / "two.mkv"), strict=True):
        np.testing.assert_array_equal(one, two)
    # Of a part or at another rate too, what is known of the whole is used.
    short = casting(
        "swap",
        faces[ADA],
        film,
        "-o",
        "three.mkv",
        "--encoder=ffv1",
        "--trim-start=0.25",
        "--fps=48",
        "--person=2",
    )
    assert short.code == 0, short
    part = read_film(tmp_path / "three.mkv")
    assert len(part) in (28, 29)  # the container counts milliseconds
    assert painted_at(part, film, 0, 6)
    assert not painted_at(part, film, 14, 13)


def painted_at(part: list[Pixels], film: Path, frame: int, source: int) -> bool:
    before = read_film(film)[source]
    return any(
        np.abs(tint_at(before, part[frame], place) - tint_at(before, before, place)).max() > 12
        for place in (LEFT, RIGHT, ALONE)
    )


def test_photos_too(
    casting: Run, pictures: tuple[Pixels, Pixels], faces: dict[str, Path], tmp_path: Path, own: Path
) -> None:
    cv2.imwrite(str(tmp_path / "group.png"), pictures[0])
    done = casting("analyse", "group.png", "--json", "--sheet", "who.png")
    assert [each["frames"] for each in done.events[-1]["people"]] == [1, 1]
    assert (tmp_path / "who.png").exists()
    sides = {each["number"]: each["exemplar"]["bbox"][0] < 430 for each in done.events[-1]["people"]}
    done = casting("swap", faces[ADA], "group.png", "-o", "out.png", "--person", "2")
    assert done.code == 0, done
    after = np.asarray(cv2.imread(str(tmp_path / "out.png")), np.uint8)
    for left, place in ((True, LEFT), (False, RIGHT)):
        change = np.abs(tint_at(pictures[0], after, place) - tint_at(pictures[0], pictures[0], place)).max()
        assert (change > 12) == (sides[2] == left)
    assert not (own / "analyses").exists()
    assert_failed(
        casting("analyse", "group.png", "--name", "1=Ada", "--sheet", "x.png"),
        2,
        "photo's analysis is not kept",
    )
    grey = np.full((200, 200, 3), 128, np.uint8)
    cv2.imwrite(str(tmp_path / "empty.png"), grey)
    nobody = casting("analyse", "empty.png")
    assert (nobody.code, nobody.out) == (0, "nobody\n")
    assert_failed(casting("swap", faces[ADA], "empty.png", "--person", "1"), 4, "There is nobody in it")


def test_a_damaged_analysis_is_made_again(casting: Run, film: Path, own: Path) -> None:
    assert casting("analyse", film, "--sheet", "a.png").code == 0
    (piece,) = own.glob("analyses/*/faces-00000.npz")
    piece.write_bytes(piece.read_bytes()[:-9])
    done = casting("analyse", film, "--sheet", "b.png", "--json")
    assert done.code == 0, done
    assert "analyse" in stages(done)


def test_what_cannot_be_is_said(casting: Run, film: Path, faces: dict[str, Path], tmp_path: Path) -> None:
    for words, code, parts in (
        (["swap", faces[ADA], film, "--person", "3"], 2, ("no person '3'", "are 2 people: 1, 2", "analyse")),
        (["analyse", film, "--name", "1=Ada", "--name", "2=ada"], 2, ("called 'ada' already",)),
        (["analyse", film, "--name", "Ada"], 2, ("PERSON=NAME",)),
        (["analyse", film, "--name", "1=a.jpg"], 2, ("cannot be a name",)),
        (["analyse", film, "--sheet", "who.jpg"], 6, ("ends in .png",)),
        (["analyse", "nothing.mkv"], 3, ("nothing.mkv",)),
    ):
        before = set(tmp_path.iterdir())
        assert_failed(casting(*words), code, *parts)
        assert set(tmp_path.iterdir()) == before
