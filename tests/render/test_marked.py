"""Whatever a render publishes is marked, in every format, and nothing is published that is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from render_fakes import TintBox, analyse, find_nothing

from films import make_film, scene
from gates import allowed, passing
from signing import COMPOSITE, credentials, signing_key
from understudy.core.errors import FaceError, SigningError
from understudy.core.plan import (
    ConsentRef,
    Content,
    Look,
    ModelRef,
    PhotoOutput,
    PhotoSource,
    ResolvedPlan,
    VideoOutput,
    VideoSource,
)
from understudy.execution.local import LocalExecutor
from understudy.render.build import Cast, Limits
from understudy.render.run import Analysis
from understudy.render.steps import Work
from understudy.safety.keys import SigningKey
from understudy.safety.provenance import Marker
from understudy.safety.verification import verify

CONTENT = Content(sha256="0" * 64, size=1, media_type="video/mp4")
MODEL = ModelRef(name="tint", role="swapper", sha256="1" * 64)
CONSENT = ConsentRef(id="0123456789ab", sha256="2" * 64)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "target.png"
    Image.fromarray(scene(0)[..., ::-1].copy()).save(path)
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return make_film(tmp_path / "target.mp4", pts=range(30))


def render(
    source: Path, out: Path, *, key: SigningKey | None = None, analysis: Analysis = analyse, **output: Any
) -> None:
    is_photo = source.suffix == ".png"
    plan = ResolvedPlan(
        target=CONTENT,
        source=PhotoSource(path=source) if is_photo else VideoSource(path=source),
        look=Look(),
        models=(MODEL,),
        output=PhotoOutput(**output) if is_photo else VideoOutput(**output),
        consent=(CONSENT,),
        software="understudy 9.8",
    )
    out.parent.mkdir(exist_ok=True)
    cast = Cast(analysis, Work(TintBox(), [None]), passing(), key or signing_key())
    for _ in LocalExecutor(Limits(source.parent / "renders", Fraction(1, 2))).run(plan, source, out, cast):
        pass


def check_marked(path: Path) -> None:
    found = credentials(path)
    assert found.state == "Valid"
    assert found.edited["digitalSourceType"] == COMPOSITE
    assert found.edited["softwareAgent"] == {"name": "understudy", "version": "9.8"}
    assert found.assertion("understudy.job") == {
        "target": {"sha256": CONTENT.sha256},
        "models": [MODEL.model_dump()],
        "policy": allowed().policy,
        "consent": [CONSENT.model_dump()],
    }
    assert verify(path).state == "valid"


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.avif", "a.tif", "a.bmp"])
def test_photos(name: str, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / name
    render(photo, out)
    check_marked(out)
    if name != "a.bmp":
        with Image.open(out) as image:
            assert COMPOSITE in image.info["xmp"].decode()
    assert {path.suffix for path in out.parent.iterdir()} == (
        {".bmp", ".c2pa"} if name == "a.bmp" else {out.suffix}
    )


@pytest.mark.parametrize(
    "name", ["a.mp4", "a.m4v", "a.mov", "a.mkv", "a.webm", "a.gif", "a.webp", "a.apng", "a.png"]
)
def test_films_and_animations(name: str, film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / name
    render(film, out)
    check_marked(out)
    if name in ("a.webp", "a.apng", "a.png"):
        with Image.open(out) as image:
            assert image.n_frames > 20
            assert COMPOSITE in image.info["xmp"].decode()


def test_every_still_that_is_kept(film: Path, tmp_path: Path) -> None:
    render(film, tmp_path / "out" / "a.mp4", keep_frames=tmp_path / "stills")
    stills = sorted((tmp_path / "stills").iterdir())
    assert len(stills) == 30
    for still in stills:
        check_marked(still)


@pytest.mark.parametrize("name", ["a.jpg", "a.bmp", "a.mp4", "a.mkv", "a.gif"])
def test_what_cannot_be_signed_is_not_there(name: str, photo: Path, film: Path, tmp_path: Path) -> None:
    """F14."""
    key = signing_key()
    broken = SigningKey(key.private, b"no certificate", key.name, key.serial, key.expires)
    out = tmp_path / "out" / name
    with pytest.raises(SigningError):
        render(photo if name in ("a.jpg", "a.bmp") else film, out, key=broken)
    assert list(out.parent.iterdir()) == []


def test_no_file_without_a_face_either(photo: Path, tmp_path: Path) -> None:
    with pytest.raises(FaceError):
        render(photo, tmp_path / "out" / "a.jpg", analysis=find_nothing)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_a_kill_while_signing_leaves_no_unmarked_film(
    name: str, moment: str, film: Path, tmp_path: Path
) -> None:
    """F03: and the next run goes on from there, and cleans up."""
    out, reached = tmp_path / "out" / name, tmp_path / "reached"
    words = [sys.executable, __file__, *map(str, (film, out, moment, reached))]
    child = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    deadline = time.monotonic() + 60
    while not reached.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    child.kill()
    child.wait()
    assert reached.exists()
    assert not out.exists()
    assert all(path.name.startswith(".understudy-") for path in out.parent.iterdir())
    render(film, out)
    check_marked(out)
    assert {path.suffix for path in out.parent.iterdir()} == (
        {".mkv", ".c2pa"} if name == "a.mkv" else {".mp4"}
    )


def _stop_in_signing(moment: str, reached: Path) -> None:
    """Make this process stand still while it signs, and say so."""
    signed: Callable[..., bytes] = Marker._signed

    def stand(self: Marker, draft: Path, copy: Path, kind: str, **options: Any) -> bytes:
        if moment != "before":
            signed(self, draft, copy, kind, **options)
        if moment == "within":
            copy.write_bytes(copy.read_bytes()[:-1000])
        reached.touch()
        time.sleep(600)
        return b""

    Marker._signed = stand  # type: ignore[method-assign]


if __name__ == "__main__":
    _stop_in_signing(sys.argv[3], Path(sys.argv[4]))
    render(Path(sys.argv[1]), Path(sys.argv[2]))
