"""Keyframe mode: what it saves, and how near carried frames come to drawn ones.

python benchmarks/keyframes.py ACTOR FILM [--small] [--only time|fidelity] [--pictures FOLDER]

Time is that of the engine of neural_cost.py, which has inswapper_128's shape and random weights. Fidelity needs an
engine of which every frame is known; two stand in for a slow one: the built-in mesh engine, which keeps nothing of the
target but its pose, light and open mouth, and a bent and recoloured crop, which keeps all of it as a network would.
PSNR is taken over the pixels that drawing every frame changes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import neural_cost
import understudy
from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.types import Face, TrackedFace
from understudy.media.images import read_image
from understudy.media.read import VideoReader
from understudy.render.reuse import draw_film
from understudy.render.steps import Row, Work, frame_changes
from understudy.vision.align import cut, fit
from understudy.vision.mask.box import box_mask
from understudy.vision.paste import Pasted, paste
from understudy.vision.roles import Picture
from understudy.vision.swap.mesh import MeshSwapper

MODES: tuple[Any, ...] = (1, 4, 8, "auto")
SIDE = 256


@dataclass(frozen=True)
class Case:
    """A stand-in and its actor."""

    name: str
    swapper: Any
    actor: Any


class BentCrop:
    """The target's own face, drawn in at the middle and recoloured, at a network's size."""

    devices: Mapping[str, str] = {"crop": "cpu"}

    def __init__(self) -> None:
        y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32) / SIDE - 0.5
        near = np.exp(-(x * x + y * y) / 0.04)
        self._map = ((x * (1 - 0.35 * near) + 0.5) * SIDE, (y * (1 - 0.25 * near) + 0.5) * SIDE)
        self._mask = box_mask(SIDE)

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> None:
        del photos

    def swap(self, picture: Picture, face: TrackedFace, actor: None) -> Pasted:
        del actor
        alignment = fit(face.face.keypoints, "arcface_128", SIDE)
        bent = cv2.remap(cut(picture, alignment), *self._map, cv2.INTER_LINEAR).astype(np.float32) / 255
        toned = np.clip(bent**0.8 * (0.85, 0.95, 1.1), 0, 1).astype(np.float32)
        sharp = toned + 0.6 * (toned - cv2.GaussianBlur(toned, (0, 0), SIDE / 64))
        return paste(picture, alignment, np.clip(255 * sharp, 0, 255).astype(np.uint8), self._mask)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("actor", type=Path)
    parser.add_argument("film", type=Path)
    parser.add_argument("--small", action="store_true", help="a sixteenth of the channels, to try this out")
    parser.add_argument("--only", choices=("time", "fidelity"))
    parser.add_argument(
        "--pictures", type=Path, help="target, drawn and carried side by side, of --only fidelity"
    )
    options = parser.parse_args()
    if options.only != "time":
        fidelity(options)
    if options.only != "fidelity":
        with tempfile.TemporaryDirectory() as folder:
            neural_cost.make_models(Path(folder), not options.small)
            os.environ["UNDERSTUDY_CATALOG"] = folder
            cost(options, Path(folder))


def cost(options: argparse.Namespace, folder: Path) -> None:
    """How long a film takes."""
    alone = np.median(neural_cost.network_seconds("cpu", "fp32"))
    print(f"load {os.getloadavg()[0]:.1f}; the network alone takes {alone:.2f} s a face")
    print("keyframes  drawn  carried  reused  seconds per 100 frames  processor seconds")
    for mode in MODES:
        begin = time.process_time()
        result = understudy.swap(
            options.actor,
            options.film,
            folder / "out.mp4",
            swapper=neural_cost.ENGINE,
            provider="cpu",
            keyframes=mode,
            overwrite=True,
        )
        processor = time.process_time() - begin
        drawn = result.swapped - result.carried - result.reused
        print(
            f"{mode!s:>9}  {drawn:5}  {result.carried:7}  {result.reused:6}  {100 / result.fps:22.1f}"
            f"  {100 * processor / result.frames:17.1f}"
        )


def fidelity(options: argparse.Namespace) -> None:
    """How near carried frames come to drawn ones."""
    found = find_folders()
    engine = Engine(load_settings(found), found)
    for _ in engine.prepare():
        pass
    photo = read_image(options.actor).frame
    ((_, (actor, *_)),) = engine.analysis()([photo])
    mesh = MeshSwapper()
    cases = [Case("mesh", mesh, mesh.prepare([(photo, actor.face)])), Case("crop", BentCrop(), None)]
    faces = [faces for _, faces in engine.analysis()(iter(VideoReader(options.film)))]

    def rows() -> Iterator[Row]:
        return zip(VideoReader(options.film), faces, strict=True)

    print(
        "stand-in  keyframes  carried  PSNR of carried frames: mean, least  ms of processor a frame, drawing included"
    )
    for case in cases:
        whole, changed = drawn_all(case, rows())
        for mode in MODES[1:]:
            values, spent = [], time.thread_time()
            done = list(draw_film(rows(), Work(case.swapper, [case.actor], keyframes=mode)))
            spent = time.thread_time() - spent
            for number, each in enumerate(done):
                if each.carried:
                    pixels = each.frame.bgr()
                    off = (pixels.astype(np.float32) - whole[number])[changed[number]]
                    values.append(10 * np.log10(255**2 / max(float((off**2).mean()), 1e-9)))
                    if options.pictures and mode == "auto":
                        show(
                            options, f"{case.name}-{number:03d}.png", whole[number], pixels, faces[number][0]
                        )
            print(
                f"{case.name:8}  {mode!s:>9}  {len(values):3} of {len(done):3}  {np.mean(values):18.1f} dB, "
                f"{min(values):.1f} dB  {1000 * spent / len(done):10.0f}"
            )


def drawn_all(case: Case, rows: Iterator[Row]) -> tuple[list[Any], list[Any]]:
    """Every frame drawn, and where that changes it."""
    whole, changed = [], []
    work = Work(case.swapper, [case.actor])
    for frame, faces in rows:
        area = np.zeros((frame.height, frame.width), bool)
        for _, patches in frame_changes((frame, faces), work):
            for patch in patches:
                region = patch.region
                area[region.y : region.bottom, region.x : region.right] |= patch.mask > 0
                frame.blend(region, patch.bgr, patch.mask)
        whole.append(frame.bgr())
        changed.append(area)
    return whole, changed


def show(options: argparse.Namespace, name: str, drawn: Any, carried: Any, face: TrackedFace) -> None:
    """Drawn, carried, and three times the difference."""
    left, top, right, bottom = np.maximum(face.face.bbox + np.array([-40, -60, 40, 40]), 0).astype(int)
    here = np.s_[top:bottom, left:right]
    off = np.clip(128 + 3 * (carried[here].astype(int) - drawn[here]), 0, 255).astype(np.uint8)
    options.pictures.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(options.pictures / name), np.hstack([drawn[here], carried[here], off]))


if __name__ == "__main__":
    main()
