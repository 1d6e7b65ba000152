"""What the content gate costs: seconds of CPU for each second of a 1080p film, at the default policy.

Frames of a film are shown to it with people in them, as a render would; nothing else is measured. The first pass finds
everything out, the second knows the target, the third knows both.

python benchmarks/gate_cost.py FILM [--people 1] [--seconds 10] [--most 0.2]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from understudy.analysis.shots import CutDetector
from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.types import Face, TrackedFace
from understudy.media.frame import Frame
from understudy.media.read import VideoReader
from understudy.safety.guard import Guard
from understudy.safety.watch import Subject, Watch

_RATE, _SEGMENT = 24, 240
_KEPT = 48  # frames that are held in memory and shown again and again


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("film", type=Path)
    parser.add_argument("--people", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--most", type=float, help="exit with 1 above so many seconds a second")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    found = find_folders()
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(
            load_settings(found), replace(found, evidence=Path(folder), appeals=Path(folder) / "appeals")
        )
        for _ in engine.gate.prepare():
            pass
        guard = engine.gate.guard
        kept = [frame for frame, _ in zip(VideoReader(options.film), range(_KEPT), strict=False)]
        faces = [_face(kept[0], index) for index in range(options.people)]
        worst = 0.0
        for name, look in (("nothing known", 0), ("the target known", 1), ("both known", 1)):
            spent = _pass(guard, kept, faces, options.seconds, look)
            worst = max(worst, spent)
            print(f"{name}: {spent:.3f} s of CPU for each second of {kept[0].width}×{kept[0].height}")
    if options.most is not None and worst > options.most:
        raise SystemExit(1)


def _face(frame: Frame, index: int) -> TrackedFace:
    """Somebody of an eighth of the picture's height."""
    size = frame.height / 8
    left, top = frame.width * (index + 1) / 5, frame.height / 4
    box = np.array([left, top, left + size, top + size], np.float32)
    return TrackedFace(index, Face(box, 0.9, np.full((5, 2), left, np.float32)))


def _pass(guard: Guard, kept: list[Frame], faces: list[TrackedFace], seconds: int, look: int) -> float:
    """CPU seconds of this thread for each second of film."""
    subject = Subject(
        "film",
        "result",
        "film",
        f"look {look}",
        segment_of=lambda frame: frame.pts // _SEGMENT,
        is_cut=CutDetector().is_cut,
    )
    watch = Watch(guard, subject)
    making = 0.0

    def rows() -> Iterator[tuple[Frame, tuple[TrackedFace, ...]]]:
        nonlocal making
        for index in range(seconds * _RATE):
            begun = time.thread_time()
            frame = kept[index % len(kept)].copied(index, Fraction(1, _RATE))
            making += time.thread_time() - begun
            yield frame, tuple(faces)

    begun = time.thread_time()
    for frame, _ in watch.rows(rows()):
        watch.came_out(frame)
    for segment in range(-(-seconds * _RATE // _SEGMENT)):
        watch.allow(segment)
    return (time.thread_time() - begun - making) / seconds


if __name__ == "__main__":
    main()
