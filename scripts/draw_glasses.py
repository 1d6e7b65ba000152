"""Glasses drawn onto photos of faces, in great variety."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical

Pixels = NDArray[np.float32]
Generator = np.random.Generator

SHIFT = 4  # fractional bits of OpenCV's coordinates
FRAMES = ("round", "oval", "rectangular", "square", "aviator", "cat-eye")
STYLES = ("full", "half", "browline", "rimless")
COLOURS = {
    "black": ((10, 10, 10), (45, 42, 40)),
    "brown": ((15, 30, 50), (50, 75, 115)),
    "steel": ((70, 70, 70), (190, 190, 190)),
    "gold": ((50, 90, 120), (120, 180, 215)),
    "clear": ((150, 150, 150), (235, 235, 235)),
    "coloured": ((20, 20, 20), (200, 200, 200)),
}


@dataclass(frozen=True, eq=False)
class Base:
    """A face cut out at a working size.

    Attributes:
        person: Who it is; people are held out as a whole.
        pixels: (height, width, 3) float32 BGR.
        landmarks: (468, 3) in its pixels.
    """

    person: str
    pixels: Pixels
    landmarks: FloatArray

    @property
    def mirrored(self) -> Pixels:
        return np.ascontiguousarray(self.pixels[:, ::-1])


class Sitting:
    """Draws in the mean face's coordinates onto one face.

    Args:
        canonical: The mesh.
        landmarks: (468, 3) of the face.
    """

    def __init__(self, canonical: Canonical, landmarks: FloatArray) -> None:
        weights = np.sqrt(canonical.rigid)[:, None]
        known = np.column_stack([canonical.vertices, np.ones(468)])
        self._matrix = np.linalg.lstsq(known * weights, landmarks[:, :2] * weights, rcond=None)[0]
        self.scale = float(np.linalg.norm(self._matrix[1]))  # pixels of a face width, by the height

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) on the mean face to (n, 2) pixels."""
        return np.column_stack([points, np.ones(len(points))]) @ self._matrix

    def line(self, shape: tuple[int, int], points: NDArray[np.float64], width: float, closed: bool) -> Pixels:
        """(height, width) 0 to 1: an antialiased line ``width`` face widths wide."""
        pixels = max(width * self.scale, 0.3)
        mask = np.zeros(shape, np.uint8)
        fixed = np.round(self.project(points) * 2**SHIFT).astype(np.int32)
        cv2.polylines(mask, [fixed], closed, 255, max(round(pixels), 1), cv2.LINE_AA, SHIFT)
        return mask.astype(np.float32) * (min(pixels, 1) / 255)

    def area(self, shape: tuple[int, int], points: NDArray[np.float64]) -> Pixels:
        mask = np.zeros(shape, np.uint8)
        fixed = np.round(self.project(points) * 2**SHIFT).astype(np.int32)
        cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, SHIFT)
        return mask.astype(np.float32) / 255


def soft(mask: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.3)), np.float32)


def mix(pixels: Pixels, mask: Pixels, colour: NDArray[np.float64] | Pixels) -> Pixels:
    return np.asarray(pixels + mask[..., None] * (colour - pixels), np.float32)


def draw_glasses(canonical: Canonical, base: Base, random: Generator) -> Pixels:
    """The face with glasses of a random make."""
    sitting, pixels = Sitting(canonical, base.landmarks), base.pixels
    shape = pixels.shape[:2]
    make, style = random.choice(FRAMES), random.choice(STYLES, p=(0.58, 0.14, 0.12, 0.16))
    outline, centre, size = rim(str(make), random)
    bow = random.uniform(0.1, 0.6), random.uniform(-0.11, -0.03), random.uniform(-0.15, 0.1)
    sides = [bent(outline * (side, 1) + centre * (side, 1), bow) for side in (-1, 1)]
    kind = str(random.choice(list(COLOURS), p=(0.34, 0.2, 0.2, 0.1, 0.06, 0.1)))
    low, high = (np.array(c, np.float64) for c in COLOURS[kind])
    colour = low + (high - low) * (random.random(3) if kind == "coloured" else random.random())
    thin = kind in ("steel", "gold") or style == "rimless" or random.random() < 0.25
    width = random.uniform(0.006, 0.016) if thin else random.uniform(0.014, 0.045)
    lens = np.maximum(*(sitting.area(shape, side) for side in sides))
    metal = np.zeros(shape, np.float32)
    half = len(outline) // 2
    for side in sides:
        upper = side[half:]
        if style in ("full", "browline"):
            part = width if style == "full" else random.uniform(0.004, 0.01)
            metal = np.maximum(metal, sitting.line(shape, side, part, True))
        if style in ("half", "browline"):
            metal = np.maximum(metal, sitting.line(shape, upper, max(width, 0.01), False))
        if style in ("half", "rimless"):
            edge = sitting.line(shape, side, random.uniform(0.004, 0.01), True)
            metal = np.maximum(metal, edge * random.uniform(0.15, 0.6))
    metal = np.maximum(metal, fittings(sitting, shape, centre, size, width, bow, random))
    pixels = seen_through(pixels, lens, random)
    if random.random() < 0.65:
        moved = np.float32([[1, 0, random.normal(0, 0.01)], [0, 1, random.uniform(0.005, 0.05)]])
        moved[:, 2] *= sitting.scale
        cast = soft(cv2.warpAffine(metal, moved, shape[::-1]), random.uniform(0.004, 0.02) * sitting.scale)
        pixels = pixels * (1 - random.uniform(0.1, 0.5) * cast[..., None])
    shine = random.uniform(0, 70) if random.random() < 0.6 else 0
    waves = np.sin(np.arange(shape[1]) / shape[1] * random.uniform(5, 40) + random.uniform(0, 6))
    body = colour[None, None] + shine * np.clip(waves, 0, 1)[None, :, None]
    opaque = random.uniform(0.25, 0.55) if kind == "clear" else random.uniform(0.75, 1)
    pixels = mix(pixels, metal * np.float32(opaque), body)
    return mirror_light(pixels, lens, sitting.scale, random)


def rim(make: str, random: Generator) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(n, 2) outline of the right lens about its centre, the lower half first; its centre; its half axes."""
    power = {"round": 2.0, "oval": 2.2, "rectangular": 5.0, "square": 4.0, "aviator": 2.6, "cat-eye": 3.0}[
        make
    ]
    wide = random.uniform(0.145, 0.205)
    ratio = {
        "round": 0.97,
        "oval": 0.72,
        "rectangular": 0.62,
        "square": 0.85,
        "aviator": 0.9,
        "cat-eye": 0.75,
    }
    high = wide * ratio[make] * random.uniform(0.85, 1.12)
    power *= random.uniform(0.9, 1.3)
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = (np.sign(part) * np.abs(part) ** (2 / power) for part in (cos, sin))
    if make == "aviator":
        x = x * (1 - 0.18 * np.clip(y, 0, 1)) + 0.1 * np.clip(y, 0, 1)
    if make == "cat-eye":
        y = y - random.uniform(0.1, 0.35) * np.clip(x, 0, 1) * (y < 0)
    if make in ("rectangular", "square", "oval"):
        x = x * (1 - random.uniform(0, 0.15) * y)
    gap = random.uniform(0.045, 0.085)
    centre = np.array([gap + wide, random.uniform(-0.25, -0.18)])
    return np.column_stack([x * wide, y * high]), centre, np.array([wide, high])


def bent(flat: NDArray[np.float64], bow: tuple[float, float, float]) -> NDArray[np.float64]:
    """(n, 3) from (n, 2): on the curved, leaning plane of the lenses."""
    x, y = flat.T
    return np.column_stack([x, y, bow[1] + bow[0] * x * x + bow[2] * (y + 0.22)])


def fittings(
    sitting: Sitting,
    shape: tuple[int, int],
    centre: NDArray[np.float64],
    size: NDArray[np.float64],
    width: float,
    bow: tuple[float, float, float],
    random: Generator,
) -> Pixels:
    """Bridge, arms and nose pads."""
    inner = centre[0] - size[0]
    across = np.linspace(-1, 1, 15)
    places = [random.uniform(-0.55, 0.05)] + ([-0.75] if random.random() < 0.15 else [])
    mask = np.zeros(shape, np.float32)
    for place in places:
        y = centre[1] + place * size[1] - random.uniform(0, 0.035) * (1 - across**2)
        reach = inner + 0.06 * size[0]
        line = bent(np.column_stack([across * reach, y]), (bow[0], bow[1] - 0.01, bow[2]))
        mask = np.maximum(mask, sitting.line(shape, line, width * random.uniform(0.7, 1.3), False))
    ear, tall = random.uniform(-0.3, -0.15), width * random.uniform(0.7, 1.6)
    start = centre[1] - size[1] * random.uniform(0.0, 0.75)
    pads = random.random() < 0.4
    for side in (-1, 1):
        hinge = bent(np.array([[side * (centre[0] + size[0]), start]]), bow)[0]
        end = np.array([side * 0.51, ear, 0.44])
        corner = np.array([side * min(centre[0] + size[0] + 0.03, 0.5), start, hinge[2] + 0.03])
        flat = sitting.project(np.stack([hinge, corner, end]))
        outward = sitting.project(np.array([[side, 0.0, 0.0]]))[0] - sitting.project(np.zeros((1, 3)))[0]
        if (flat[2] - flat[0]) @ outward > 0:  # else the head hides it
            mask = np.maximum(mask, sitting.line(shape, np.stack([hinge, corner, end]), tall, False))
        if pads:
            pad = np.array([[side * inner * 0.85, centre[1] + d, bow[1]] for d in (0.01, 0.05)])
            mask = np.maximum(mask, sitting.line(shape, pad, 0.012, False) * 0.6)
    return mask


def seen_through(pixels: Pixels, lens: Pixels, random: Generator) -> Pixels:
    """Lenses that shrink, enlarge or darken what is behind them."""
    if random.random() < 0.3:
        factor = random.uniform(0.93, 1.06)
        height, width = lens.shape
        whole = np.zeros_like(pixels)
        weight = np.zeros_like(lens)
        count, labels, _, centres = cv2.connectedComponentsWithStats((lens > 0.5).astype(np.uint8))
        for number in range(1, min(count, 3)):
            x, y = centres[number]
            matrix = np.array([[factor, 0, x * (1 - factor)], [0, factor, y * (1 - factor)]])
            own = np.where(labels == number, lens, 0).astype(np.float32)
            whole += own[..., None] * cv2.warpAffine(
                pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
            )
            weight += own
        pixels = pixels * (1 - weight[..., None]) + whole
    kind = random.random()
    if kind < 0.45:
        return pixels
    strength = random.uniform(0.03, 0.25) if kind < 0.78 else random.uniform(0.4, 0.95)
    colour = random.uniform(0, 60, 3) if strength > 0.3 else random.uniform(30, 200, 3)
    rows = np.linspace(1, random.uniform(0.4, 1), lens.shape[0], dtype=np.float32)[:, None]
    return mix(pixels, lens * np.float32(strength) * rows, colour)


def mirror_light(pixels: Pixels, lens: Pixels, scale: float, random: Generator) -> Pixels:
    """Reflections on the lenses."""
    if random.random() > 0.4:
        return pixels
    height, width = lens.shape
    light = np.zeros_like(lens)
    for _ in range(random.integers(1, 5)):
        middle = random.uniform(0, 1, 2) * (width, height)
        box = (middle, random.uniform(0.03, 0.25, 2) * scale, random.uniform(0, 180))
        points = (
            cv2.boxPoints(box)
            if random.random() < 0.6
            else cv2.ellipse2Poly(
                tuple(int(m) for m in middle), tuple(int(b) + 1 for b in box[1]), int(box[2]), 0, 360, 20
            )
        )
        cv2.fillPoly(light, [np.asarray(points, np.int32)], 1.0, cv2.LINE_AA)
    light = soft(light, random.uniform(0.003, 0.03) * scale) * lens
    return pixels + light[..., None] * random.uniform(20, 160)
