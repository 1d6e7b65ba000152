"""How many faces BlazeFace finds, how many it invents, and what it costs.

Heads of the shared portraits are pasted on texture at several sizes and rolls. Whether a face was found is
decided by the places of eyes, nose and mouth that YuNet, another detector, gave for the portrait.

    python benchmarks/detection.py [--shared ../shared] [--quick]
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

REPOSITORY = Path(__file__).parent.parent
sys.path.insert(0, str(REPOSITORY / "tests"))

from scenes import Portrait, read_portraits, texture  # noqa: E402
from understudy.app.engine import Engine  # noqa: E402
from understudy.app.settings import find_folders, load_settings  # noqa: E402
from understudy.core.types import Face  # noqa: E402
from understudy.media.frame import Frame  # noqa: E402
from understudy.vision.detect.blazeface import BlazeFace  # noqa: E402

WIDTHS = (40, 56, 80, 120, 200, 400)
ROLLS = (0, 30, -30, 60, -60)


@dataclass
class Tally:
    there: int = 0
    found: int = 0
    invented: int = 0

    def add(self, faces: list[Face], truth: list[tuple[float, float]], width: float) -> None:
        hits = [
            {i for i, face in enumerate(faces) if np.hypot(*(face.keypoints.mean(0) - middle)) < width / 4}
            for middle in truth
        ]
        self.there += len(truth)
        self.found += sum(map(bool, hits))
        self.invented += len(faces) - len(set().union(*hits))


def compose(
    portraits: list[Portrait], size: tuple[int, int], width: int, roll: int, rng: np.random.Generator
) -> tuple[Frame, list[tuple[float, float]]]:
    """Texture with up to a dozen heads that keep clear of each other."""
    scene = texture(*size, rng)
    truth: list[tuple[float, float]] = []
    for _ in range(200):
        x, y = (
            rng.uniform(1.3 * width, size[0] - 1.3 * width),
            rng.uniform(1.3 * width, size[1] - 1.3 * width),
        )
        if len(truth) < 12 and all(max(abs(x - a), abs(y - b)) > 3 * width for a, b in truth):
            portraits[rng.integers(len(portraits))].paste(scene, (x, y), width, roll)
            truth.append((x, y))
    return Frame.from_bgr(scene), truth


def measure(detector: BlazeFace, portraits: list[Portrait], size: tuple[int, int], scenes: int) -> None:
    rng = np.random.default_rng(7)
    print(f"\n{size[0]} × {size[1]}: found/there by width of the face (rows: roll in degrees); invented")
    print("roll   " + "".join(f"{width:>9}" for width in WIDTHS) + "   invented   core-ms")
    for roll in ROLLS:
        cells, invented, spent = [], 0, []
        for width in WIDTHS:
            tally = Tally()
            for _ in range(scenes):
                frame, truth = compose(portraits, size, width, roll, rng)
                start = time.process_time()
                faces = detector.detect(frame)
                spent.append(time.process_time() - start)
                tally.add(faces, truth, width)
            cells.append(f"{tally.found}/{tally.there}")
            invented += tally.invented
        print(
            f"{roll:>4}   "
            + "".join(f"{c:>9}" for c in cells)
            + f"{invented:>11}{np.median(spent) * 1e3:>10.0f}"
        )


def measure_parts(detector: BlazeFace, size: tuple[int, int]) -> None:
    frame = Frame.from_bgr(texture(*size, np.random.default_rng(3)))
    steps = detector.parts(frame)
    for step in range(6):
        detector.detect_part(frame, step)
    start = time.process_time()
    for step in range(steps):
        detector.detect_part(frame, step)
    mean = (time.process_time() - start) / steps
    print(f"{size[0]} × {size[1]}: {mean * 1e3:.1f} core-ms a step, {steps} steps a round")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared")
    parser.add_argument("--quick", action="store_true", help="one scene for each cell instead of three")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    folders = find_folders()
    detector = Engine(load_settings(folders), folders).detector
    portraits = read_portraits(arguments.shared)
    for size in ((1920, 1080), (3840, 2160)):
        measure(detector, portraits, size, 1 if arguments.quick else 3)
    print("\nIn films, spread over frames:")
    for size in ((1920, 1080), (3840, 2160)):
        measure_parts(detector, size)


if __name__ == "__main__":
    main()
