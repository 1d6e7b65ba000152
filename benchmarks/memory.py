"""Whether memory is flat in a film's length: peak RSS on a clip looped to ten seconds and to ten minutes.

python benchmarks/memory.py ../shared/media/clips/car-1080p.mp4 [--seconds 600] [--swapper mesh --actor PHOTO]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from transcode_ratio import engines, looped, pipeline
from understudy.core.system import peak_memory
from understudy.media.probe import probe


def peak_of(source: Path, swapper: str, actor: Path | None) -> int:
    """Peak bytes of a process of its own that renders this film."""
    command = [sys.executable, __file__, str(source), "--swapper", swapper, "--render-only"]
    if actor is not None:
        command += ["--actor", str(actor)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--swapper", choices=["identity", "work", "mesh"], default="identity")
    parser.add_argument("--actor", type=Path, help="photo, for mesh")
    parser.add_argument("--most", type=float, default=0.05, help="exit with 1 above this growth")
    parser.add_argument("--render-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.render_only:
            pipeline(*engines(options.swapper, options.actor))(options.clip, folder / "out.mp4")
            print(peak_memory())
            return
        rate = float(probe(options.clip).average_rate or 24)
        peaks = []
        for seconds in (10, options.seconds):
            film = looped(options.clip, folder, round(seconds * rate))
            peaks.append(peak_of(film, options.swapper, options.actor))
            print(f"{seconds:4} s: {peaks[-1] / 2**20:.1f} MiB peak RSS")
    growth = peaks[1] / peaks[0] - 1
    print(f"growth: {growth:+.1%}")
    if growth > options.most:
        sys.exit(1)


if __name__ == "__main__":
    main()
