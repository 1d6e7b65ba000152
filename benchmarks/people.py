"""The portraits and the clip that likeness and performance are measured on, swapped by the product's own pipeline."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy import __version__
from understudy.app.actor import read_actor
from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.plan import Look
from understudy.core.types import FloatArray, TrackedFace
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.media.read import VideoReader
from understudy.render.steps import Row, Work, swap_frame
from understudy.vision.roles import Picture
from understudy.vision.swap.families import open_swapper

SHARED = Path(__file__).parent.parent.parent / "shared"

# Mesh vertices in the middle of both cheeks, clear of nose, beard and ears.
_CHEEKS = np.array([50, 117, 118, 101, 36, 205, 280, 346, 347, 330, 266, 425])


@dataclass(frozen=True)
class Tone:
    """A group of skin tones.

    By the individual typology angle of Chardon, Cretois and Hourseau, "Skin colour typology and suntanning pathways"
    (1991), with the six classes of Del Bino and Bernerd (2013). The photos are not colour-calibrated, so it is the
    tone that is seen in the picture.
    """

    name: str
    least: float

    @classmethod
    def of(cls, angle: float) -> str:
        return next(tone.name for tone in TONES if angle >= tone.least)


TONES = (
    Tone("very light", 55),
    Tone("light", 41),
    Tone("intermediate", 28),
    Tone("tan", 10),
    Tone("brown", -30),
    Tone("dark", -90),
)


@dataclass(frozen=True, eq=False)
class Person:
    """Someone in a portrait.

    Attributes:
        name: Of the file.
        frame: The photo; not to be changed.
        row: Their face as a target: what analysis says of it.
        actor: Their face as an actor: what the swapper's ``prepare`` returned.
    """

    name: str
    frame: Frame
    row: TrackedFace
    actor: Any

    @cached_property
    def tone(self) -> str:
        return Tone.of(typology_angle(self.frame, landmarks_of(self.row)))


class Studio:
    """Opened models, as the command line opens them.

    Args:
        likeness: The product's default when it is None.
    """

    def __init__(self, likeness: float | None = None) -> None:
        folders = find_folders()
        self.engine = Engine(load_settings(folders), folders)
        self.look = Look(swapper="mesh") if likeness is None else Look(swapper="mesh", likeness=likeness)
        for _ in self.engine.prepare(self.look):
            pass
        self.swapper = self.engine.swapper(self.look)

    def person(self, photo: Path) -> Person:
        frame = read_image(photo).frame
        (row,) = self.rows(frame)[:1]
        actor, _ = read_actor([photo], "largest", self.engine)
        return Person(photo.stem, frame, row, self.swapper.prepare(actor.faces))

    def rows(self, frame: Frame) -> tuple[TrackedFace, ...]:
        """The face of one picture by itself, found afresh."""
        return next(iter(self.engine.analysis()([frame])))[1]

    def film(self, path: Path) -> list[Row]:
        """A clip analysed, held in memory."""
        return list(self.engine.analysis()(list(VideoReader(path))))

    def swapped(self, actor: Any, frame: Frame, row: TrackedFace, likeness: float | None = None) -> Frame:
        """A copy of the frame with the actor's face, before any encoder has seen it."""
        swapper = self.swapper
        if likeness is not None:
            swapper = open_swapper(None, _no_session, self.look.model_copy(update={"likeness": likeness}))
        copy = frame.copied(frame.pts, frame.time_base)
        return swap_frame((copy, (row,)), Work(swapper, [actor])).frame


def _no_session(spec: Any) -> Any:
    raise ValueError(f"the mesh engine has no network {spec}")


def landmarks_of(row: TrackedFace) -> FloatArray:
    assert row.face.landmarks is not None
    return row.face.landmarks


def choose_pairs(count: int, number: int | None, seed: int = 0) -> list[tuple[int, int]]:
    """Ordered pairs (actor, target) of ``count`` people: all of them, or ``number`` at random."""
    pairs = [(a, t) for a in range(count) for t in range(count) if a != t]
    if number is None or number >= len(pairs):
        return pairs
    chosen = np.random.default_rng(seed).choice(len(pairs), number, replace=False)
    return [pairs[index] for index in sorted(chosen)]


def typology_angle(picture: Picture, landmarks: FloatArray) -> float:
    """Degrees: arctan((L* - 50) / b*) of the cheeks' median colour."""
    scale = 128 / float(np.ptp(landmarks[:, 0]))
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    small = cv2.GaussianBlur(picture.bgr(None, size), (0, 0), 1.5).astype(np.float32) / 255
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2Lab)
    x, y = np.round(landmarks[_CHEEKS, :2] * scale).astype(int).T
    light, _, yellow = np.median(lab[y.clip(0, size[1] - 1), x.clip(0, size[0] - 1)], 0).tolist()
    return float(np.degrees(np.arctan2(light - 50, yellow)))


def face_crop(frame: Frame, landmarks: FloatArray, side: int) -> NDArray[np.uint8]:
    """(side, side, 3) the head, upright in the picture."""
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    reach = 0.68 * float((high - low).max())
    x, y = (low + high) / 2 - reach
    scale = side / (2 * reach)
    shrink = min(scale, 1.0)
    pixels = frame.bgr(None, (round(frame.width * shrink), round(frame.height * shrink)))
    matrix = np.array([[scale / shrink, 0, -x * scale], [0, scale / shrink, -y * scale]])
    crop = cv2.warpAffine(
        pixels, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)


def captioned(pictures: Sequence[NDArray[np.uint8]], text: str) -> NDArray[np.uint8]:
    """Pictures side by side, with a line of text above."""
    strip = np.hstack(list(pictures))
    head = np.full((22, strip.shape[1], 3), 24, np.uint8)
    cv2.putText(head, text, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (230, 230, 230), 1, cv2.LINE_AA)
    return np.vstack([head, strip])


def say_where() -> None:
    """The first line of every report: what was measured, where and when."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in _lines(Path("/proc/cpuinfo"))
            if line.startswith("model name")
        ),
        platform.processor() or platform.machine(),
    )
    print(
        f"Understudy {__version__}, {model}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, OpenCV {cv2.__version__}, {datetime.date.today().isoformat()}"
    )


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What all of these benchmarks understand."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--shared", type=Path, default=SHARED, help="folder with media/portraits and media/clips"
    )
    parser.add_argument("--pairs", type=int, metavar="N", help="this many pairs at random")
    return parser
