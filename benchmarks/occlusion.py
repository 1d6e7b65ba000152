"""What hides a face, found without a network: how much of it, and how much of bare faces by mistake.

    python scripts/train_occlusion.py SHARED/media skin.npz --held-out held-out.npz
    python benchmarks/occlusion.py SHARED/media --held-out held-out.npz [--rounds 2] [--out FOLDER]

Things (``scripts/draw_occluders.py``) are drawn in front of the portraits and of frames of the clip; faces are 240
pixels wide, and their landmarks found again behind the thing. Each person is judged by what was learnt without them;
without ``--held-out``, by the package's own model, which has seen them. "Alone" knows one frame; "track" has learnt
from eight bare pictures of the face in slightly different light.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.append(str(Path(__file__).parent.parent / "scripts"))
from draw_occluders import OCCLUDERS, draw_occluder
from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.types import Face, FloatArray, Region
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.media.read import VideoReader
from understudy.vision.canonical import load_canonical
from understudy.vision.select import ranked
from understudy.vision.shape import face_width
from understudy.vision.swap.mesh.occlusion import find_occlusion
from understudy.vision.swap.mesh.skin import SkinModel, load_skin

WIDTH, SIDE = 240.0, 520  # of the face and of the picture, in pixels
CLIP = "the clip"
HIDDEN = 0.02  # share of the face from which a thing is there at all, and found

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Person:
    """A bare face and how it is judged."""

    name: str
    pixels: Pixels
    face: Face
    landmarks: FloatArray
    skin: SkinModel

    @property
    def area(self) -> NDArray[np.bool_]:
        mask = np.zeros(self.pixels.shape[:2], np.uint8)
        outline = np.rint(self.landmarks[self.skin.canonical.oval, :2]).astype(np.int32)
        return np.asarray(cv2.fillPoly(mask, [outline], 1), np.bool_)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("media", type=Path)
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder for pictures of what was found")
    options = parser.parse_args()
    found = find_folders()
    engine = Engine(load_settings(found), found)
    everyone = list(people(options.media, options.held_out, engine))
    bare(everyone)
    known = {id(person): learnt(person) for person in everyone}
    print(f"{'kind':11} {'things':>6}  {'alone: found recall   IoU':>26}  {'track: found recall   IoU':>26}")
    for kind in OCCLUDERS:
        rows = []
        for number, person in enumerate([each for each in everyone if each.name != CLIP] * options.rounds):
            rows += list(judged(kind, number, person, known[id(person)], engine, options.out))
        values = np.array(rows)
        means = [
            f"{values[:, i].mean():12.0%} {values[:, i + 1].mean():6.0%} {values[:, i + 2].mean():6.2f}"
            for i in (0, 3)
        ]
        print(f"{kind:11} {len(rows):6}  {means[0]:>26}  {means[1]:>26}")


def people(media: Path, held_out: Path | None, engine: Engine) -> Iterator[Person]:
    """Each portrait, and each frame of the clip, cut out at the working size."""
    shipped = load_skin(load_canonical())
    models = {}
    if held_out:
        with np.load(held_out) as data:
            for name in {key.rpartition("/")[0] for key in data.files}:
                parts = [data[f"{name}/{key}"] for key in ("people", "weights", "bias")]
                models[name] = SkinModel(
                    shipped.canonical, shipped.surface, parts[0].astype(np.float32), parts[1], float(parts[2])
                )
    frames = [(path.stem, read_image(path).frame) for path in sorted((media / "portraits").glob("*.jpg"))]
    frames += [(CLIP, frame) for frame in VideoReader(media / "clips" / "car-1080p.mp4")]
    for name, frame in frames:
        first = engine.landmarker.refine(frame, ranked(engine.detector.detect(frame))[0]).landmarks
        assert first is not None
        scale = WIDTH / face_width(first)
        corner = SIDE / 2 - first[4, :2] * scale
        soft = cv2.GaussianBlur(frame.bgr(), (0, 0), 0.45 / scale) if scale < 1 else frame.bgr()
        matrix = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
        pixels = np.asarray(
            cv2.warpAffine(soft, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
        small = Frame.from_bgr(pixels)
        face = engine.landmarker.refine(small, ranked(engine.detector.detect(small))[0])
        assert face.landmarks is not None
        yield Person(name, pixels, face, face.landmarks, models.get(name, shipped))


def bare(everyone: list[Person]) -> None:
    """Print what of bare faces is taken for something else."""
    shares: dict[str, list[float]] = {}
    for person in everyone:
        alpha = hidden(person.skin, person.pixels, person.landmarks, None)
        shares.setdefault(person.name, []).append(float(alpha[person.area].mean()))
    film = shares.pop(CLIP)
    every = [share for (share,) in shares.values()]
    print(f"bare portraits: {np.mean(every):.2%} of {len(every)} faces, at the median {np.median(every):.2%}")
    for name, (share,) in shares.items():
        if share > 0:
            print(f"    {name} {share:.2%}")
    print(f"the clip: {np.mean(film):.2%} of {len(film)} faces, at most {max(film):.2%}")


def learnt(person: Person) -> FloatArray:
    """What is known of a track after eight looks in changing light."""
    random = np.random.default_rng(8)
    known = None
    for _ in range(8):
        ramp = np.linspace(*random.uniform(0.8, 1.15, 2), SIDE)[None, :, None]
        lit = person.pixels * ramp + random.normal(0, 3, person.pixels.shape)
        frame = Frame.from_bgr(np.clip(lit, 0, 255).astype(np.uint8))
        moved = (person.landmarks + random.normal(0, 1, 3) * (1, 1, 0)).astype(np.float32)
        known = person.skin.learn(known, person.skin.observe(frame, moved))
    assert known is not None
    return known


def judged(
    kind: str, number: int, person: Person, known: FloatArray, engine: Engine, out: Path | None
) -> Iterator[list[float]]:
    """Found, recall and intersection over union, alone and with the track; nothing where the face is hardly hidden."""
    pixels, cover = draw_occluder(kind, person.pixels, person.landmarks, 7000 + number)
    there = (cover > 0.5) & person.area
    if there.sum() < HIDDEN * person.area.sum():
        return
    landmarks = engine.landmarker.refine(Frame.from_bgr(pixels), person.face).landmarks
    assert landmarks is not None
    row, shown = [], [pixels]
    for memory in (None, known):
        alpha = hidden(person.skin, pixels, landmarks, memory)
        seen = (alpha > 0.5) & person.area
        both = float((seen & there).sum())
        row += [float(both > HIDDEN * person.area.sum()), both / there.sum(), both / (seen | there).sum()]
        shown.append(pixels * (1 - 0.6 * alpha[..., None]) + np.array([40, 255, 40]) * 0.6 * alpha[..., None])
    if out:
        out.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(
            str(out / f"{kind}-{person.name}-{number}.png"), np.hstack(shown).clip(0, 255).astype(np.uint8)
        )
    yield row


def hidden(skin: SkinModel, pixels: Pixels, landmarks: FloatArray, known: FloatArray | None) -> FloatArray:
    """(h, w) 0 to 1: how much of each pixel is left in front."""
    frame = Frame.from_bgr(pixels)
    found = find_occlusion(skin, frame, landmarks, skin.observe(frame, landmarks), known)
    if found is None:
        return np.zeros(pixels.shape[:2], np.float32)
    return 1 - found.over(Region(0, 0, pixels.shape[1], pixels.shape[0])).astype(np.float32) / 255


if __name__ == "__main__":
    main()
