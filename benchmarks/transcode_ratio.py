"""How fast the pipeline is, as a share of the plain transcode of the same film.

The plain transcode is decode → encode on planes with the same codec, preset, crf and threads. Ours is the whole render:
analysis, swap, segments that are hashed and synced, their join, and the rename. "Straight" is the same without
segments, which shows what these cost. All run several times in turns; medians are compared, with the time to the first
frame taken off.

    python benchmarks/transcode_ratio.py CLIP [--swapper identity|work|mesh] [--actor PHOTO]
"""

from __future__ import annotations

# First: what it puts into the environment counts when NumPy is loaded.
import understudy  # isort: skip  # noqa: F401

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import av
import cv2
import numpy as np

from gates import allowed, passing
from signing import signing_key
from understudy.app.actor import read_actor
from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.plan import Content, Look, ResolvedPlan, VideoOutput, VideoSource
from understudy.core.system import usable_cpus
from understudy.core.types import Face, Region, TrackedFace
from understudy.execution.local import LocalExecutor
from understudy.media.encoders import choose_encoder
from understudy.media.frame import Frame
from understudy.media.read import VideoReader
from understudy.media.write import VideoWriter
from understudy.render.build import Cast, Limits
from understudy.render.run import Analysis, render
from understudy.render.steps import Row, Swapped, Work


@dataclass(frozen=True)
class Run:
    """One measurement; the first frame is the start-up and does not count."""

    frames: int
    seconds: float
    core_seconds: float

    @property
    def fps(self) -> float:
        return (self.frames - 1) / self.seconds

    @property
    def core_ms(self) -> float:
        return 1000 * self.core_seconds / (self.frames - 1)


class Clock:
    """Starts at the first frame that comes out of the encoder's input."""

    def __init__(self) -> None:
        self.frames = 0
        self._wall = self._core = 0.0

    def tick(self) -> None:
        self.frames += 1
        if self.frames == 1:
            self._wall, self._core = time.perf_counter(), time.process_time()

    def stop(self) -> Run:
        return Run(self.frames, time.perf_counter() - self._wall, time.process_time() - self._core)


def looped(clip: Path, folder: Path, frames: int) -> Path:
    """The clip's packets again and again, until it has at least so many frames."""
    out_path = folder / f"looped-{frames}.mp4"
    with av.open(f"file:{clip}") as source, av.open(f"file:{out_path}", "w") as out:
        stream = source.streams.video[0]
        new = out.add_stream_from_template(stream, opaque=True)
        packets = [
            (bytes(packet), packet.pts, packet.dts, packet.duration, packet.is_keyframe)
            for packet in source.demux(stream)
            if packet.size
        ]
        length = max(pts + duration for _, pts, _, duration, _ in packets)
        for round_ in range(-(-frames // len(packets))):
            for data, pts, dts, duration, key in packets:
                packet = av.Packet(data)
                packet.pts, packet.dts, packet.duration = (
                    pts + round_ * length,
                    dts + round_ * length,
                    duration,
                )
                packet.time_base, packet.is_keyframe = stream.time_base, key
                packet.stream = new
                out.mux(packet)
    return out_path


def plain_transcode(source: Path, target: Path) -> Run:
    """What a program does that changes nothing: PyAV alone, on planes, in one loop."""
    info = VideoReader(source).info
    encoding = choose_encoder("libx264", info, "mp4")
    clock = Clock()
    with av.open(f"file:{source}") as given, av.open(f"file:{target}", "w", format="mp4") as out:
        decoder = given.streams.video[0]
        decoder.thread_type = "AUTO"
        encoder = out.add_stream(encoding.codec, rate=info.average_rate, options=dict(encoding.options))
        encoder.codec_context.width, encoder.codec_context.height = info.stored_width, info.stored_height
        encoder.codec_context.pix_fmt = encoding.pixel_format
        encoder.codec_context.time_base = info.time_base or Fraction(1, 90000)
        for frame in given.decode(decoder):
            clock.tick()
            frame.pict_type = 0
            out.mux(encoder.encode(frame))
        out.mux(encoder.encode(None))
    return clock.stop()


def pipeline(analyse: Analysis, swapper: Any, actor: Any) -> Callable[[Path, Path], Run]:
    """The product's own render with a given engine."""
    plan = ResolvedPlan(
        target=Content(sha256="0" * 64, size=1, media_type="video/mp4"),
        source=VideoSource(path=Path("target")),
        look=Look(),
        models=(),
        output=VideoOutput(encoder="libx264", overwrite=True),
        software="benchmark",
    )

    def run(source: Path, target: Path) -> Run:
        clock = Clock()
        executor = LocalExecutor(Limits(target.parent / "renders"))
        # The content gate's evidence counts as known: see gate_cost.py.
        cast = Cast(analyse, Work(swapper, [actor]), passing(), signing_key())
        for step in executor.run(plan, source, target, cast):
            if step.stage == "render" and step.done:
                clock.tick()
        return clock.stop()

    return run


def straight(analyse: Analysis, swapper: Any, actor: Any) -> Callable[[Path, Path], Run]:
    """The same render into one file, without segments."""

    def run(source: Path, target: Path) -> Run:
        reader = VideoReader(source)
        writer = VideoWriter(target, reader.info, choose_encoder("libx264", reader.info, "mp4"), allowed())
        clock = Clock()
        for _ in render(reader, analyse, Work(swapper, [actor]), _Straight(writer)):
            clock.tick()
        return clock.stop()

    return run


class _Straight:
    """A film's writer as a render's sink."""

    def __init__(self, writer: VideoWriter) -> None:
        self._writer = writer
        self.drain, self.finish, self.abort = writer.drain, writer.finish, writer.abort

    def write(self, done: Swapped) -> None:
        self._writer.write(done.frame)


BOX = Region(760, 240, 400, 400)


@dataclass(frozen=True, eq=False)
class _Patch:
    region: Region
    bgr: Any
    mask: Any


def one_face(frames: Iterable[Frame]) -> Iterator[Row]:
    """Analysis that knows where the face is."""
    box = np.array([BOX.x, BOX.y, BOX.right, BOX.bottom], np.float32)
    face = TrackedFace(0, Face(box, 1.0, np.zeros((5, 2), np.float32)))
    for frame in frames:
        yield frame, (face,)


class Identity:
    """Takes the face's region out and puts it back."""

    devices: Mapping[str, str] = {}

    def __init__(self) -> None:
        self._mask = np.zeros((BOX.height, BOX.width), np.uint8)
        cv2.ellipse(self._mask, (200, 200), (150, 190), 0, 0, 360, 255, -1)
        self._mask = cv2.GaussianBlur(self._mask, (0, 0), 12)

    def prepare(self, photos: Sequence[Any]) -> None:
        del photos

    def swap(self, picture: Frame, face: TrackedFace, actor: Any) -> _Patch:
        del face, actor
        return _Patch(BOX, picture.bgr(BOX), self._mask)


class Busy(Identity):
    """The same with 8 core-ms of image work, as an engine would have."""

    def swap(self, picture: Frame, face: TrackedFace, actor: Any) -> _Patch:
        patch = super().swap(picture, face, actor)
        start = time.thread_time()
        while time.thread_time() - start < 0.008:
            cv2.GaussianBlur(patch.bgr[:64, :128], (0, 0), 2)  # too small for OpenCV to use more threads
        return patch


def engines(name: str, actor: Path | None = None) -> tuple[Analysis, Any, Any]:
    """Analysis, swapper and prepared actor by name."""
    if name == "mesh":
        if actor is None:
            sys.exit("mesh needs --actor PHOTO")
        return mesh_engine(actor)
    return one_face, {"identity": Identity, "work": Busy}[name](), None


def mesh_engine(photo: Path) -> tuple[Analysis, Any, Any]:
    """The built-in engine, opened as the command line does."""
    folders = find_folders()
    engine = Engine(load_settings(folders), folders)
    look = Look(swapper="mesh")
    for _ in engine.prepare(look):
        pass
    swapper = engine.swapper(look)
    actor, _ = read_actor([photo], "largest", engine)
    return engine.analysis(), swapper, swapper.prepare(actor.faces)


def measure(clip: Path, name: str, actor_photo: Path | None, frames: int, rounds: int) -> float:
    analyse, swapper, actor = engines(name, actor_photo)
    kinds = {
        "plain": plain_transcode,
        "straight": straight(analyse, swapper, actor),
        "ours": pipeline(analyse, swapper, actor),
    }
    runs: dict[str, list[Run]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        source = looped(clip, Path(folder), frames)
        for index in range(rounds):
            for kind, work in kinds.items():
                run = work(source, Path(folder) / f"{kind}.mp4")
                runs[kind].append(run)
                print(
                    f"round {index + 1} {kind:8} {run.fps:6.1f} fps {run.core_ms:6.1f} core-ms",
                    file=sys.stderr,
                )
    fps = {kind: statistics.median(run.fps for run in done) for kind, done in runs.items()}
    core = {kind: statistics.median(run.core_ms for run in done) for kind, done in runs.items()}
    ratio = fps["ours"] / fps["plain"]
    print(f"{name}: {fps['ours']:.1f} of {fps['plain']:.1f} fps = {ratio:.3f}, load {os.getloadavg()[0]:.1f}")
    print(f"core-ms per frame: {core['ours']:.1f} against {core['plain']:.1f} on {usable_cpus()} cores")
    cost = statistics.median(
        a.seconds / b.seconds - 1 for a, b in zip(runs["ours"], runs["straight"], strict=True)
    )
    print(f"segments and their join cost {cost:+.1%} of the straight render's time")
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--swapper", choices=["identity", "work", "mesh"], default="work")
    parser.add_argument("--actor", type=Path, help="photo, for mesh")
    parser.add_argument("--frames", type=int, default=720)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--least", type=float, default=0.0, help="exit with 1 below this ratio")
    options = parser.parse_args()
    if measure(options.clip, options.swapper, options.actor, options.frames, options.rounds) < options.least:
        sys.exit(1)


if __name__ == "__main__":
    main()
