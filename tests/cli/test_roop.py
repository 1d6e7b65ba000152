"""roop's command line."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from commands import Run, assert_failed

from films import make_film, pictures, video_pts
from portrait_film import make_portrait_film
from understudy.app.request import plan_swap
from understudy.cli import roop
from understudy.cli.boundary import run
from understudy.core.errors import PlanError
from understudy.core.plan import Plan
from understudy.core.types import Progress, Result

# What roop does when nothing is said, of a film and of a photo.
FILM = {
    "reference_frame": 0,
    "reference_face": 1,
    "provider": "cpu",
    "encoder": "libx264",
    "crf": 18.0,
    "fps": 30.0,
    "overwrite": True,
}
PHOTO = {"face_order": "left", "face_position": 1, "provider": "cpu", "overwrite": True}
ENHANCED = {"enhancer": "gfpgan_1.4", "enhancer_blend": 1.0}
NO_REFERENCE = {"reference_frame": None, "reference_face": None}
NAMED = {"similarity": 0.7, "embedder": "w600k_r50"}

# flags, what they change of FILM (None takes it away)
TABLE: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("--frame-processor face_swapper", {}),
    ("--frame-processor face_swapper face_enhancer", ENHANCED),
    ("--frame-processor face_enhancer", {**ENHANCED, **NO_REFERENCE, "swapper": "none", "faces": "many"}),
    ("--keep-fps", {"fps": None}),
    ("--skip-audio", {"skip_audio": True}),
    ("--many-faces", {**NO_REFERENCE, "faces": "many"}),
    ("--reference-face-position 2", {"reference_face": 3}),
    ("--reference-frame-number 120", {"reference_frame": 120}),
    ("--similar-face-distance 0.85", {}),
    ("--similar-face-distance 0.6", NAMED),
    ("--keep-frames", {"keep_frames": Path("temp/scene")}),
    ("--keep-frames --temp-frame-format png", {"keep_frames": Path("temp/scene")}),
    ("--keep-frames --temp-frame-format jpg", {"keep_frames": Path("temp/scene"), "image_format": "jpg"}),
    ("--temp-frame-quality 20", {}),
    ("--output-video-encoder libx265", {"encoder": "libx265"}),
    ("--output-video-encoder libvpx-vp9", {"encoder": "libvpx-vp9"}),
    ("--output-video-encoder h264_nvenc", {"encoder": "h264_nvenc"}),
    ("--output-video-encoder hevc_nvenc", {"encoder": "hevc_nvenc"}),
    ("--output-video-quality 0", {"crf": 0.0}),
    ("--output-video-quality 50", {"crf": 26.0}),
    ("--output-video-quality 100", {"crf": 51.0}),
    ("--max-memory 4", {"max_memory": 4.0}),
    ("--execution-provider cuda", {"provider": "cuda"}),
    ("--execution-provider dml cpu", {"provider": "directml"}),
    ("--execution-threads 3", {"threads": 3}),
]

# The oldest typer that we allow calls what the newest click deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:'click:DeprecationWarning")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with an actor, a film and a photo whose names need quotes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "home"))
    cv2.imwrite("ada's photo.png", np.full((16, 16, 3), 90, np.uint8))
    cv2.imwrite("scene.png", np.full((16, 16, 3), 128, np.uint8))
    make_film(tmp_path / "scene.mp4", pts=range(2), size=(64, 48))
    return tmp_path


def translated(target: str, flags: str, output: str = "out.mp4") -> roop.Translation:
    return roop.translated(["-s", "ada's photo.png", "-t", target, "-o", output, *flags.split()])


@pytest.mark.parametrize(("flags", "changes"), TABLE)
def test_every_flag_of_a_film(scene: Path, flags: str, changes: dict[str, Any]) -> None:
    said = translated("scene.mp4", flags)
    expected = {name: value for name, value in {**FILM, **changes}.items() if value is not None}
    assert dict(said.options) == expected
    assert (said.target, said.output) == (Path("scene.mp4"), Path("out.mp4"))
    assert said.actor == (None if expected.get("swapper") == "none" else Path("ada's photo.png"))
    assert scene.is_dir()


@pytest.mark.usefixtures("scene")
def test_a_photo_takes_no_flag_of_films() -> None:
    film_only = (
        "--keep-fps --keep-frames --skip-audio --output-video-encoder libx265 --output-video-quality 3 "
        "--temp-frame-format jpg --temp-frame-quality 9 --reference-frame-number 7 --similar-face-distance 0.2"
    )
    assert dict(translated("scene.png", film_only, "out.png").options) == PHOTO
    position = translated("scene.png", "--reference-face-position 1", "out.png").options
    assert position == {**PHOTO, "face_position": 2}


def test_the_table_has_every_flag_that_roop_has() -> None:
    parser = roop._parser()
    flags = {flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")}
    tried = {word for row, _ in TABLE for word in row.split() if word.startswith("--")}
    always = {"--source", "--target", "--output", "--help", "--version"}
    assert flags - {"--json", "--debug"} == tried | always


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize("flags", [flags for flags, _ in TABLE])
@pytest.mark.parametrize("target", ["scene.mp4", "scene.png"])
def test_the_modern_command_asks_for_the_same(
    monkeypatch: pytest.MonkeyPatch, target: str, flags: str
) -> None:
    plans: list[Plan] = []

    def pretend(plan: Plan, _engine: object) -> Any:
        plans.append(plan)
        yield Progress("publish", result=Result(Path("out"), 1, 1, 0, 0, 0.1, 10.0))

    monkeypatch.setattr("understudy.app.service.run", pretend)
    said = translated(target, flags)
    program, *words = shlex.split(said.command)
    assert program == "understudy"
    assert run(words) == 0
    assert (
        run(["-s", "ada's photo.png", "-t", target, "-o", "out.mp4", *flags.split()], roop.swap_like_roop)
        == 0
    )
    modern, ours = plans
    assert modern == ours
    assert modern == plan_swap(said.actor, said.target, said.output, **dict(said.options))


@pytest.mark.usefixtures("scene")
def test_the_result_is_named_as_roop_does() -> None:
    Path("results").mkdir()
    said = translated("scene.mp4", "", "results")
    assert said.output == Path("results/ada's photo-scene.mp4")
    assert translated("scene.png", "", "results").output == Path("results/ada's photo-scene.png")


@pytest.mark.usefixtures("scene")
def test_what_has_no_effect_is_said() -> None:
    assert not translated("scene.mp4", "").notes
    for flags in ("--temp-frame-quality 20", "--temp-frame-format jpg", "--execution-provider cuda cpu"):
        [note] = translated("scene.mp4", flags).notes
        assert "temporary frames" in note or "one provider" in note


@pytest.mark.parametrize("given", [[], ["-s", "a.jpg"], ["-s", "a.jpg", "-t", "b.mp4"]])
def test_where_roop_would_open_its_window(given: list[str]) -> None:
    with pytest.raises(PlanError, match="would open its window") as caught:
        roop.translated(given)
    assert "--output" in str(caught.value)


def test_a_film_as_roop_makes_it(
    like_roop: Run, swapping: Run, portraits: list[Path], tmp_path: Path
) -> None:
    make_portrait_film(portraits[-1], tmp_path / "scene.mp4", frames=12)
    flags = "--many-faces --keep-frames --temp-frame-format jpg --output-video-quality 20"
    done = like_roop("-s", portraits[0], "-t", "scene.mp4", "-o", "out.mp4", *flags.split())
    assert done.code == 0, done
    assert done.out.splitlines()[0] == "out.mp4"
    assert len(video_pts(tmp_path / "out.mp4")) == 15  # 12 frames at 24 are 15 at 30
    kept = sorted(path.name for path in (tmp_path / "temp" / "scene").iterdir())
    assert kept == [f"{number:06d}.jpg" for number in range(1, 16)]
    before = pictures(tmp_path / "out.mp4")
    (tmp_path / "out.mp4").write_bytes(b"roop writes over what is there, and so does this")
    [note] = [line for line in done.err.splitlines() if "understudy swap" in line]
    again = swapping(*shlex.split(note.partition(" is now: ")[2])[1:])
    assert again.code == 0, again
    assert np.array_equal(pictures(tmp_path / "out.mp4"), before)


def test_the_person_of_a_frame(like_roop: Run, portraits: list[Path], tmp_path: Path) -> None:
    """roop's default; without anything that tells people apart, the error says how to get it."""
    make_portrait_film(portraits[-1], tmp_path / "scene.mp4", frames=6)
    done = like_roop("-s", portraits[0], "-t", "scene.mp4", "-o", "out.mp4", "--keep-fps", "--json")
    if done.code == 0:
        assert (done.events[-1]["swapped"], done.events[-1]["parts"][0]["role"]) == (6, "scene.mp4, frame 0")
        assert video_pts(tmp_path / "out.mp4") == video_pts(tmp_path / "scene.mp4")
    else:
        assert done.events[-1]["code"] in ("DependencyMissing", "ModelMissing")
        assert "understudy" in done.events[-1]["next_step"]


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        ("-s a.jpg -t b.mp4", 2, "would open its window"),
        ("-s a.jpg -t b.mp4 -o c.mp4", 3, "b.mp4: There is no such file"),
        ("--frame-processor nose", 2, "invalid choice: 'nose'"),
        ("--reference-face-position -1", 2, "-1 is less than 0"),
        ("--keep-audio", 2, "Unrecognized arguments: --keep-audio"),
    ],
)
def test_errors_are_as_everywhere(like_roop: Run, arguments: str, code: int, part: str) -> None:
    assert_failed(like_roop(*arguments.split()), code, part)


def test_version_and_help(like_roop: Run) -> None:
    assert like_roop("-v").out.startswith("understudy ")
    done = like_roop("-h")
    assert (done.code, "--similar-face-distance" in done.out) == (0, True)
