"""How often the content gate is wrong about what is innocent, at the default policy.

Portraits and films are looked at as targets, and swapped, so that results are looked at too. So are pictures of nothing
in the colours of skin (``tests/skin.py``), which are made to be mistaken, and frames with flat ovals, which are.

    python benchmarks/gate_false_alarms.py [MEDIA, default ../shared/media] [--textures 500]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from skin import skin_textures
from understudy.app.engine import Engine
from understudy.app.request import plan_swap
from understudy.app.service import run
from understudy.app.settings import find_folders, load_settings
from understudy.core.errors import Blocked
from understudy.media.frame import Frame
from understudy.media.read import VideoReader
from understudy.safety.guard import Guard
from understudy.safety.look import Place


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).parents[2] / "shared" / "media"
    parser.add_argument("media", type=Path, nargs="?", default=beside)
    parser.add_argument("--textures", type=int, default=500)
    parser.add_argument("--ovals", type=int, default=200)
    options = parser.parse_args()
    portraits = sorted((options.media / "portraits").glob("*.jpg"))
    films = sorted((options.media / "clips").glob("*.mp4"))
    with tempfile.TemporaryDirectory() as name:
        folder, found = Path(name), find_folders()
        engine = Engine(
            load_settings(found), replace(found, evidence=folder / "evidence", appeals=folder / "appeals")
        )
        for _ in engine.gate.prepare():
            pass
        guard = engine.gate.guard
        print(f"{', '.join(name for name, _ in guard.terms.models)}; policy {guard.terms.policy.name}")
        told("portraits", alarms_over(guard, (Frame.from_bgr(cv2.imread(str(path))) for path in portraits)))
        told("every frame of the films", alarms_over(guard, (f for path in films for f in VideoReader(path))))
        told(
            "skin-coloured textures", alarms_over(guard, map(Frame.from_bgr, skin_textures(options.textures)))
        )
        told("flat ovals on film frames", alarms_over(guard, ovals(films, options.ovals)))
        pairs = list(zip(portraits, [*portraits[1:], portraits[0]], strict=True))
        told("swaps of two portraits", alarms_of_swaps(engine, pairs, folder / "out.png"))
        told(
            "swaps into films",
            alarms_of_swaps(engine, [(portraits[0], film) for film in films], folder / "out.mp4"),
        )


def told(what: str, alarms: Iterable[str | None]) -> None:
    every = list(alarms)
    false = [alarm for alarm in every if alarm is not None]
    print(f"{what:26} {len(false)} of {len(every)}", *false, sep="\n    ", flush=True)


def alarms_over(guard: Guard, pictures: Iterable[Frame]) -> Iterator[str | None]:
    """Of each picture what it is blocked for, or nothing."""
    for number, picture in enumerate(pictures):
        sample = guard.inspector.look(Place("target", str(number)), picture, ())
        try:
            guard.allow([sample], {"target"}, str(number))
        except Blocked as error:
            yield error.message
        else:
            yield None


def ovals(films: Iterable[Path], count: int) -> Iterator[Frame]:
    """Frames of films with a flat oval in a colour of skin somewhere."""
    random = np.random.default_rng(0)
    frames = [frame.bgr() for film in films for frame in VideoReader(film)]
    for index in range(count):
        picture = np.array(frames[index % len(frames)])
        size = int(random.integers(20, picture.shape[0] // 3))
        middle = [int(random.integers(size, side - size)) for side in (picture.shape[1], picture.shape[0])]
        tone = np.array((120, 150, 200)) * random.uniform(0.4, 1.2)
        cv2.ellipse(picture, middle, (int(size * 0.8), size), 0, 0, 360, tone.tolist(), -1, cv2.LINE_AA)
        yield Frame.from_bgr(picture)


def alarms_of_swaps(engine: Engine, pairs: Iterable[tuple[Path, Path]], output: Path) -> Iterator[str | None]:
    """The same of whole jobs: actor, target and result."""
    for actor, target in pairs:
        try:
            for _ in run(plan_swap(actor, target, output, overwrite=True), engine):
                pass
        except Blocked as error:
            yield f"{actor.name} on {target.name}: {error.message}"
        else:
            yield None


if __name__ == "__main__":
    main()
