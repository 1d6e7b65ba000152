"""What is seen around eyes and is no glasses, drawn onto photos of faces; and what cameras do to a photo."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from draw_glasses import Base, Generator, Pixels, Sitting, mix, soft
from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical

Points = NDArray[np.float64]


class Easel:
    """A face that is being drawn on.

    Args:
        canonical: The mesh.
        base: The face.
        random: Decides how.
    """

    def __init__(self, canonical: Canonical, base: Base, random: Generator) -> None:
        self.canonical, self.random, self.pixels = canonical, random, base.pixels
        self.sitting = Sitting(canonical, base.landmarks)
        self.marks = canonical.vertices.astype(np.float64)
        self.shape = base.pixels.shape[:2]

    def line(self, points: Points, width: float) -> Pixels:
        return self.sitting.line(self.shape, points, width, False)

    def area(self, points: Points) -> Pixels:
        return self.sitting.area(self.shape, points)

    def shade(
        self, mask: Pixels, sigma: float, depth: float, hue: tuple[float, float, float] = (0.9, 1, 1.1)
    ) -> None:
        dark = self.pixels * (np.array(hue) * (1 - depth))
        self.pixels = mix(self.pixels, np.clip(soft(mask, sigma * self.sitting.scale), 0, 1), dark)


def draw_distractions(canonical: Canonical, base: Base, random: Generator) -> Base:
    """The face with some of :data:`DISTRACTIONS`."""
    easel = Easel(canonical, base, random)
    for draw, chance in DISTRACTIONS.items():
        if random.random() < chance:
            draw(easel, random)
    return Base(base.person, np.asarray(easel.pixels, np.float32), base.landmarks)


def frown(easel: Easel, random: Generator) -> None:
    """Frown lines."""
    for side in (-1, 1):
        x = side * random.uniform(0.015, 0.06)
        line = np.array([[x, y, -0.08] for y in np.linspace(-0.42, random.uniform(-0.36, -0.26), 6)])
        easel.shade(
            easel.line(line + random.normal(0, 0.002, line.shape), 0.01) * 1.5,
            0.006,
            random.uniform(0.2, 0.6),
        )


def cross_lines(easel: Easel, random: Generator) -> None:
    """Lines across the root of the nose."""
    for _ in range(random.integers(1, 4)):
        y, reach = random.uniform(-0.33, -0.22), random.uniform(0.03, 0.07)
        line = np.array([[x, y + random.normal(0, 0.002), -0.08] for x in np.linspace(-reach, reach, 6)])
        easel.shade(easel.line(line, 0.01) * 1.5, 0.006, random.uniform(0.15, 0.5))


def strong_brows(easel: Easel, random: Generator) -> None:
    """Strong brows."""
    depth = random.uniform(0.3, 0.85)
    drop = random.uniform(0, 0.04)
    for brow in easel.canonical.brows:
        hull = cv2.convexHull(easel.marks[brow, :2].astype(np.float32))[:, 0]
        easel.shade(
            easel.area(np.column_stack([hull[:, 0], hull[:, 1] + drop, np.full(len(hull), -0.02)])),
            0.008,
            depth,
        )


def rings(easel: Easel, random: Generator) -> None:
    """Rings, bags and folds below the eyes."""
    for side in (-1, 1):
        t = np.linspace(0.15, np.pi - 0.15, 14)
        wide, high = random.uniform(0.1, 0.15), random.uniform(0.05, 0.11)
        ring = np.column_stack([side * 0.235 + wide * np.cos(t), -0.225 + high * np.sin(t), np.zeros(14)])
        easel.shade(
            easel.line(ring, random.uniform(0.01, 0.05)),
            random.uniform(0.006, 0.03),
            random.uniform(0.1, 0.5),
        )


def liner(easel: Easel, random: Generator) -> None:
    """Liner and lashes."""
    for eye in easel.canonical.eyes:
        line = easel.marks[eye[:9]].copy()
        if random.random() < 0.5:
            tail = line[0] + (line[0] - line[1]) * random.uniform(0, 2.5)
            line = np.vstack([tail, line])
        easel.shade(
            easel.line(line, random.uniform(0.006, 0.025)),
            0.003,
            random.uniform(0.4, 0.9),
        )


def eye_shadow(easel: Easel, random: Generator) -> None:
    """Eye shadow."""
    for side in (-1, 1):
        t = np.linspace(np.pi, 2 * np.pi, 14)
        lid = np.column_stack([side * 0.24 + 0.13 * np.cos(t), -0.235 + 0.1 * np.sin(t), np.zeros(14)])
        easel.shade(easel.area(lid), 0.02, random.uniform(0.1, 0.6), tuple(random.uniform(0.7, 1.3, 3)))


def shut_eyes(easel: Easel, random: Generator) -> None:
    """Shut eyes."""
    for eye in easel.canonical.eyes:
        middle = easel.marks[eye].mean(0)
        hull = middle + (easel.marks[eye] - middle) * (1.05, 1.5, 1)
        x, y = np.round(easel.sitting.project(easel.marks[eye[4:5]] - (0, 0.05, 0)))[0].astype(int)
        skin = easel.pixels[np.clip(y, 0, easel.shape[0] - 1), np.clip(x, 0, easel.shape[1] - 1)].copy()
        easel.pixels = mix(easel.pixels, soft(easel.area(hull), 1.2), skin)
        easel.shade(easel.line(easel.marks[eye[8:]], 0.012), 0.004, random.uniform(0.3, 0.8))


def strands(easel: Easel, random: Generator) -> None:
    """Strands of hair."""
    for _ in range(random.integers(1, 9)):
        x0, x1 = random.uniform(-0.6, 0.6, 2)
        bend = random.normal(0, 0.12)
        t = np.linspace(0, 1, 14)
        stop = random.uniform(0.3, 1)
        y = -0.65 + 0.8 * t * stop
        line = np.column_stack([x0 + (x1 - x0) * t * 0.6 + bend * np.sin(np.pi * t), y, np.zeros(14)])
        strand = easel.line(line, random.uniform(0.003, 0.02)) * random.uniform(0.4, 1)
        easel.pixels = mix(easel.pixels, strand, random.uniform(5, 90) * np.array([0.7, 0.9, 1.1]))


def cap_shadow(easel: Easel, random: Generator) -> None:
    """A cap's shadow, or a fringe."""
    y = random.uniform(-0.5, -0.2) + np.linspace(0, random.normal(0, 0.06), 9)
    edge = np.column_stack([np.linspace(-0.7, 0.7, 9), y + random.normal(0, 0.004, 9), np.zeros(9)])
    band = np.vstack([edge, edge[::-1] - (0, 0.6, 0)])
    easel.shade(easel.area(band), random.uniform(0.003, 0.04), random.uniform(0.15, 0.8))


def bent_face(easel: Easel, random: Generator) -> None:
    """Another shape of face: a smooth random bend, of which the landmarks know nothing."""
    coarse = random.normal(0, random.uniform(0, 0.022) * easel.sitting.scale, (2, 4, 5)).astype(np.float32)
    bend_x, bend_y = (cv2.resize(part, easel.shape[::-1], interpolation=cv2.INTER_CUBIC) for part in coarse)
    rows, columns = np.indices(easel.shape, np.float32)
    easel.pixels = cv2.remap(
        easel.pixels.astype(np.float32),
        columns + bend_x,
        rows + bend_y,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def other_skin(easel: Easel, random: Generator) -> None:
    """Rougher or smoother skin."""
    blurred = cv2.GaussianBlur(easel.pixels, (0, 0), random.uniform(0.008, 0.03) * easel.sitting.scale)
    easel.pixels = np.clip(blurred + random.uniform(0.3, 2.2) * (easel.pixels - blurred), 0, 255)


def side_light(easel: Easel, random: Generator) -> None:
    """Light from the side."""
    ramp = np.linspace(-1, 1, easel.shape[1]) * random.uniform(-6, 6) + random.normal(0, 1.5)
    side = (1 / (1 + np.exp(-ramp)))[None, :, None]
    easel.pixels = easel.pixels * (1 - random.uniform(0, 0.7) * side)


DISTRACTIONS: dict[Callable[[Easel, Generator], None], float] = {
    frown: 0.25,
    cross_lines: 0.2,
    strong_brows: 0.3,
    rings: 0.35,
    liner: 0.25,
    eye_shadow: 0.15,
    shut_eyes: 0.15,
    strands: 0.25,
    cap_shadow: 0.2,
    bent_face: 0.5,
    other_skin: 0.4,
    side_light: 0.25,
}


def photograph(base: Base, pixels: Pixels, random: Generator) -> tuple[NDArray[np.uint8], FloatArray]:
    """A picture as cameras and files leave it, and the landmarks as a network would place them."""
    wide = float(np.linalg.norm(base.landmarks[454, :2] - base.landmarks[234, :2]))
    share = min(float(np.exp(random.uniform(np.log(45), np.log(320)))) / wide, 1)
    size = round(pixels.shape[1] * share), round(pixels.shape[0] * share)
    if random.random() < 0.3:
        pixels = soft(pixels, random.uniform(0.3, 1.5) / share)
    pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    pixels = pixels * random.uniform(0.45, 1.35) * random.uniform(0.88, 1.12, 3) + random.uniform(-20, 25)
    if random.random() < 0.4:
        pixels = pixels + random.normal(0, random.uniform(1, 8), pixels.shape)
    image = np.clip(pixels, 0, 255).astype(np.uint8)
    if random.random() < 0.6:
        quality = int(random.uniform(30, 95))
        image = cv2.imdecode(
            cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR
        )
    scale = np.array([size[0] / base.pixels.shape[1], size[1] / base.pixels.shape[0]])
    points = base.landmarks.copy()
    middle = points[:, :2].mean(0)
    turn, grow = random.normal(0, 0.015), random.normal(1, 0.02, 2)
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points[:, :2] = (points[:, :2] - middle) * grow @ rotate.T + middle + random.normal(0, 0.01, 2) * wide
    points[:, :2] = (points[:, :2] + 0.5) * scale - 0.5
    return np.asarray(image, np.uint8), points.astype(np.float32)
