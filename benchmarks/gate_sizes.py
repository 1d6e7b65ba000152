"""How small somebody may be shown to the content gate's own weights: they know faces, and are shown small ones.

Portraits are scaled until their faces have so many pixels and put before a part of a film without people in it. The
sizes at which the policy shows a frame and a person follow from the answer.

    python benchmarks/gate_sizes.py [MEDIA, default ../shared/media]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.plan import Compute
from understudy.core.types import Region
from understudy.media.read import VideoReader
from understudy.models.pool import SessionPool
from understudy.safety.policy import load_policy
from understudy.vision.gate.families import open_gate
from understudy.vision.roles import BgrImage, Finding, Gate

_SIZES = (12, 16, 20, 24, 28, 32, 36, 40, 45, 51, 60)
_SIDE = 320
_COUNTED = 0.25


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).parents[2] / "shared" / "media"
    parser.add_argument("media", type=Path, nargs="?", default=beside)
    options = parser.parse_args()
    engine = Engine(load_settings(find_folders()), find_folders())
    for _ in engine.gate.prepare():
        pass
    gate = open_gate(engine.gate.specs[0], SessionPool(engine.cache, Compute(provider="cpu", threads=1)))
    film = next(iter(VideoReader(next((options.media / "clips").glob("*.mp4")))))
    behind = cv2.resize(film.bgr(Region(0, 0, 400, 120)), (_SIDE, _SIDE))
    people = [cv2.imread(str(path)) for path in sorted((options.media / "portraits").glob("*.jpg"))]
    heights = [_height(gate, person) for person in people]
    print("face, pixels   found   score, median")
    for size in _SIZES:
        scores = [
            _score(gate, _before(behind, person, size / height))
            for person, height in zip(people, heights, strict=True)
        ]
        found = sum(score >= _COUNTED for score in scores)
        print(f"{size:12} {found:3} of {len(scores)} {np.median(scores):12.2f}", flush=True)
    views = load_policy().views
    print(f"A person of 7.5 faces, cut out at {views.person} pixels, has a face of {views.person / 7.5:.0f}.")


def _faces(gate: Gate, picture: BgrImage) -> list[Finding]:
    return [hit for hit in gate.look(picture, max(picture.shape[:2])) if hit.label in gate.faces and hit.box]


def _height(gate: Gate, portrait: BgrImage) -> float:
    """Of the face, in the portrait's own pixels."""
    scale = 640 / max(portrait.shape[:2])
    shown = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    box = max(_faces(gate, shown), key=lambda hit: hit.score).box
    assert box is not None
    return (box[3] - box[1]) / scale


def _before(behind: BgrImage, portrait: BgrImage, scale: float) -> BgrImage:
    """A portrait, scaled, at the lower edge of a picture."""
    small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:_SIDE, :_SIDE]
    height, width = small.shape[:2]
    picture, left = behind.copy(), (_SIDE - width) // 2
    picture[_SIDE - height :, left : left + width] = small
    return picture


def _score(gate: Gate, picture: BgrImage) -> float:
    return max((hit.score for hit in _faces(gate, picture)), default=0.0)


if __name__ == "__main__":
    main()
