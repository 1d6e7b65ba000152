"""What a quality report costs: processor time of a whole swap with --report and without, and their ratio.

The clip is shown forth and back until it has the length that is asked for. Both kinds of run alternate, each in a
process of its own and after one that is not counted, so that what is kept (the gate's evidence, an analysis) is there
for both; of each the cheapest counts.

    python benchmarks/report_cost.py [--shared ../shared] [--seconds 20] [--runs 3] [--most 1.05]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np

from understudy.media.read import VideoReader

_SWAP = """
import sys, understudy
options = {"report": sys.argv[4]} if sys.argv[4] else {}
result = understudy.swap(*sys.argv[1:4], overwrite=True, **options)
if result.report:
    print(result.report.verdict, *result.report.people[0].samples)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--most", type=float, help="exit with 1 above this ratio")
    options = parser.parse_args()
    media = options.shared / "media"
    actor = media / "portraits" / "roop-source.jpg"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = lengthened(media / "clips" / "car-1080p.mp4", folder / "film.mp4", options.seconds)
        page = folder / "report.html"
        swapped(actor, film, folder / "out.mp4", None)
        plain, told = [], []
        for _ in range(options.runs):
            plain.append(swapped(actor, film, folder / "out.mp4", None))
            told.append(swapped(actor, film, folder / "out.mp4", page))
        kilobytes = page.stat().st_size / 1000
    for what, spent in (("without a report", plain), ("with one", told)):
        cpu, wall = (min(each) for each in zip(*spent, strict=True))
        print(f"{options.seconds} s of 1080p {what}: {cpu:.2f} s of processor time, {wall:.2f} s")
    ratio = min(told)[0] / min(plain)[0]
    print(f"ratio {ratio:.3f}; the page has {kilobytes:.0f} kB")
    if options.most is not None and ratio > options.most:
        sys.exit(1)


def lengthened(clip: Path, film: Path, seconds: int) -> Path:
    """The clip forth and back, 24 frames a second."""
    frames = [np.asarray(frame.bgr()) for frame in VideoReader(clip)]
    with av.open(str(film), "w") as out:
        stream = out.add_stream("libx264", rate=24, options={"preset": "ultrafast", "crf": "14"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for pixels in islice(cycle([*frames, *frames[-2:0:-1]]), 24 * seconds):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        out.mux(stream.encode(None))
    return film


def swapped(actor: Path, film: Path, out: Path, page: Path | None) -> tuple[float, float]:
    """(processor seconds, seconds) of one swap."""
    before, begun = _spent(), time.monotonic()
    arguments = map(str, (actor, film, out, page or ""))
    done = subprocess.run(
        [sys.executable, "-c", _SWAP, *arguments], check=True, capture_output=True, text=True
    )
    if page is not None:
        verdict, *samples = done.stdout.split()
        print(f"measured at {', '.join(samples)} moments (likeness, expression, flicker): {verdict}")
    return _spent() - before, time.monotonic() - begun


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
