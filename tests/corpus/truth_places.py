"""What else is in the truth set's pictures: rooms out of focus, a counter, passers-by, a hand, and grain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from truth_layers import Cutout

from scenes import texture as coloured

__all__ = ["MARGIN", "SIZE", "Thing", "counter", "grain", "hand", "passer", "room"]

SIZE: Final = 1920, 1080
MARGIN: Final = 240
"""Pixels of a room that lie outside the picture on each side while the camera rests."""

_TONES: Final = ((96, 118, 140), (128, 120, 104), (92, 110, 98), (120, 124, 132))  # BGR of walls


def texture(width: int, height: int, seed: int) -> NDArray[np.float32]:
    """(height, width, 3) noise with the spectrum of natural pictures about 0, hardly coloured."""
    noise = coloured(width, height, np.random.default_rng(seed)).astype(np.float32)
    noise -= noise.mean((0, 1))
    grey = noise.mean(2, keepdims=True)
    return np.asarray(1.5 * grey + 0.15 * (noise - grey), np.float32)


@dataclass(frozen=True, eq=False)
class Thing(Cutout):
    """Something that passes in front of people.

    Attributes:
        middle: (2,) the point of it that its path is about.
    """

    middle: NDArray[np.float64]


@cache
def room(seed: int) -> NDArray[np.uint8]:
    """A wall with doors, windows and pictures as a lens sees it that is focused on somebody in front of it."""
    rng = np.random.default_rng(100 + seed)
    width, height = SIZE[0] + 2 * MARGIN, SIZE[1] + 2 * MARGIN
    tone = np.array(_TONES[seed % len(_TONES)], np.float32)
    scene = np.tile(tone, (height, width, 1))
    scene += 0.3 * texture(width, height, 200 + seed)
    left = 0
    while left < width:
        wide, gap = int(rng.integers(140, 420)), int(rng.integers(60, 300))
        top, high = int(rng.integers(60, 500)), int(rng.integers(300, 900))
        shade = float(rng.choice([-55, -40, -28, 35, 75]))
        colour = tone + shade + rng.normal(0, 10, 3)
        cv2.rectangle(scene, (left, top), (left + wide, top + high), colour.tolist(), -1)
        cv2.rectangle(scene, (left, top), (left + wide, top + high), (tone - 50).tolist(), 14)
        left += wide + gap
    for _ in range(14):  # lamps and things on shelves
        spot = rng.integers((0, 200), (width, height)).tolist()
        cv2.circle(scene, spot, int(rng.integers(10, 34)), rng.uniform(60, 235, 3).tolist(), -1)
    scene = cv2.GaussianBlur(scene, (0, 0), 11)
    x = np.linspace(-1, 1, width, dtype=np.float32) - float(rng.uniform(-0.6, 0.6))
    scene *= (1.08 - 0.3 * x * x)[None, :, None]
    return np.asarray(np.clip(scene, 4, 250), np.uint8)


@cache
def counter(top: float) -> Thing:
    """A counter out of focus along the lower edge of the picture: people stand behind it."""
    width, height = SIZE[0] + 2 * MARGIN, SIZE[1] + 2 * MARGIN
    edge = round(top) + MARGIN
    wood = cv2.resize(texture(300, 256, 3), (width, height - edge), interpolation=cv2.INTER_CUBIC)
    pixels = np.zeros((height, width, 3), np.float32)
    light = np.linspace(1.15, 0.55, height - edge, dtype=np.float32)[:, None, None]
    pixels[edge:] = (np.array([38, 52, 74], np.float32) + 0.15 * wood) * light
    pixels[edge : edge + 16] += 34
    pixels[:edge] = pixels[edge + 4]
    alpha = np.zeros((height, width), np.uint8)
    alpha[edge:] = 255
    return _soft(pixels, alpha, 5, (MARGIN, MARGIN))


@cache
def passer() -> Thing:
    """Somebody's back, dark and far out of focus, who walks by right in front of the camera."""
    pixels = np.full((1500, 1000, 3), (34, 30, 32), np.float32)
    pixels += 0.2 * texture(1000, 1500, 8)
    cv2.ellipse(pixels, ((500, 330), (330, 430), 0), (26, 30, 40), -1)
    cv2.ellipse(pixels, ((500, 420), (250, 250), 0), (52, 66, 92), -1)  # neck
    cv2.ellipse(pixels, ((500, 300), (340, 380), 0), (22, 24, 30), -1)  # hair
    pixels[:, :, :] *= np.linspace(1.25, 0.7, 1000, dtype=np.float32)[None, :, None]
    alpha = np.zeros((1500, 1000), np.uint8)
    cv2.ellipse(alpha, ((500, 330), (340, 440), 0), 255, -1)
    cv2.rectangle(alpha, (400, 450), (600, 640), 255, -1)
    cv2.ellipse(alpha, ((500, 1280), (900, 1420), 0), 255, -1)
    return _soft(cv2.GaussianBlur(pixels, (0, 0), 14), alpha, 20, (500, 380))


@cache
def hand() -> Thing:
    """A forearm and a loose fist in the colour of skin."""
    skin = np.array([118, 142, 200], np.float32)
    pixels = np.tile(skin, (900, 420, 1))
    pixels += 0.12 * texture(420, 900, 21)
    alpha = np.zeros((900, 420), np.uint8)
    sleeve = np.array([[110, 430], [310, 430], [370, 900], [50, 900]], np.int32)
    arm = np.array([[140, 230], [285, 230], [300, 480], [120, 480]], np.int32)
    cv2.fillPoly(alpha, [arm], 255)
    cv2.ellipse(alpha, ((212, 170), (250, 230), 0), 255, -1)
    for x, y in ((118, 96), (172, 74), (230, 74), (286, 96)):
        cv2.ellipse(alpha, ((x, y), (66, 130), 0), 255, -1)
    cv2.ellipse(alpha, ((330, 190), (70, 150), -30), 255, -1)
    for x in (145, 201, 258):  # between the fingers
        cv2.line(pixels, (x, 40), (x, 140), (skin * 0.62).tolist(), 7)
    depth = cv2.distanceTransform(alpha, cv2.DIST_L2, 5)
    pixels *= (0.62 + 0.42 * np.clip(depth / 60, 0, 1) ** 0.6)[..., None]
    pixels *= np.linspace(0.85, 1.12, 420, dtype=np.float32)[None, :, None]
    cv2.fillPoly(alpha, [sleeve], 255)
    cloth = np.zeros_like(alpha)
    cv2.fillPoly(cloth, [sleeve], 255)
    folds = 0.35 * texture(420, 900, 5)
    pixels = np.where(cloth[..., None] > 0, np.array([70, 52, 44], np.float32) + folds, pixels)
    return _soft(cv2.GaussianBlur(pixels, (0, 0), 3), alpha, 2.5, (212, 130))


@cache
def grain(strength: float, blotches: float) -> NDArray[np.int16]:
    """(h, w, 3) a sensor's noise, larger than a picture, so that each frame takes another part of it.

    Args:
        strength: Standard deviation of the brightness, in levels.
        blotches: That of the colours, which are coarser.
    """
    rng = np.random.default_rng(77)
    shape = SIZE[1] + 256, SIZE[0] + 256
    noise = np.repeat(strength * rng.standard_normal(shape, np.float32)[..., None], 3, 2)
    if blotches:
        coarse = cv2.GaussianBlur(rng.standard_normal((*shape, 3), np.float32), (0, 0), 1.6)
        noise += blotches * coarse / coarse.std()
    return np.asarray(np.rint(noise), np.int16)


def _soft(
    pixels: NDArray[np.float32], alpha: NDArray[np.uint8], blur: float, middle: tuple[float, float]
) -> Thing:
    soft = np.asarray(cv2.GaussianBlur(alpha, (0, 0), blur), np.uint8)
    return Thing(np.clip(pixels, 0, 255).astype(np.uint8), soft, np.array(middle, np.float64))
