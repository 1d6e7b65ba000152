"""What one swap costs: CPU time of the mesh engine for a face of a given width, alone on one thread.

python benchmarks/swap_cost.py ACTOR TARGET [--width 400] [--likeness 1.0]
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import cv2
from threadpoolctl import threadpool_limits

from understudy.app.engine import Engine
from understudy.app.faces import faces_in
from understudy.app.settings import find_folders, load_settings
from understudy.core.types import Face, TrackedFace
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.vision.canonical import load_canonical
from understudy.vision.gaze import measure_gaze
from understudy.vision.shape import face_width, proportions
from understudy.vision.swap.mesh import MeshSwapper


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("actor", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--width", type=float, default=400, help="of the target's face, in pixels")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--most", type=float, help="exit with 1 above so many core-ms")
    options = parser.parse_args()
    found = find_folders()
    engine = Engine(load_settings(found), found)
    actor, target = read_image(options.actor).frame, read_image(options.target).frame
    own = largest(target, engine)
    scale = options.width / face_width(own.landmarks)
    size = (round(target.width * scale), round(target.height * scale))
    target = Frame.from_bgr(
        cv2.resize(target.bgr(), size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    )
    face = largest(target, engine)
    canonical = load_canonical()
    row = TrackedFace(
        0, face, measure_gaze(canonical, target, face.landmarks), proportions(canonical, face.landmarks)
    )
    cv2.setNumThreads(1)
    worst = 0.0
    with threadpool_limits(1, "blas"):
        for likeness in (0.0, 1.0):
            swapper = MeshSwapper(likeness)
            prepared = swapper.prepare([(actor, largest(actor, engine))])
            times = []
            for _ in range(options.rounds):
                begin = time.process_time()
                swapper.swap(target, row, prepared)
                times.append(1000 * (time.process_time() - begin))
            median = statistics.median(times[5:])
            worst = max(worst, median)
            print(
                f"likeness {likeness}: {median:.1f} core-ms for a face {face_width(face.landmarks):.0f} pixels wide"
            )
    if options.most is not None and worst > options.most:
        raise SystemExit(1)


def largest(picture: Frame, engine: Engine) -> Face:
    return max(faces_in(picture, engine).faces, key=lambda face: face.size)


if __name__ == "__main__":
    main()
