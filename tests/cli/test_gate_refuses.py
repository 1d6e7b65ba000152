"""The installed command, with a gate that is broken or that sees something: nothing is written, on any route."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from commands import Finished, assert_failed, command

from gates import MAGENTA_POLICY
from graphs_catalog import own_row
from graphs_gate import EXPOSED, finds_magenta
from understudy.models.spec import load_catalog

pytestmark = pytest.mark.thorough

ROUTES = {
    "photo": "understudy swap ada.png scene.png -o out/photo.png",
    "film": "understudy swap ada.png scene.mp4 -o out/film.mp4 --preset ultrafast",
    "film with a sidecar": "understudy swap ada.png scene.mp4 -o out/film.mkv --encoder ffv1",
    "animation": "understudy swap ada.png scene.mp4 -o out/film.gif",
    "sequence": "understudy swap ada.png scene.mp4 -o out/%04d.png",
    "kept frames": "understudy swap ada.png scene.mp4 -o out/film.mp4 --keep-frames out/frames --preset ultrafast",
    "preview": "understudy preview ada.png scene.mp4 -o out/look.png",
    "comparison": "understudy preview ada.png scene.mp4 -o out/look.png --compare",
    "preview of a person": "understudy preview ada.png scene.mp4 --person 1 -o out/look.png",
    "masks": "understudy preview ada.png scene.mp4 -o out/look.png --mask-preview",
    "roop": "understudy-roop -s ada.png -t scene.mp4 -o out/roop.mp4 --keep-frames --keep-fps --many-faces",
}
"""Every way in which the command line writes a swapped face."""


class Place:
    """A folder with an actor, a photo and a film of three frames, and a home whose gate finds magenta."""

    def __init__(self, folder: Path, models: Path, portraits: list[Path], base: dict[str, str]) -> None:
        self.folder, self.home, self._base = folder, folder / "own", base
        (self.home / "models").mkdir(parents=True)
        for path in models.iterdir():
            if path.name.startswith(("blazeface", "facemesh")):
                (self.home / "models" / path.name).symlink_to(path)
        self.gate = next(path for path in models.iterdir() if path.name.startswith("nudenet"))
        self.settings = {"UNDERSTUDY_HOME": str(self.home), "UNDERSTUDY_OFFLINE": "1"}
        for name, source in (("ada", portraits[0]), ("scene", portraits[-1])):
            small = cv2.resize(cv2.imread(str(source)), (256, 256), interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(folder / f"{name}.png"), small)
        (folder / "out").mkdir()
        self.film()

    def film(self) -> None:
        """Three frames of the photo, in colours that stay as they are."""
        picture = np.asarray(cv2.imread(str(self.folder / "scene.png")), np.uint8)
        with av.open(str(self.folder / "scene.mp4"), "w") as out:
            stream = out.add_stream("libx264", rate=Fraction(8), options={"crf": "4"})
            stream.height, stream.width, stream.pix_fmt = 256, 256, "yuv420p"
            for _ in range(3):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            out.mux(stream.encode(None))

    def use(self, *, broken: bool = False) -> None:
        """Let a generated network look, and no other; a broken one gives no numbers."""
        rows, policy = self.folder / ("broken" if broken else "rows"), self.folder / "policy.toml"
        own_row(rows, load_catalog()["nudenet-320n"], finds_magenta(nan=broken), "magenta")
        policy.write_text(MAGENTA_POLICY)
        self.settings |= {"UNDERSTUDY_CATALOG": str(rows), "UNDERSTUDY_POLICY": str(policy)}

    def mark(self) -> None:
        """Put something into the photo and the film that the network finds."""
        picture = cv2.imread(str(self.folder / "scene.png"))
        picture[4:44, 4:44] = (255, 0, 255)
        cv2.imwrite(str(self.folder / "scene.png"), picture)
        self.film()

    def run(self, route: str) -> Finished:
        script, *words = ROUTES[route].split()
        done = subprocess.run(
            [str(command(script)), *words],
            cwd=self.folder,
            env={**self._base, **self.settings},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def files(self) -> set[str]:
        """Everything in the folder, and what is kept of unfinished films; of the rest of the home nothing is output."""
        kept = [each for each in self.home.iterdir() if each.name != "renders"]
        return {
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.is_file() and path.name != ".lock" and not any(each in path.parents for each in kept)
        }


@pytest.fixture
def place(home: Path, portraits: list[Path], environment: dict[str, str], tmp_path: Path) -> Place:
    return Place(tmp_path, home / "models", portraits, environment)


@pytest.mark.parametrize("route", ROUTES)
def test_a_gate_that_gives_no_numbers_refuses(route: str, place: Place) -> None:
    place.use(broken=True)
    before = place.files()
    assert_failed(place.run(route), 12, "not finite", "Nothing was written")
    assert place.files() == before


@pytest.mark.parametrize("route", ["sequence", "roop"])
def test_a_gate_that_sees_nothing_lets_it_pass(route: str, place: Place) -> None:
    """The control; of the other routes tests/safety has it."""
    place.use()
    before = place.files()
    assert place.run(route).code == 0
    assert any(name.startswith("out/") for name in place.files() - before)


@pytest.mark.parametrize("route", ["photo", "kept frames", "comparison", "preview of a person", "roop"])
def test_what_it_sees_is_refused(route: str, place: Place) -> None:
    place.use()
    place.mark()
    before = place.files()
    assert_failed(place.run(route), 11, EXPOSED, "the target", "no policy allows", "understudy appeals list")
    assert place.files() == before
    # An analysis has pictures of faces in it.
    assert not list((place.home / "analyses").glob("*/*"))


def _missing(place: Place) -> None:
    assert not list((place.home / "models").glob("nudenet*"))


def _flipped(place: Place) -> None:
    data = bytearray(place.gate.read_bytes())
    data[len(data) // 2] ^= 4
    (place.home / "models" / place.gate.name).write_bytes(data)


def _policy_gone(place: Place) -> None:
    place.use()
    (place.folder / "policy.toml").unlink()


def _policy_off(place: Place) -> None:
    place.use()
    (place.folder / "policy.toml").write_text(MAGENTA_POLICY.replace("0.5", "1.0"))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (_missing, "cannot look"),
        (_flipped, "differ from the expected digest"),
        (_policy_gone, "policy cannot be read"),
        (_policy_off, "policy cannot be read"),
    ],
)
def test_a_gate_that_cannot_be_opened_refuses(
    fault: Callable[[Place], None], reason: str, place: Place
) -> None:
    fault(place)
    before = place.files()
    assert_failed(place.run("film"), 12, reason)
    assert place.files() == before
