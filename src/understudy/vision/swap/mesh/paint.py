"""Painting: the actor's texture fetched through a UV map and brought into the target's light."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray
from understudy.vision.swap.mesh.light import FLOOR

__all__ = ["foreign", "paint_chroma", "paint_luma"]

Image = NDArray[np.uint8]


def paint_luma(
    texture: Image, maps: FloatArray, offset: FloatArray, contrast: float, size: tuple[int, int]
) -> Image:
    """The texture's brightness in the target's light: ``exp(offset) * (Y + floor) ** contrast - floor``.

    Args:
        texture: (H, W) luma.
        maps: (h, w, ≥ 2) UV, on a coarser grid than the result's.
        offset: (h', w') on a coarser grid still; it is smooth.
        contrast: Exponent.
        size: (width, height) of the result.
    """
    height, width = texture.shape
    uv = cv2.resize(_texels(maps, width, height), size)
    raw = _fetch(texture, uv)
    curve = (np.arange(256) + FLOOR) ** contrast
    unit = 255.0 / curve[-1]
    bent = cv2.LUT(raw, np.round(curve * unit).astype(np.uint8))
    gain = cv2.resize(np.exp(offset) / np.float32(unit), size)
    return np.asarray(cv2.subtract(cv2.multiply(bent, gain, dtype=cv2.CV_8U), np.array([FLOOR])), np.uint8)


def paint_chroma(
    texture: FloatArray, maps: FloatArray, turn: complex, shift: FloatArray, size: tuple[int, int]
) -> Image:
    """(h, w, 2) Cr and Cb: fetched at the map's size, turned by a complex factor, shifted, and enlarged.

    Args:
        texture: (H, W, 2) around zero.
        maps: (h, w, ≥ 2) UV.
        turn: Complex factor.
        shift: (h, w, 2) to add.
        size: (width, height) of the result.
    """
    height, width = texture.shape[:2]
    raw = _fetch(texture, _texels(maps, width, height))
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]], np.float32)
    coded = np.clip(cv2.transform(raw, matrix) + shift + 128.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(coded, size), np.uint8)


def foreign(target: NDArray[Any], expected: FloatArray, drawn: NDArray[np.bool_]) -> FloatArray:
    """(h, w) 0 to 1: how unlike its lit skin the target is; hair, scarves, hands.

    Args:
        target: (h, w, 3) BGR.
        expected: (h, w, 3) log Y, Cr, Cb of lit skin.
        drawn: (h, w) where ``expected`` says something.
    """
    colours = np.asarray(cv2.cvtColor(target, cv2.COLOR_BGR2YCrCb), np.float32)
    bright = np.abs(np.log(colours[..., 0] + FLOOR) - expected[..., 0])
    tint = np.abs(colours[..., 1] - 128 - expected[..., 1]) + np.abs(colours[..., 2] - 128 - expected[..., 2])
    strange = np.clip(np.maximum((bright - 0.45) / 0.4, (tint - 20) / 20), 0, 1) * drawn
    return np.asarray(cv2.GaussianBlur(strange.astype(np.float32), (0, 0), 1.2), np.float32)


def _texels(maps: FloatArray, width: int, height: int) -> FloatArray:
    """(h, w, 2) UV as pixel coordinates of a texture."""
    size = np.array([width, height], np.float32)
    return np.asarray(maps[..., :2] * size - np.float32(0.5), np.float32)


def _fetch(texture: NDArray[Any], uv: NDArray[Any]) -> NDArray[Any]:
    empty: Any = None
    return cv2.remap(texture, uv, empty, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
