"""Who is where in the truth set: the product's analysis beside detection frame by frame, as roop does it.

Scenes are those of tests/corpus/truth_scenes.py, 1920 × 1080; what the columns mean is said in truth_scores.py. "IDSW"
is over the film, "in shots" within each shot alone: what follows faces without an embedder cannot know who comes back
after a cut. "Passed on" counts identities that went over to somebody else. "Whole" and "parts" are searches of whole
pictures and of parts for 1,000 frames; core-ms is processor time of all threads for a frame, without drawing or
decoding it.

Frame by frame, a face is either who stands at its place from left to right, or who of the people of the scene, as they
look when they are first seen, it is most like.

    pip install motmetrics    (the dependency group "benchmarks")
    python benchmarks/tracking.py [SCENE ...] [--speed]
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(1, str(Path(__file__).parent.parent / "tests" / "corpus"))

from truth_methods import Counted, Take, draw, follow, per_frame, recognise, references
from truth_people import read_people
from truth_scenes import SCENES, scene
from truth_scores import Film, Found, Motion, accumulate, measure_motion, missed

from people import arguments, say_where
from understudy.app.analysis import analyse_whole
from understudy.app.content import content_of
from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.types import Face
from understudy.media.frame import Frame
from understudy.media.read import VideoReader

_LONG = 720
METHODS = ("per frame, order", "per frame, reference", "ours, no embedder", "ours, dlib")
HEAD = (
    "| | IDF1 | IDSW | in shots | passed on | fragments | missed | invented | error px | jitter px | lag px "
    "| whole | parts | core-ms |"
)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a method made of a scene."""

    film: Film
    whole: int
    parts: int
    seconds: float

    @property
    def motion(self) -> Motion:
        return measure_motion(self.film)


def run(engine: Engine, take: Take, embedder: bool) -> dict[str, Outcome]:
    """All methods on one scene."""
    outcomes: dict[str, Outcome] = {}

    def measured(name: str, method: Callable[[Counted], list[list[Found]]], before: float = 0.0) -> None:
        detector = Counted(engine.detector)
        start = time.process_time()
        found = method(detector)
        seconds = time.process_time() - start + before
        outcomes[name] = Outcome(Film(take.truth, take.shots, found), detector.whole, detector.parts, seconds)

    faces: list[list[Face]] = []

    def in_order(detector: Counted) -> list[list[Found]]:
        faces.extend(per_frame(take.frames, detector, engine.landmarker))
        return [[Found(i, face.landmarks[:, :2]) for i, face in enumerate(row)] for row in faces]

    measured(METHODS[0], in_order)
    first = outcomes[METHODS[0]]
    measured(METHODS[2], lambda detector: follow(take.frames, detector, engine.landmarker, None))
    if embedder:
        known = references(take, faces, engine.identity)
        measured(METHODS[1], lambda _: recognise(take, faces, known, engine.identity), first.seconds)
        outcomes[METHODS[1]] = Outcome(
            outcomes[METHODS[1]].film, first.whole, 0, outcomes[METHODS[1]].seconds
        )
        measured(
            METHODS[3], lambda detector: follow(take.frames, detector, engine.landmarker, engine.identity)
        )
    return {name: outcomes[name] for name in METHODS if name in outcomes}


def table(outcomes: dict[str, list[Outcome]]) -> None:
    """One row a method, over these scenes together."""
    from motmetrics import metrics

    print(HEAD + "\n" + "|---" * HEAD.count("|", 1) + "|")
    host = metrics.create()
    wanted = ["idf1", "num_switches", "num_transfer", "num_fragmentations"]
    for name, parts in outcomes.items():
        films = [part.film for part in parts]
        names = [str(index) for index in range(len(films))]
        over = host.compute_many(
            [accumulate(film) for film in films], metrics=wanted, names=names, generate_overall=True
        )
        scores = over.loc["OVERALL"]
        shots = [accumulate(film, shot) for film in films for shot in sorted(set(film.shots))]
        inside = host.compute_many(shots, metrics=["num_switches"], names=list(map(str, range(len(shots)))))
        lost, wrong = np.sum([missed(film) for film in films], 0)
        frames = sum(len(film.shots) for film in films)
        motions = [part.motion for part in parts]
        cells = [
            f"{100 * scores['idf1']:.1f} %",
            f"{scores['num_switches']:.0f}",
            f"{inside['num_switches'].sum():.0f}",
            f"{scores['num_transfer']:.0f}",
            f"{scores['num_fragmentations']:.0f}",
            f"{100 * lost / max(sum(film.seen for film in films), 1):.2f} %",
            f"{wrong}",
            _pixels(_square_mean([(m.error, m.faces) for m in motions])),
            _pixels(_square_mean([(m.jitter, m.faces) for m in motions])),
            _pixels(max((m.lag for m in motions if m.lag is not None), key=abs, default=None)),
            f"{1000 * sum(part.whole for part in parts) / frames:.0f}",
            f"{1000 * sum(part.parts for part in parts) / frames:.0f}",
            f"{1000 * sum(part.seconds for part in parts) / frames:.1f}",
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def _square_mean(values: Sequence[tuple[float | None, int]]) -> float | None:
    known = [(value * value, count) for value, count in values if value is not None]
    return float(np.sqrt(np.average([v for v, _ in known], weights=[n for _, n in known]))) if known else None


def _pixels(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def measure_speed(engine: Engine, film: Path, rounds: int) -> None:
    """Decoding alone, and what ``understudy analyse`` does with a film of which nothing is known."""
    content = content_of(film)
    walls, cores, decode = [], [], []
    for _ in range(rounds):
        start = time.process_time()
        count = sum(1 for _ in VideoReader(film))
        decode.append((time.process_time() - start) / count)
        start, began = time.process_time(), time.perf_counter()
        for _ in analyse_whole(film, engine, content, renew=True):
            pass
        cores.append((time.process_time() - start) / count)
        walls.append((time.perf_counter() - began) / count)
    print(
        f"| {film.stem} | {count} | {1000 * min(decode):.1f} | {1000 * min(cores):.1f} | {1 / min(walls):.1f} | "
        f"{1 / min(walls) / 24:.2f} |"
    )


def encode(name: str, frames: Sequence[Frame], folder: Path) -> Path:
    """A film of half a minute: the frames there and back, again and again."""
    path = folder / f"{name}.mp4"
    turns = itertools.cycle([*frames, *reversed(frames)])
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24, options={"crf": "18", "preset": "medium"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for frame in itertools.islice(turns, _LONG):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame.bgr(), format="bgr24")))
        out.mux(stream.encode(None))
    return path


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(one.name for one in SCENES))
    parser.add_argument("--no-embedder", action="store_true", help="leave out what needs dlib")
    parser.add_argument("--speed", action="store_true", help="only the time of analysis, decoding included")
    options: argparse.Namespace = parser.parse_args()
    folders = find_folders()
    engine = Engine(load_settings(folders).model_copy(update={"keep_analyses": False}), folders)
    for _ in engine.prepare():
        pass
    say_where()
    media = options.shared / "media"
    people = read_people(engine.detector, engine.landmarker, media if media.is_dir() else None)
    if options.speed:
        if (load := os.getloadavg()[0]) > 0.5:
            print(f"Others use this machine (load {load:.1f}): frames a second say little, core-ms more.")
        print(
            "\n| film | frames | decode core-ms | all core-ms | fps | times 24 fps |\n|---|---|---|---|---|---|"
        )
        with tempfile.TemporaryDirectory() as folder:
            for name in options.scenes or ["return", "rest"]:
                measure_speed(engine, encode(name, draw(name, people).frames, Path(folder)), 3)
            for clip in sorted((media / "clips").glob("*-1080p.mp4")):
                measure_speed(engine, encode(clip.stem, list(VideoReader(clip)), Path(folder)), 3)
        return
    together: dict[str, list[Outcome]] = {}
    for name in options.scenes or [one.name for one in SCENES]:
        outcomes = run(engine, draw(name, people), not options.no_embedder)
        print(f"\n### {name}: {scene(name).about}\n")
        table({method: [outcome] for method, outcome in outcomes.items()})
        for method, outcome in outcomes.items():
            together.setdefault(method, []).append(outcome)
    print("\n### all scenes (lag: the worst)\n")
    table(together)


if __name__ == "__main__":
    main()
