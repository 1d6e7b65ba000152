"""Make the package's two people: averages of at least eight synthetic CC0 portraits each, who are nobody.

    python scripts/compose_people.py SHARED/media/portraits src/understudy/app/data

Every portrait is warped to its group's mean shape and the mean is taken in linear light; features that all share stay
sharp, everything that is somebody's own is averaged away. Hair, clothes and backgrounds do not average well: hair is
softened, a plain shirt and a plain background are put in.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.app.engine import Engine
from understudy.app.faces import find_faces
from understudy.app.settings import find_folders, load_settings
from understudy.core.geometry import apply_affine, fit_similarity
from understudy.core.types import FloatArray, Region
from understudy.vision.canonical import load_canonical
from understudy.vision.shape import face_width
from understudy.vision.swap.mesh.warp import displacement, warp

SIZE = 720


class Look(NamedTuple):
    """BGR colours of what does not average well."""

    background: tuple[int, int, int]
    shirt: tuple[int, int, int]


GROUPS = {
    "actor": "woman-00 woman-04 woman-36 woman-48 woman-58 woman-64 woman-76 woman-87 woman-42",
    "target": "man-04 man-10 man-27 man-32 man-36 man-61 man-72 man-83",
}
LOOKS = {"actor": Look((168, 160, 150), (92, 72, 66)), "target": Look((138, 146, 150), (86, 74, 58))}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("portraits", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--quality", type=int, default=92)
    options = parser.parse_args()
    found = find_folders()
    engine = Engine(load_settings(found), found)
    options.output.mkdir(parents=True, exist_ok=True)
    for name, members in GROUPS.items():
        people = [look(options.portraits / f"{member}.jpg", engine) for member in members.split()]
        composed = compose([image for image, _ in people], [points for _, points in people], LOOKS[name])
        path = options.output / f"{name}.jpg"
        cv2.imwrite(str(path), composed, [cv2.IMWRITE_JPEG_QUALITY, options.quality])
        print(f"{path}: {len(people)} people, {path.stat().st_size // 1000} kB")


def look(path: Path, engine: Engine) -> tuple[NDArray[np.uint8], FloatArray]:
    """A portrait and the landmarks of its largest face."""
    scene = find_faces(path, engine)
    face = max(scene.faces, key=lambda each: each.size)
    assert face.landmarks is not None
    return scene.picture.bgr(), face.landmarks


def compose(images: list[NDArray[np.uint8]], landmarks: list[FloatArray], look: Look) -> NDArray[np.uint8]:
    """The mean of several people on a plain background, (SIZE, SIZE, 3) BGR."""
    canonical = load_canonical()
    scale, origin = 0.44 * SIZE, np.array([SIZE / 2, 0.5 * SIZE])
    pattern = canonical.vertices[:, :2] * scale + origin
    placed = []
    for image, points in zip(images, landmarks, strict=True):
        for mirrored in (False, True):
            shown = np.ascontiguousarray(image[:, ::-1]) if mirrored else image
            moved = points.copy()
            if mirrored:
                moved = points[canonical.mirror]
                moved[:, 0] = image.shape[1] - 1 - moved[:, 0]
            onto = fit_similarity(moved[:, :2], pattern)
            zoom = float(np.hypot(onto[0, 0], onto[1, 0]))
            soft = cv2.GaussianBlur(shown, (0, 0), 0.5 * max(1 / zoom - 0.5, 0.01))
            placed.append(
                (
                    cv2.warpAffine(
                        soft, onto, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
                    ),
                    np.column_stack([apply_affine(onto, moved[:, :2]), moved[:, 2] * zoom]).astype(
                        np.float32
                    ),
                )
            )
    mean = np.mean([points for _, points in placed], 0).astype(np.float32)
    total = np.zeros((SIZE, SIZE, 3))
    for image, points in placed:
        delta = (mean - points)[:, :2]
        moved = displacement(canonical, mean, delta, Region(0, 0, SIZE, SIZE), face_width(mean))
        total += (warp(image, moved, 0.0) / 255.0) ** 2.2
    person = 255 * (total / len(placed)) ** (1 / 2.2)
    return before(person, mean, look)


def before(person: NDArray[np.float64], points: FloatArray, look: Look) -> NDArray[np.uint8]:
    """The person in a plain shirt before a plain background; what is not face gets softer with the distance."""
    canonical = load_canonical()
    width, middle, chin = face_width(points), points[:, :2].mean(0), points[152, :2]
    face = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(face, [points[canonical.oval, :2].astype(np.int32)], 1)
    away = cv2.distanceTransform(1 - face, cv2.DIST_L2, 5)[..., None] / width
    for sigma, start in ((0.02, 0.02), (0.05, 0.08), (0.09, 0.16)):
        share = np.clip((away - start) / 0.08, 0, 1)
        person = person * (1 - share) + cv2.GaussianBlur(person, (0, 0), sigma * width) * share
    rows = np.linspace(1.06, 0.9, SIZE)[:, None, None]
    picture = np.array(look.background) * rows
    neck = outline(
        chin + width * np.array([[-0.33, -0.4], [0.33, -0.4], [0.36, 0.5], [-0.36, 0.5]]), 0.03 * width
    )
    picture = picture * (1 - neck) + person * neck
    collar = [
        (-0.36, 0.16),
        (-0.2, 0.3),
        (0, 0.35),
        (0.2, 0.3),
        (0.36, 0.16),
        (0.7, 0.3),
        (1.25, 0.48),
        (1.5, 2),
    ]
    collar += [(-1.5, 2), (-1.25, 0.48), (-0.7, 0.3)]
    shirt = outline(chin + width * np.array(collar), 0.012 * width)
    picture = picture * (1 - shirt) + np.array(look.shirt) * rows * shirt
    turns = np.linspace(0, 2 * np.pi, 60)
    ring = np.stack([0.545 * np.cos(turns), 0.80 * np.sin(turns) - 0.17], 1)
    head = outline(middle + width * ring, 0.035 * width)
    below = np.clip((np.arange(SIZE) - chin[1] + 0.02 * width) / (0.04 * width), 0, 1)[:, None, None]
    head = head * (1 - below * (1 - face[..., None]))
    return np.clip(picture * (1 - head) + person * head, 0, 255).astype(np.uint8)


def outline(points: NDArray[np.float64], softness: float) -> NDArray[np.float64]:
    """(SIZE, SIZE, 1) weight of a polygon with a soft edge."""
    area = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(area, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(area, (0, 0), softness).astype(np.float64)[..., None] / 255


if __name__ == "__main__":
    main()
