"""What hides faces, drawn in front of photos of them: hands, microphones, hair, cups, bars and coloured things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray
from understudy.vision.shape import face_width

Pixels = NDArray[np.float32]
Generator = np.random.Generator
Point = tuple[float, float]

_SHIFT: Final = 4  # fractional bits of OpenCV's coordinates
_LIGHT: Final = np.array([-0.4, -0.6, 0.7]) / np.linalg.norm([-0.4, -0.6, 0.7])


@dataclass(frozen=True, eq=False)
class Place:
    """Where a face is: the middle between eyes and mouth, one face width across, upright with the eyes.

    Attributes:
        shape: (height, width) of the picture.
        origin, across, down: In pixels; one face width along each axis.
        skin: (3,) BGR of its cheeks.
    """

    shape: tuple[int, int]
    origin: NDArray[np.float64]
    across: NDArray[np.float64]
    down: NDArray[np.float64]
    skin: NDArray[np.float64]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], landmarks: FloatArray, shift: Point) -> Place:
        flat, width = landmarks[:, :2].astype(np.float64), face_width(landmarks)
        across = flat[263] - flat[33]
        across *= width / np.linalg.norm(across)
        down = np.array([-across[1], across[0]])
        cheeks = np.round(flat[[50, 280, 151, 199]]).astype(int)
        inside = np.clip(cheeks, 0, np.array(pixels.shape[1::-1]) - 1)
        skin = np.median(pixels[inside[:, 1], inside[:, 0]].astype(np.float64), 0)
        middle = flat[[33, 263, 61, 291]].mean(0) + shift[0] * across + shift[1] * down
        return cls(pixels.shape[:2], middle, across, down, skin)

    @property
    def scale(self) -> float:
        """Pixels of a face width."""
        return float(np.linalg.norm(self.across))

    def pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) in face widths to pixels."""
        return np.asarray(self.origin + points @ np.stack([self.across, self.down]), np.float64)

    def area(self, points: NDArray[np.float64]) -> Pixels:
        """(height, width) 0 to 1 inside a polygon."""
        mask = np.zeros(self.shape, np.uint8)
        cv2.fillPoly(
            mask, [np.round(self.pixels(points) * 2**_SHIFT).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT
        )
        return mask.astype(np.float32) / 255


@dataclass(frozen=True, eq=False)
class Thing:
    """What is drawn.

    Attributes:
        cover: (height, width) 0 to 1.
        colours: (height, width, 3) BGR.
    """

    cover: Pixels
    colours: Pixels

    def under(self, other: Thing) -> Thing:
        weight = other.cover[..., None]
        return Thing(
            np.maximum(self.cover, other.cover), self.colours * (1 - weight) + other.colours * weight
        )


def rounded(cover: Pixels, thickness: float, colour: NDArray[np.float64], light: float = 0.45) -> Thing:
    """A body with that outline, bulging toward the viewer near its edges, in a soft light.

    Args:
        cover: (height, width) 0 to 1.
        thickness: Pixels from the edge at which it is flat.
        colour: (3,) BGR, fully lit.
        light: Share of the colour that comes from one side.
    """
    depth = cv2.distanceTransform((cover > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    height = np.sqrt(np.clip(1 - (1 - np.minimum(depth / thickness, 1)) ** 2, 0, 1)) * thickness
    height = cv2.GaussianBlur(height, (0, 0), max(0.12 * thickness, 0.6))
    x, y = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=0.125)
    facing = (-x * _LIGHT[0] - y * _LIGHT[1] + _LIGHT[2]) / np.sqrt(x * x + y * y + 1)
    shade = 1 - light + light * np.clip(facing, 0, 1) / _LIGHT[2]
    return Thing(cover, (shade[..., None] * colour).astype(np.float32))


def capsule(start: NDArray[np.float64], end: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """(n, 2) outline of a finger."""
    along = (end - start) / np.linalg.norm(end - start)
    turn = np.linspace(0, np.pi, 12)
    round_end = np.outer(np.sin(turn), along) + np.outer(np.cos(turn), [-along[1], along[0]])
    return np.vstack([end + radius * round_end, start - 1.1 * radius * round_end])


def hand(place: Place, random: Generator) -> Thing:
    """Fingers and a part of the palm, from a side, in nearly the colour of the face."""
    side, reach = random.choice([-1, 1]), random.uniform(-0.15, 0.2)
    base, lean = np.array([side * 0.62, random.uniform(-0.1, 0.45)]), random.uniform(-0.5, 0.5)
    tone = place.skin * random.uniform(0.8, 1.12) * random.uniform(0.95, 1.05, 3)
    thing = rounded(
        place.area(capsule(base + np.array([side * 0.5, 0.12]), base, 0.2)), 0.12 * place.scale, tone
    )
    for finger in range(4):
        angle = lean + 0.13 * (finger - 1.5)
        start = base + np.array([0, 0.105 * (finger - 1.5)])
        length = (0.40, 0.47, 0.44, 0.34)[finger] + reach
        end = start + length * np.array([-side * np.cos(angle), np.sin(angle)])
        body = place.area(capsule(start, end, 0.05))
        edge = cv2.GaussianBlur(body, (0, 0), 0.02 * place.scale) * (1 - body)
        thing = Thing(thing.cover, thing.colours * (1 - 0.8 * edge[..., None]))
        thing = thing.under(rounded(body, 0.05 * place.scale, tone))
        nail = place.area(capsule(end - 0.02 * (end - start), end + 0.02 * (end - start), 0.022))
        thing = Thing(thing.cover, thing.colours * (1 + 0.12 * nail[..., None]))
    return thing


def microphone(place: Place, random: Generator) -> Thing:
    """A dark ball with a grille before the mouth, on a handle."""
    ball = np.array([random.uniform(-0.2, 0.2), random.uniform(0.25, 0.5)])
    angle = random.uniform(-0.7, 0.7)
    down, radius = np.array([np.sin(angle), np.cos(angle)]), random.uniform(0.11, 0.17)
    dark = random.uniform(15, 60) * random.uniform(0.95, 1.05, 3)
    handle = place.area(capsule(ball, ball + 1.2 * down, 0.55 * radius))
    head = place.area(ellipse(ball, (radius, 1.1 * radius), angle))
    thing = rounded(handle, 0.5 * radius * place.scale, dark * 0.8)
    thing = thing.under(rounded(head, radius * place.scale, dark * 1.4, 0.7))
    rows, columns = np.indices(place.shape)
    pitch = max(0.016 * place.scale, 2)
    grille = 1 + 0.4 * np.sin(rows * 2 * np.pi / pitch) * np.sin(columns * 2 * np.pi / pitch) * head
    return Thing(thing.cover, (thing.colours * grille[..., None]).astype(np.float32))


def coloured(place: Place, random: Generator) -> Thing:
    """A ball, a card or a leaf: green, blue, white or red."""
    palette = [(60, 150, 50), (170, 90, 40), (215, 215, 215), (45, 40, 175), (40, 190, 210)]
    colour = np.array(palette[random.integers(5)]) * random.uniform(0.6, 1.1) * random.uniform(0.85, 1.15, 3)
    angle = random.uniform(0, 2 * np.pi)
    middle = 0.42 * np.array([np.cos(angle), 1.2 * np.sin(angle)])
    half = random.uniform(0.1, 0.3, 2)
    corners = random.integers(2) == 0
    points = rectangle(middle, half, angle) if corners else ellipse(middle, tuple(half), angle)
    return rounded(place.area(points), random.uniform(0.02, 0.2) * place.scale, colour)


def hair(place: Place, random: Generator) -> Thing:
    """A lock that falls from the forehead over an eye and a cheek."""
    root = np.array([random.uniform(-0.35, 0.35), -0.75])
    tip = np.array([root[0] + random.uniform(-0.3, 0.3), random.uniform(-0.05, 0.5)])
    bend, wide = random.normal(0, 0.12), random.uniform(0.04, 0.11)
    shade = random.choice([18, 30, 60, 110]) * np.array([0.6, 0.8, 1.0]) * random.uniform(0.85, 1.1, 3)
    cover = np.zeros(place.shape, np.float32)
    colours = np.zeros((*place.shape, 3), np.float32)
    t = np.linspace(0, 1, 24)[:, None]
    for _ in range(70):
        aside = random.normal(0, 0.5) * wide
        line = root + (tip - root) * t * random.uniform(0.75, 1.02)
        line = line + np.hstack([aside * (1 - 0.75 * t) + bend * np.sin(np.pi * t), 0 * t])
        mask = np.zeros(place.shape, np.uint8)
        fixed = np.round(place.pixels(line) * 2**_SHIFT).astype(np.int32)
        thick = max(round(random.uniform(0.008, 0.022) * place.scale), 1)
        cv2.polylines(mask, [fixed], False, 255, thick, cv2.LINE_AA, _SHIFT)
        weight = mask.astype(np.float32)[..., None] / 255
        colours = colours * (1 - weight) + weight * (shade * random.uniform(0.6, 1.5)).astype(np.float32)
        cover = np.maximum(cover, weight[..., 0])
    return Thing(cover, colours)


def cup(place: Place, random: Generator) -> Thing:
    """A cup before the mouth and the hand that holds it."""
    middle = np.array([random.uniform(-0.15, 0.15), random.uniform(0.42, 0.6)])
    wide, high = random.uniform(0.2, 0.28), random.uniform(0.24, 0.34)
    body = np.array([[-1, -1], [1, -1], [0.85, 1], [-0.85, 1]]) * (wide, high)
    colour = np.array([(225, 228, 230), (120, 70, 30), (60, 60, 190), (70, 110, 60), (35, 35, 40)])[
        random.integers(5)
    ] * random.uniform(0.75, 1.02)
    outline = np.vstack([body[[0]], ellipse((0, -high), (wide, 0.05), 0)[:24], body[1:]]) + middle
    holder = rounded(
        place.area(capsule(middle + np.array([0.9, 0.5]), middle + np.array([0.2, 0.05]), 0.13)),
        0.1 * place.scale,
        place.skin,
    )
    return holder.under(rounded(place.area(outline), 0.16 * place.scale, colour, 0.6))


def bar(place: Place, random: Generator) -> Thing:
    """A pole right across the picture."""
    angle, half = random.uniform(0, np.pi), random.uniform(0.04, 0.09)
    middle = random.uniform(-0.3, 0.3, 2)
    grey = random.choice([25, 70, 150, 215]) * random.uniform(0.9, 1.1, 3)
    return rounded(place.area(rectangle(middle, (3, half), angle)), half * place.scale, grey)


def ellipse(
    middle: NDArray[np.float64] | Point, radii: tuple[float, ...], angle: float
) -> NDArray[np.float64]:
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return turned(np.column_stack([radii[0] * np.cos(turn), radii[1] * np.sin(turn)]), angle) + middle


def rectangle(
    middle: NDArray[np.float64], half: NDArray[np.float64] | Point, angle: float
) -> NDArray[np.float64]:
    return turned(np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half, angle) + middle


def turned(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]), np.float64)


OCCLUDERS: Final[dict[str, Callable[[Place, Generator], Thing]]] = {
    "hand": hand,
    "microphone": microphone,
    "coloured": coloured,
    "hair": hair,
    "cup": cup,
    "bar": bar,
}


def draw_occluder(
    kind: str, pixels: NDArray[np.uint8], landmarks: FloatArray, seed: int, shift: Point = (0.0, 0.0)
) -> tuple[NDArray[np.uint8], Pixels]:
    """A picture with something in front of its face.

    Args:
        kind: One of :data:`OCCLUDERS`.
        pixels: (height, width, 3) uint8 BGR.
        landmarks: (468, 3) of the face behind it.
        seed: Of its shape and colours.
        shift: Face widths by which it has moved.

    Returns:
        The picture, and (height, width) 0 to 1, how far each pixel is covered. Its edges are out of focus and
        blurred by a motion.
    """
    random = np.random.default_rng(seed)
    place = Place.of(pixels, landmarks, shift)
    thing = OCCLUDERS[kind](place, random)
    level = 0.3 + 0.7 * min(float(place.skin.mean()) / 130, 1.3)  # things stand in the face's light
    colours = thing.colours * (1 if kind in ("hand",) else level)
    kernel = _motion(random.uniform(0, 0.02) * place.scale, random.uniform(0, np.pi))
    sigma = max(random.uniform(0.001, 0.006) * place.scale, 0.6)
    weight, premultiplied = (
        cv2.filter2D(cv2.GaussianBlur(image, (0, 0), sigma), -1, kernel)
        for image in (thing.cover, colours * thing.cover[..., None])
    )
    grain = random.normal(0, 2.0, pixels.shape) * weight[..., None]
    drawn = pixels * (1 - weight[..., None]) + premultiplied + grain
    return np.clip(drawn + 0.5, 0, 255).astype(np.uint8), np.asarray(weight, np.float32)


def _motion(length: float, angle: float) -> Pixels:
    """A kernel that smears along a line."""
    side = 2 * max(round(length / 2), 1) + 1
    kernel = np.zeros((side, side), np.float32)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    middle = side // 2
    start, end = (np.round((middle + sign * reach) * 16).astype(int) for sign in (-1, 1))
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0, 1, cv2.LINE_8, 4)
    return kernel / kernel.sum()
