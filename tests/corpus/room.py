"""The place of one case: its folder, films made there, and what Understudy makes of them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from patches import BOX

from gates import passing
from signing import signing_key
from understudy.core.errors import UnderstudyError
from understudy.core.plan import (
    Content,
    Look,
    PhotoOutput,
    PhotoSource,
    ResolvedPlan,
    VideoOutput,
    VideoSource,
)
from understudy.core.types import Face, Region, Result, TrackedFace
from understudy.execution.local import LocalExecutor
from understudy.media.frame import Frame
from understudy.media.probe import sniff_kind
from understudy.render.build import Cast, Limits
from understudy.render.steps import Row, Work
from understudy.vision.roles import Picture

__all__ = ["CannotBeMade", "Case", "Ended", "Invert", "Room", "codes", "memory_is_bounded", "render"]

_CONTENT = Content(sha256="0" * 64, size=1, media_type="video/mp4")
_SECONDS, _BYTES = 30, 2 << 30


class CannotBeMade(Exception):
    """The case's file cannot be generated on this machine; the reason is the message."""


@dataclass(frozen=True, eq=False)
class _Box:
    region: Region
    bgr: NDArray[np.uint8]
    mask: NDArray[np.uint8]


class Invert:
    """An engine that inverts a box in the upper left of the upright picture."""

    devices: Mapping[str, str] = {}

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> Any:
        del photos

    def swap(self, picture: Picture, face: TrackedFace, actor: Any) -> _Box:
        del face, actor
        sides = (picture.width, picture.height)
        x, y, width, height = (int(share * sides[axis % 2]) for axis, share in enumerate(BOX))
        region = Region(x, y, max(width, 1), max(height, 1))
        return _Box(region, 255 - picture.bgr(region), np.full((region.height, region.width), 255, np.uint8))


def _one_face(frames: Iterable[Frame]) -> Iterator[Row]:
    face = Face(np.zeros(4, np.float32), 0.9, np.zeros((5, 2), np.float32))
    for frame in frames:
        yield frame, (TrackedFace(0, face),)


@dataclass(frozen=True)
class Ended:
    """How the installed command ended."""

    code: int
    err: str
    seconds: float


@dataclass(frozen=True)
class Room:
    """What a case works with.

    Attributes:
        folder: Empty, for its files.
    """

    folder: Path

    def swap(self, source: Path, name: str = "out.mp4", *, engine: Any = None, **options: Any) -> Result:
        """Run the media path over a target, with a fake engine; ``options`` are fields of the output."""
        return render(source, self.folder / name, engine=engine, **options)

    def refused(self, kind: type[UnderstudyError], source: Path, *parts: str, name: str = "out.mp4") -> str:
        """The media path refuses the target with such an error, and leaves no file."""
        before = set(self.folder.iterdir())
        with pytest.raises(kind) as caught:
            self.swap(source, name)
        error = caught.value
        assert type(error) is kind
        assert all(part in str(error) for part in parts), str(error)
        assert set(self.folder.iterdir()) == before
        return f"REJ {error.exit_code} {kind.__name__}: {error.message}"

    def command_refuses(
        self, target: Path | str, *parts: str, code: int = 3, within: float = _SECONDS
    ) -> str:
        """The installed command refuses the target in a sentence, in time and memory, and leaves no file."""
        with resources.as_file(resources.files("understudy.app") / "data" / "actor.jpg") as actor:
            before = set(self.folder.rglob("*"))
            ended = self.command("swap", actor, "--", target)
            assert set(self.folder.rglob("*")) == before
        assert ended.code == code, ended
        assert ended.seconds < within, ended
        message = ended.err.splitlines()[0]
        assert message.startswith("error: "), ended.err
        assert "Traceback" not in ended.err, ended.err
        assert all(part in ended.err for part in parts), ended.err
        return f"REJ {code}: {message.rpartition(': ')[2]}"

    def command(self, *arguments: object) -> Ended:
        """Run the installed command in the folder, within the bounds that hold for every case."""
        home = self.folder.parent / "home"
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("UNDERSTUDY_", "XDG_"))
        }
        environment = {**kept, "HOME": str(home), "UNDERSTUDY_HOME": str(home), "UNDERSTUDY_OFFLINE": "1"}
        suffix = ".exe" if sys.platform == "win32" else ""
        script = Path(sys.executable).parent / f"understudy{suffix}"
        start = time.monotonic()
        done = subprocess.run(
            [str(script), *map(str, arguments)],
            cwd=self.folder,
            env={**environment, "COLUMNS": "200", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
        return Ended(done.returncode, done.stderr, time.monotonic() - start)


def render(
    source: Path, output: Path, *, engine: Any = None, trim: Any = (None, None), **options: Any
) -> Result:
    """Take a photo or film through decode, a fake engine and encode to its final name."""
    kind = sniff_kind(source)
    photo = kind == "photo"
    plan = ResolvedPlan.model_construct(
        target=_CONTENT,
        source=PhotoSource(path=source)
        if photo
        else VideoSource(path=source, trim_start=trim[0], trim_end=trim[1]),
        look=Look(),
        models=(),
        encoder=None,
        output=PhotoOutput(**options) if photo else VideoOutput(**options),
        software="corpus",
    )
    cast = Cast(_one_face, Work(swapper=engine or Invert(), actors=(None,)), passing(), signing_key())
    with tempfile.TemporaryDirectory() as journals:
        steps = LocalExecutor(Limits(Path(journals))).run(plan, source, output, cast)
        result = [step.result for step in steps][-1]
    assert result is not None
    return result


def codes(result: Result) -> set[str]:
    """The notices' stable names."""
    return {notice.code for notice in result.notices}


def memory_is_bounded() -> None:
    """This process and its children have never held more than the catalogue allows."""
    if sys.platform != "linux":
        return
    import resource

    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        assert resource.getrusage(who).ru_maxrss * 1024 < _BYTES


@dataclass(frozen=True)
class Case:
    """A line of the catalogue.

    Attributes:
        id: Such as ``"V01"``.
        what: The input.
        expected: What must happen.
        check: Makes the input, asserts, and says what was got.
    """

    id: str
    what: str
    expected: str
    check: Any
