"""Every way in which a swapped face can be written, with a gate that can be broken."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

import understudy
from gates import MAGENTA_POLICY
from graphs_catalog import own_row
from graphs_gate import finds_magenta
from understudy.app.engine import Engine
from understudy.app.preview import preview
from understudy.app.request import plan_swap
from understudy.app.settings import find_folders, load_settings
from understudy.models.spec import load_catalog

__all__ = ["MAGENTA", "ROUTES", "Rig", "mark", "write_film"]

MAGENTA: Final = (255, 0, 255)


@dataclass
class Rig:
    """Files, and a home whose gate finds magenta.

    Attributes:
        home: Folder of weights, evidence and appeals.
        actor, scene: Pictures of two people.
        out: Where outputs go; made here.
        settings: As a deployer would give them.
    """

    home: Path
    actor: Path
    scene: Path
    out: Path

    def __post_init__(self) -> None:
        self.out.mkdir()
        self.settings: dict[str, Any] = {"offline": True}

    @property
    def rows(self) -> Path:
        """Folder of the generated network's row."""
        return self.home.parent / "rows"

    @property
    def policy(self) -> Path:
        """The policy file."""
        return self.home.parent / "policy.toml"

    def use(self, graph: bytes | None = None, policy: str = MAGENTA_POLICY) -> None:
        """Let a generated network look, by this policy."""
        own_row(self.rows, load_catalog()["nudenet-320n"], graph or finds_magenta(), "magenta")
        self.policy.write_text(policy)
        self.settings |= {"catalog": self.rows, "policy": self.policy}

    def engine(self) -> Engine:
        folders = find_folders(self.home)
        return Engine(load_settings(folders, self.settings), folders)

    def film(
        self, marked: Sequence[int] = (), frames: int = 8, rate: Fraction = Fraction(8), **how: Any
    ) -> Path:
        """A film of the scene with a magenta square in some frames."""
        picture = cv2.imread(str(self.scene))
        return write_film(
            self.home.parent / "scene.mp4",
            [mark(picture) if index in marked else picture for index in range(frames)],
            rate,
            **how,
        )

    def mark(self, path: Path) -> None:
        """Put a magenta square into a picture."""
        cv2.imwrite(str(path), mark(cv2.imread(str(path))))

    @property
    def written(self) -> list[str]:
        """What there is of outputs, whole or not; journals too."""
        renders = self.home / "renders"
        places = [*self.out.rglob("*"), *(renders.rglob("*") if renders.is_dir() else ())]
        return [str(path) for path in places if path.is_file() and path.name != ".lock"]


def mark(picture: NDArray[Any], side: int = 40) -> NDArray[np.uint8]:
    """The picture with a magenta square."""
    marked = np.array(picture, np.uint8)
    marked[4 : 4 + side, 4 : 4 + side] = MAGENTA
    return marked


def write_film(path: Path, frames: Sequence[NDArray[Any]], rate: Fraction, **options: str) -> Path:
    """A film that keeps its colours."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "crf": "4", **options})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    return path


def _swap(rig: Rig, target: Path, name: str, **options: Any) -> None:
    from understudy.app.service import run

    for _ in run(plan_swap(rig.actor, target, rig.out / name, **options), rig.engine()):
        pass


def _preview(rig: Rig, target: Path, **options: Any) -> None:
    engine = rig.engine()
    plan = plan_swap(rig.actor, target)
    for _ in itertools.chain(engine.prepare(plan.look, plan.casting)):
        pass
    how = {"at": 0.0, "compare": False, "overwrite": False, **options}
    preview(plan, engine, rig.out / "look.png", **how)


def _python(rig: Rig, target: Path) -> None:
    config = rig.home / "config.toml"
    rows = {name: str(rig.settings[name]) for name in ("catalog", "policy") if name in rig.settings}
    config.write_text("".join(f'{name} = "{value}"\n' for name, value in rows.items()))
    understudy.swap(rig.actor, target, rig.out / "api.png", home=rig.home, offline=True)


ROUTES: Final[dict[str, tuple[str, Callable[[Rig, Path], None]]]] = {
    "photo": ("photo", lambda rig, target: _swap(rig, target, "out.png")),
    "python": ("photo", _python),
    "film": ("film", lambda rig, target: _swap(rig, target, "out.mp4", preset="ultrafast")),
    "film beside": ("film", lambda rig, target: _swap(rig, target, "out.mkv", encoder="ffv1")),
    "animation": ("film", lambda rig, target: _swap(rig, target, "out.gif")),
    "kept frames": (
        "film",
        lambda rig, target: _swap(rig, target, "out.mp4", keep_frames=rig.out / "frames"),
    ),
    "preview": ("photo", lambda rig, target: _preview(rig, target)),
    "preview of a film": ("film", lambda rig, target: _preview(rig, target)),
    "compare": ("photo", lambda rig, target: _preview(rig, target, compare=True)),
    "masks": ("photo", lambda rig, target: _preview(rig, target, masks=True)),
}
"""Each way by name: the kind of target that it takes, and how it is gone."""
