"""Learn what faces look like and what is in front of them, and print how far that can be trusted.

    python scripts/train_occlusion.py SHARED/media src/understudy/vision/swap/mesh/skin.npz [--held-out FILE]

Things are drawn (``draw_occluders.py``) in front of synthetic people; the same people bare, with make-up, shut eyes,
shadows and strands (``draw_distractions.py``), are the counterexamples. Each person is judged by what was learnt from
all others. ``benchmarks/occlusion.py`` prints what becomes of it in pictures. Takes some minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from draw_distractions import draw_distractions
from draw_glasses import Base
from draw_occluders import OCCLUDERS, draw_occluder
from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.types import Face, FloatArray
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.media.read import VideoReader
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import Landmarker
from understudy.vision.select import ranked
from understudy.vision.shape import face_width
from understudy.vision.swap.mesh.skin import SkinLook, SkinModel
from understudy.vision.swap.mesh.surface import GRID, Surface

FACE, CANVAS = 200.0, 460  # working width of a face and side of its picture, in pixels
DEMO = Path(__file__).parent.parent / "src/understudy/app/data"
CLIP_FRAMES = (0, 23)
# A cap, a scarf and hair reach into their faces: not learnt from.
COVERED = ("woman-73", "woman-82", "woman-87")
ROUNDS = 4  # pictures of each kind and person
HAND = 0.3  # weight of what looks like a face
BARE = 3.0  # weight of undrawn faces
RIDGE = 1e-3

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture's look, and where something is in front of the face.

    Attributes:
        person: Who.
        kind: What is in front; ``"bare"`` for nothing, ``"distracted"`` for nothing but distractions.
        look: What is seen.
        cover: (rows, columns) 0 to 1.
    """

    person: str
    kind: str
    look: SkinLook
    cover: FloatArray


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("media", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--held-out", type=Path, help="where to keep what was learnt without each person")
    options = parser.parse_args()
    canonical = load_canonical()
    blank = SkinModel(canonical, Surface.of(canonical), np.zeros((*GRID, 6), np.float32), np.zeros(0), 0.0)
    found = find_folders()
    engine = Engine(load_settings(found), found)
    bases = list(photos(options.media, engine))
    samples = [sample for base in bases for sample in drawn(blank, base, engine.landmarker)]
    held = held_out(blank, samples)
    report(held, samples)
    np.savez_compressed(options.output, **values(trained(blank, samples)))
    if options.held_out:
        named = {
            f"{name}/{key}": value for name, model in held.items() for key, value in values(model).items()
        }
        np.savez_compressed(options.held_out, **named)


def photos(media: Path, engine: Engine) -> Iterator[tuple[Base, Face]]:
    """Each portrait, the package's composites and two frames of the clip, at the working size."""
    frames = [(path.stem, read_image(path).frame) for path in sorted((media / "portraits").glob("*.jpg"))]
    frames += [(path.stem, read_image(path).frame) for path in sorted(DEMO.glob("*.jpg"))]
    reader = enumerate(VideoReader(media / "clips" / "car-1080p.mp4"))
    frames += [("the clip", frame) for number, frame in reader if number in CLIP_FRAMES]
    for name, frame in frames:
        face = engine.landmarker.refine(frame, ranked(engine.detector.detect(frame))[0])
        assert face.landmarks is not None
        scale = FACE / face_width(face.landmarks)
        corner = CANVAS / 2 - face.landmarks[4, :2] * scale
        pixels = frame.bgr()
        source = cv2.GaussianBlur(pixels, (0, 0), 0.45 / scale) if scale < 1 else pixels
        matrix = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
        cut = cv2.warpAffine(source, matrix, (CANVAS, CANVAS), borderMode=cv2.BORDER_REPLICATE)
        small = Frame.from_bgr(cut)
        moved = ranked(engine.detector.detect(small))[0]
        again = engine.landmarker.refine(small, moved)
        assert again.landmarks is not None
        yield Base(name, cut.astype(np.float32), again.landmarks), again


def drawn(blank: SkinModel, base: tuple[Base, Face], landmarker: Landmarker) -> Iterator[Sample]:
    """The face bare, distracted, and behind things; its landmarks are found again in each picture."""
    plain, face = base
    random = np.random.default_rng(list(plain.person.encode()))
    nothing = np.zeros(GRID, np.float32)
    yield Sample(plain.person, "bare", blank.observe(_frame(plain.pixels), plain.landmarks), nothing)

    def distracted() -> Pixels:
        return _coded(draw_distractions(blank.canonical, plain, random).pixels)

    for _ in range(2 * ROUNDS):
        frame = Frame.from_bgr(distracted())
        found = landmarker.refine(frame, face).landmarks
        assert found is not None
        yield Sample(plain.person, "distracted", blank.observe(frame, found), nothing)
    for kind in OCCLUDERS:
        for number in range(ROUNDS):
            pixels = _coded(plain.pixels) if number % 2 else distracted()
            pixels, cover = draw_occluder(kind, pixels, plain.landmarks, int(random.integers(1 << 30)))
            frame = Frame.from_bgr(pixels)
            found = landmarker.refine(frame, face).landmarks
            assert found is not None
            x, y = blank.surface.at_cells(found[:, :2]).T[..., None]
            cells = cv2.remap(cv2.GaussianBlur(cover, (0, 0), 2.0), x.copy(), y.copy(), cv2.INTER_LINEAR)
            yield Sample(
                plain.person, kind, blank.observe(frame, found), blank.surface.laid_out(cells)[..., 0]
            )


def trained(blank: SkinModel, samples: list[Sample]) -> SkinModel:
    """What people look like, and the classifier."""
    samples = [sample for sample in samples if sample.person not in COVERED]
    bare = [sample.look for sample in samples if sample.kind == "bare"]
    people = expected(bare)
    model = SkinModel(blank.canonical, blank.surface, people, blank.weights, 0.0)
    rows, answers, trust = [], [], []
    for sample in samples:
        clear = (sample.cover < 0.02) | (sample.cover > 0.7)
        here = blank.surface.middle & (sample.look.seen > 0.3) & clear
        covered = sample.cover[here] > 0.5
        rows.append(model.features(sample.look, people).T[here[model.surface.inside]])
        answers.append(covered)
        weight = HAND if sample.kind == "hand" else 1.0
        trust.append(np.where(covered, weight, BARE if sample.kind == "bare" else 1.0))
    weights, bias = classifier(np.concatenate(rows), np.concatenate(answers), np.concatenate(trust))
    return SkinModel(blank.canonical, blank.surface, people, weights, bias)


def expected(bare: list[SkinLook]) -> FloatArray:
    """(rows, columns, 6) median over people and their mirror images, and what a quarter of them exceeds."""
    rest = np.stack([look.rest for look in bare] + [look.rest[:, ::-1] for look in bare])
    seen = np.stack([look.seen for look in bare] + [look.seen[:, ::-1] for look in bare]) > 0.3
    hidden = ~np.broadcast_to(seen[..., None], rest.shape)
    shown = np.ma.MaskedArray(rest, hidden)
    mean = np.ma.median(shown, 0).filled(0)
    away = np.where(hidden, np.nan, np.abs(rest - mean))
    away[:, ~seen.any(0)] = (0.3, 8, 8)
    spread = cv2.dilate(np.nanpercentile(away, 75, axis=0).astype(np.float32), np.ones((3, 3), np.uint8))
    least = np.array([0.08, 2, 2], np.float32)
    return np.concatenate([mean, np.maximum(cv2.GaussianBlur(spread, (0, 0), 1), least)], -1).astype(
        np.float32
    )


def classifier(
    rows: FloatArray, answers: NDArray[np.bool_], trust: NDArray[np.float64]
) -> tuple[FloatArray, float]:
    """Weights and bias of a logistic regression, by Newton's method."""
    mean, spread = rows.mean(0), rows.std(0) + 1e-6
    known = np.column_stack([(rows - mean) / spread, np.ones(len(rows))]).astype(np.float64)
    ridge = np.eye(known.shape[1]) * RIDGE * trust.sum() / 10
    ridge[-1, -1] = 0
    weights = np.zeros(known.shape[1])
    for _ in range(12):
        odds = 1 / (1 + np.exp(-np.clip(known @ weights, -20, 20)))
        slope = trust * np.maximum(odds * (1 - odds), 1e-4)
        gain = known.T @ (trust * (answers - odds)) - ridge @ weights
        weights += np.linalg.solve((known * slope[:, None]).T @ known + ridge, gain)
    scaled = weights[:-1] / spread
    return scaled.astype(np.float32), float(weights[-1] - scaled @ mean)


def held_out(blank: SkinModel, samples: list[Sample]) -> dict[str, SkinModel]:
    """For each person what was learnt from five sixths of all people, and not from this one."""
    people = sorted({sample.person for sample in samples})
    models = {}
    for fold in range(6):
        held = people[fold::6]
        model = trained(blank, [sample for sample in samples if sample.person not in held])
        models |= dict.fromkeys(held, model)
    return models


def values(model: SkinModel) -> dict[str, NDArray[np.floating]]:
    """As the file has it."""
    return {
        "people": model.people.astype(np.float16),
        "weights": model.weights,
        "bias": np.array(model.bias, np.float32),
    }


def report(held: dict[str, SkinModel], samples: list[Sample]) -> None:
    """Print, for people who were held out, the share of cells above thresholds, by kind."""
    found: dict[str, list[FloatArray]] = {}
    for sample in samples:
        model = held[sample.person]
        here = model.surface.middle & (sample.look.seen > 0.3)
        if sample.kind in OCCLUDERS:
            here &= sample.cover > 0.7
        found.setdefault(sample.kind, []).append(model.doubt(sample.look)[here])
    for kind, scores in found.items():
        odds = np.concatenate(scores)
        shares = ", ".join(f"{np.mean(odds > least):7.2%} above {least}" for least in (0, 1, 2, 3, 4))
        print(f"{kind:11} {shares}")


def _frame(pixels: NDArray[np.float32]) -> Frame:
    return Frame.from_bgr(_coded(pixels))


def _coded(pixels: NDArray[np.float32]) -> Pixels:
    return np.clip(pixels + 0.5, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
