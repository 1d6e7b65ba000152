"""Train the classifier that tells faces with glasses from bare ones, and print how far it can be trusted.

    pip install scikit-learn
    python scripts/train_glasses.py SHARED/media src/understudy/vision/glasses.npz

Glasses are drawn on synthetic people (``draw_glasses.py``); the same people bare, with frowns, brows, make-up, strands
and shadows (``draw_distractions.py``), are the counterexamples. Each person is judged by a classifier that has never
seen that person. The two who truly wear glasses are never learnt from: they show whether what was learnt on drawings
holds. The threshold lies above every view of every bare person. Takes some minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from draw_distractions import draw_distractions, photograph
from draw_glasses import Base, draw_glasses
from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.types import FloatArray
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.media.read import VideoReader
from understudy.vision.canonical import Canonical, load_canonical
from understudy.vision.glasses import ROWS_COLUMNS_ANGLES, eye_patch, gradient_histograms
from understudy.vision.select import ranked

WEARERS = ("man-95", "woman-69")
FACE = 256.0  # working width of a face in pixels
CANVAS = (410, 290)
SAMPLES = 12_000
WIDTHS = (300, 160, 100, 80, 60, 45)
MARGIN = 0.5  # of the threshold, above the highest score of a bare face
DEMO = Path(__file__).parent.parent / "src/understudy/app/data"

Pixels = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("media", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    canonical = load_canonical()
    people = list(photos(options.media))
    bases = [prepared(*each) for each in people if each[0] not in WEARERS]
    features, worn, who = synthesise(canonical, bases, np.random.default_rng(468))
    held = held_out(features, worn, who)
    real = {name: [] for name, _, _ in people}
    whole = fitted(features, worn)
    for name, pixels, landmarks in people:
        weights, bias = held.get(name, whole)
        for picture, points in views(canonical, pixels, landmarks):
            real[name].append(float(described(canonical, picture, points) @ weights) + bias)
    threshold = MARGIN + max(max(scores) for name, scores in real.items() if name not in WEARERS)
    report(held, features, worn, who, real, threshold)
    weights, bias = whole
    np.savez_compressed(options.output, weights=weights, bias=np.float32(bias - threshold))
    print(f"{options.output}: {len(worn)} samples, threshold {threshold:.2f}")


def photos(media: Path) -> Iterator[tuple[str, Pixels, FloatArray]]:
    """Who, BGR, landmarks: of each portrait, of the package's composites and of each frame of the clip."""
    found = find_folders()
    engine = Engine(load_settings(found), found)

    def seen(name: str, frame: Frame) -> tuple[str, Pixels, FloatArray]:
        landmarks = engine.landmarker.refine(frame, ranked(engine.detector.detect(frame))[0]).landmarks
        assert landmarks is not None
        return name, frame.bgr(), landmarks

    for path in [*sorted((media / "portraits").glob("*.jpg")), *sorted(DEMO.glob("*.jpg"))]:
        yield seen(path.stem, read_image(path).frame)
    for frame in VideoReader(media / "clips" / "car-1080p.mp4"):
        yield seen("the clip", frame)


def face_width(landmarks: FloatArray) -> float:
    return float(np.linalg.norm(landmarks[454, :2] - landmarks[234, :2]))


def prepared(name: str, pixels: Pixels, landmarks: FloatArray) -> Base:
    """The face cut out at the working size."""
    scale = FACE / face_width(landmarks)
    corner = np.array([CANVAS[0] / 2, CANVAS[1] / 2]) - landmarks[168, :2] * scale
    source = cv2.GaussianBlur(pixels, (0, 0), 0.45 / scale) if scale < 1 else pixels
    cut = cv2.warpAffine(
        source,
        np.array([[scale, 0, corner[0]], [0, scale, corner[1]]]),
        CANVAS,
        borderMode=cv2.BORDER_REPLICATE,
    )
    points = landmarks * scale
    points[:, :2] += corner
    return Base(name, cut.astype(np.float32), points.astype(np.float32))


def mirrored(canonical: Canonical, pixels: Pixels, landmarks: FloatArray) -> tuple[Pixels, FloatArray]:
    points = landmarks[canonical.mirror] * (-1, 1, 1) + (pixels.shape[1] - 1, 0, 0)
    return np.ascontiguousarray(pixels[:, ::-1]), points.astype(np.float32)


def synthesise(
    canonical: Canonical, bases: list[Base], random: np.random.Generator
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.str_]]:
    """Features, whether glasses were drawn, and on whom; everybody equally often."""
    people = sorted({base.person for base in bases})
    features, worn = [], random.random(SAMPLES) < 0.5
    who = np.array([people[number % len(people)] for number in range(SAMPLES)])
    for name, wears in zip(who, worn, strict=True):
        choice = [base for base in bases if base.person == name]
        base = choice[random.integers(len(choice))]
        if random.random() < 0.5:
            base = Base(name, *mirrored(canonical, base.pixels, base.landmarks))
        if random.random() < 0.75:
            base = draw_distractions(canonical, base, random)
        pixels = draw_glasses(canonical, base, random) if wears else base.pixels
        features.append(described(canonical, *photograph(base, pixels, random)))
    return np.stack(features), worn, who


def described(canonical: Canonical, pixels: Pixels, landmarks: FloatArray) -> FloatArray:
    return gradient_histograms(eye_patch(canonical, Frame.from_bgr(pixels), landmarks))


def fitted(features: FloatArray, worn: NDArray[np.bool_]) -> tuple[FloatArray, float]:
    """Weights and bias, made equal for mirror images."""
    model = LogisticRegression(C=0.1, max_iter=200).fit(features.astype(np.float64), worn)
    rows, columns, angles = ROWS_COLUMNS_ANGLES
    cells = model.coef_.reshape(rows, columns, angles)
    # A mirror turns the direction t into half a turn less t.
    other = cells[:, ::-1, (angles // 2 - np.arange(angles)) % angles]
    return ((cells + other) / 2).ravel().astype(np.float32), float(model.intercept_[0])


def held_out(
    features: FloatArray, worn: NDArray[np.bool_], who: NDArray[np.str_]
) -> dict[str, tuple[FloatArray, float]]:
    """For each person the classifier learnt from all others."""
    return {str(name): fitted(features[who != name], worn[who != name]) for name in np.unique(who)}


def views(canonical: Canonical, pixels: Pixels, landmarks: FloatArray) -> Iterator[tuple[Pixels, FloatArray]]:
    """A photo at many sizes, mirrored, tilted, and foreshortened as by a slight turn."""
    for image, points in ((pixels, landmarks), mirrored(canonical, pixels, landmarks)):
        for width in WIDTHS:
            for tilt, narrow in ((0.0, 1.0), (0.25, 1.0), (-0.15, 0.9)):
                scale = width / face_width(points)
                turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
                linear = scale * turn @ np.diag([narrow, 1])
                middle = np.array([width, width])
                matrix = np.column_stack([linear, middle - linear @ points[168, :2]])
                soft = cv2.GaussianBlur(image, (0, 0), 0.45 / scale) if scale < 1 else image
                view = cv2.warpAffine(soft, matrix, (2 * width, 2 * width), borderMode=cv2.BORDER_REPLICATE)
                moved = points.copy()
                moved[:, :2] = points[:, :2] @ linear.T + matrix[:, 2]
                yield np.asarray(view, np.uint8), moved


def report(
    held: dict[str, tuple[FloatArray, float]],
    features: FloatArray,
    worn: NDArray[np.bool_],
    who: NDArray[np.str_],
    real: dict[str, list[float]],
    threshold: float,
) -> None:
    scores = np.array([row @ held[name][0] + held[name][1] for row, name in zip(features, who, strict=True)])
    found = scores > threshold
    print(
        f"drawn glasses found: {found[worn].mean():.1%}; "
        f"false alarms with drawn distractions: {found[~worn].mean():.2%}"
    )
    for name in sorted(real, key=lambda each: -max(real[each])):
        views, low, high = len(real[name]), min(real[name]), max(real[name])
        share = np.mean(np.array(real[name]) > threshold)
        print(
            f"{name:14} {views:4} views, scores {low:6.2f} to {high:6.2f}, said to wear glasses {share:.1%}"
        )


if __name__ == "__main__":
    main()
