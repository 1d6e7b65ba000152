"""Pictures with known faces in them, put together from portraits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Portrait", "read_portraits", "texture"]

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Portrait:
    """A portrait with one face.

    Attributes:
        pixels: (height, width, 3) BGR.
        middle: (x, y) mean of eyes, nose tip and mouth corners, as another detector than ours sees them.
        width: Of the face, from there too.
    """

    pixels: Pixels
    middle: tuple[float, float]
    width: float

    def paste(self, scene: Pixels, middle: tuple[float, float], width: float, roll: float = 0.0) -> None:
        """Put the head into the scene, its face ``width`` pixels wide, turned by ``roll`` degrees."""
        pixels, centre, scale = self.pixels, np.array(self.middle), width / self.width
        while scale < 0.5:
            pixels, centre, scale = cv2.pyrDown(pixels), centre / 2, 2 * scale
        extent = width / scale
        mask = np.zeros(pixels.shape[:2], np.uint8)
        head = (float(centre[0]), float(centre[1] - 0.25 * extent)), (2 * extent, 2.4 * extent), 0.0
        cv2.ellipse(mask, head, 255, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), 0.06 * extent)
        turn, reach = np.deg2rad(roll), math.ceil(2 * width)
        linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        left, top = max(round(middle[0]) - reach, 0), max(round(middle[1]) - reach, 0)
        part = scene[top : round(middle[1]) + reach, left : round(middle[0]) + reach]
        matrix = np.hstack([linear, (np.array(middle) - (left, top) - linear @ centre)[:, None]])
        shape = part.shape[1], part.shape[0]
        weight = cv2.warpAffine(mask, matrix, shape)[..., None] / 255
        part[:] = (part * (1 - weight) + cv2.warpAffine(pixels, matrix, shape) * weight).round()


def read_portraits(shared: Path, every: int = 1) -> list[Portrait]:
    """Every n-th portrait of the shared folder, its face located by YuNet."""
    yunet = cv2.FaceDetectorYN.create(str(shared / "models" / "yunet_n_dynamic.onnx"), "", (320, 320))
    portraits = []
    for path in sorted((shared / "media" / "portraits").glob("*.jpg"))[::every]:
        pixels = np.asarray(cv2.imread(str(path)), np.uint8)
        scale = pixels.shape[0] / 320
        face = yunet.detect(cv2.resize(pixels, (320, 320), interpolation=cv2.INTER_AREA))[1][0] * scale
        x, y = face[4:14].reshape(5, 2).mean(0).tolist()
        portraits.append(Portrait(pixels, (x, y), float(face[2])))
    return portraits


def texture(width: int, height: int, rng: np.random.Generator) -> Pixels:
    """Coloured noise with the spectrum of natural pictures."""
    scene = np.zeros((height, width, 3), np.float32)
    for octave in range(2, 9):
        cell = 2**octave
        coarse = rng.normal(size=(height // cell + 2, width // cell + 2, 3)).astype(np.float32)
        scene += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * cell**0.7
    scene = (scene - scene.mean()) / scene.std() * 45 + rng.uniform(80, 160)
    return np.clip(scene + rng.normal(size=scene.shape) * 5, 0, 255).astype(np.uint8)
