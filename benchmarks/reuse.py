"""What a kept analysis saves: times of the first run, the second, a preview and a retry, on the clip.

Each line is the installed command as a process of its own, in a home that has nothing but the weights. The clip is
played several times over, so that loading does not hide the rest.

    python benchmarks/reuse.py [--times N]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from people import SHARED, say_where
from understudy.app.settings import find_folders


@dataclass(frozen=True)
class Timed:
    """How a command went: seconds in all, of the processor, and between the first and the last event of each stage."""

    whole: float
    processor: float
    stages: dict[str, float]
    last: dict[str, Any]


def run(folder: Path, *words: object, signal_at: int | None = None) -> Timed:
    """Run a command, or kill it when so many frames are rendered."""
    command = [str(Path(sys.executable).parent / "understudy"), *map(str, words), "--json"]
    environment = {**os.environ, "UNDERSTUDY_HOME": str(folder / "home")}
    start, used = time.monotonic(), _used()
    began: dict[str, float] = {}
    ended: dict[str, float] = {}
    last: dict[str, Any] = {}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for text in process.stdout:
            last = json.loads(text)
            stage = last.get("stage")
            if stage is not None:
                began.setdefault(stage, time.monotonic())
                ended[stage] = time.monotonic()
            if signal_at is not None and stage == "render" and last["done"] >= signal_at:
                process.kill()
    if signal_at is None and process.returncode:
        sys.exit(f"{command}: {last}")
    stages = {stage: ended[stage] - began[stage] for stage in began}
    return Timed(time.monotonic() - start, _used() - used, stages, last)


def _used() -> float:
    """Seconds of all cores that the processes started here have used, those that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def repeat(clip: Path, path: Path, times: int) -> int:
    """The clip several times in a row, its packets as they are; gives the frames."""
    frames = 0
    with av.open(str(path), "w") as out:
        for turn in range(times):
            with av.open(str(clip)) as source:
                stream = source.streams.video[0]
                copy = out.add_stream_from_template(stream) if turn == 0 else out.streams.video[0]
                packets = [packet for packet in source.demux(stream) if packet.dts is not None]
                step = packets[1].dts - packets[0].dts
                for packet in packets:
                    packet.pts, packet.dts = (
                        at + turn * len(packets) * step for at in (packet.pts, packet.dts)
                    )
                    packet.stream = copy
                    out.mux(packet)
            frames += len(packets)
    return frames


def show(name: str, timed: Timed) -> None:
    stages = " · ".join(
        f"{stage} {seconds:.1f} s" for stage, seconds in timed.stages.items() if seconds >= 0.05
    )
    print(f"| {name} | {timed.whole:.1f} s | {timed.processor:.1f} s | {stages} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("UNDERSTUDY_SHARED", SHARED)))
    parser.add_argument("--times", type=int, default=12, help="how often the clip is played")
    options = parser.parse_args()
    media = options.shared.resolve() / "media"
    actor = sorted((media / "portraits").glob("*.jpg"))[0]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "home").mkdir()
        (folder / "home" / "models").symlink_to(find_folders().models.resolve())
        frames = repeat(media / "clips" / "car-1080p.mp4", folder / "film.mp4", options.times)
        say_where()
        print(f"\ncar-1080p.mp4 {options.times} times over: {frames} frames\n")
        print("| | in all | processor | of the time |\n|---|---|---|---|")
        who = [f"--cast=1={actor}", "film.mp4"]
        show("analyse", run(folder, "analyse", "film.mp4"))
        show("analyse again", run(folder, "analyse", "film.mp4"))
        show("analyse anew", run(folder, "analyse", "film.mp4", "--reanalyse"))
        show(
            "swap, first run: analysed as it goes by",
            run(fresh(folder), "swap", actor, "film.mp4", "-o", "a.mp4"),
        )
        show("swap, second run", run(folder, "swap", actor, "film.mp4", "-o", "b.mp4"))
        show("swap by person, first run: analysed first", run(fresh(folder), "swap", *who, "-o", "c.mp4"))
        show("swap by person, second run", run(folder, "swap", *who, "-o", "d.mp4", "--likeness=0.5"))
        show("preview by person, first", run(fresh(folder), "preview", *who, "-o", "e.png"))
        show("preview by person, then", run(folder, "preview", *who, "-o", "f.png", "--at=0.9"))
        run(folder, "swap", *who, "-o", "g.mp4", signal_at=frames * 9 // 10)
        show("retry after a kill at 90 %", run(folder, "swap", *who, "-o", "g.mp4"))


def fresh(folder: Path) -> Path:
    """The folder without any analysis."""
    for kept in (folder / "home" / "analyses").glob("*/*"):
        kept.unlink()
    return folder


if __name__ == "__main__":
    main()
