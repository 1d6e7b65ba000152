"""What pasting a face back costs on one core, at 1080p, beside InsightFace's own code in the same run.

python benchmarks/paste.py PORTRAIT [--face 630] [--most 3]

Ours is the patch and its blending into the planes of a film's frame; theirs is what its swapper does after the
network, on a picture of the same size, to the same face and crop.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from understudy.app.engine import Engine
from understudy.app.faces import faces_in
from understudy.app.settings import find_folders, load_settings
from understudy.media.color import Layout
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.vision.align import cut, fit
from understudy.vision.mask.box import box_mask
from understudy.vision.paste import paste

WIDTH, HEIGHT = 1920, 1080
SIDE = 1.17  # of inswapper's crop, in lengths of the box that SCRFD or YuNet draws: the mean of 33 portraits


class Fixed:
    """A network that takes no time: it gives back what it was made with."""

    def __init__(self, crop: np.ndarray) -> None:
        self._rgb = [crop[None, ..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255]

    def run(self, _names: Any, _inputs: Any) -> Any:
        return self._rgb


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("portrait", type=Path)
    parser.add_argument("--face", type=float, default=630, help="length of the face's box")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--most", type=float, help="exit with 1 when ours takes more milliseconds")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pixels, keypoints = staged(options.portrait, options.face)
    film = Frame(planes(pixels), Layout("yuv", 8, 1, 1))
    photo = Frame.from_bgr(pixels)
    alignment = fit(keypoints, "arcface_128", 128)
    crop, mask = cut(photo, alignment), box_mask(128)

    def ours(frame: Frame) -> Callable[[], None]:
        def go() -> None:
            patch = paste(frame, alignment, crop, mask)
            frame.blend(patch.region, patch.bgr, patch.mask)

        return go

    works = {"ours, into a film's frame": ours(film), "ours, into a photo": ours(photo)}
    theirs = insightface(pixels, keypoints, crop)
    if theirs is not None:
        works["InsightFace's, into a picture"] = theirs
    figures = {name: measure(work, options.rounds) for name, work in works.items()}
    print(
        f"A face of {options.face:.0f} px at {WIDTH}x{HEIGHT}, median of {options.rounds} rounds on one core:"
    )
    for name, figure in figures.items():
        print(f"  {name}: {figure:.2f} ms")
    if options.most and max(list(figures.values())[:2]) > options.most:
        raise SystemExit(f"more than {options.most} ms")


def staged(path: Path, extent: float) -> tuple[np.ndarray, np.ndarray]:
    """A 1080p picture with the portrait's face in its middle, its box ``extent`` pixels long, and its key points."""
    found = find_folders()
    portrait = read_image(path).frame
    face = max(faces_in(portrait, Engine(load_settings(found), found)).faces, key=lambda face: face.size)
    inverse = fit(face.keypoints, "arcface_128", 128).inverse
    scale = SIDE * extent / (128 * np.hypot(inverse[0, 0], inverse[1, 0]))
    matrix = np.array([[scale, 0, 0], [0, scale, 0]])
    matrix[:, 2] = (WIDTH / 2, HEIGHT / 2) - scale * (inverse[:, :2] @ (64, 64) + inverse[:, 2])
    pixels = cv2.warpAffine(portrait.bgr(), matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return pixels, (face.keypoints * scale + matrix[:, 2]).astype(np.float32)


def planes(pixels: np.ndarray) -> tuple[np.ndarray, ...]:
    stacked = cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420)
    chroma = stacked[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
    return stacked[:HEIGHT].copy(), chroma[0].copy(), chroma[1].copy()


def insightface(pixels: np.ndarray, keypoints: np.ndarray, crop: np.ndarray) -> Callable[[], None] | None:
    """Their swapper with a network that costs nothing; None when it is not installed."""
    try:
        from insightface.model_zoo.inswapper import INSwapper
    except ImportError:
        print("InsightFace is not installed: scripts/environment.sh installs the group 'reference'")
        return None
    swapper = INSwapper.__new__(INSwapper)
    vars(swapper).update(
        session=Fixed(crop),
        emap=np.eye(512, dtype=np.float32),
        input_mean=0.0,
        input_std=255.0,
        input_names=["target", "source"],
        output_names=["output"],
        input_size=(128, 128),
    )
    target = SimpleNamespace(kps=keypoints)
    source = SimpleNamespace(normed_embedding=np.ones(512, np.float32) / np.sqrt(512))

    def go() -> None:
        swapper.get(pixels, target, source)

    return go


def measure(work: Callable[[], None], rounds: int) -> float:
    """Median milliseconds."""
    taken = []
    for _ in range(rounds):
        begin = time.thread_time()
        work()
        taken.append(1000 * (time.thread_time() - begin))
    return statistics.median(taken)


if __name__ == "__main__":
    main()
