"""Painting: the actor's texture fetched through a UV map and brought into the target's light."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray
from understudy.vision.swap.mesh.light import FLOOR, decoded

__all__ = ["fetch", "foreign", "paint_chroma", "paint_luma"]

_HALF: Final = np.float32(0.5)
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
    raw = _remap(texture, uv, cv2.BORDER_REPLICATE)
    curve = (np.arange(256) + FLOOR) ** contrast
    unit = 255.0 / curve[-1]
    bent = cv2.LUT(raw, np.round(curve * unit).astype(np.uint8))
    gain = cv2.resize(np.exp(offset) / np.float32(unit), size)
    return np.asarray(cv2.subtract(cv2.multiply(bent, gain, dtype=cv2.CV_8U), np.array([FLOOR])), np.uint8)


def paint_chroma(
    texture: Image, maps: FloatArray, turn: complex, shift: FloatArray, size: tuple[int, int]
) -> Image:
    """(h, w, 2) Cr and Cb: fetched at the map's size, turned by a complex factor, shifted, and enlarged.

    Args:
        texture: (H, W, 2) Cr and Cb.
        maps: (h, w, ≥ 2) UV.
        turn: Complex factor.
        shift: (h, w, 2) to add.
        size: (width, height) of the result.
    """
    raw = fetch(texture, maps)
    # Chroma is coded around 128, which the factor must leave where it is.
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]], np.float32)
    matrix = np.column_stack([linear, 128 - linear @ np.array([128, 128], np.float32)])
    coded = cv2.add(cv2.transform(raw, matrix), shift, dtype=cv2.CV_8U)
    return np.asarray(cv2.resize(coded, size), np.uint8)


def foreign(target: NDArray[Any], expected: FloatArray, drawn: NDArray[np.bool_]) -> FloatArray:
    """(h, w) 0 to 1: how unlike its lit skin the target is; hair, scarves, hands.

    Args:
        target: (h, w, 3) BGR.
        expected: (h, w, 3) log Y, Cr, Cb of lit skin.
        drawn: (h, w) where ``expected`` says something.
    """
    off = np.abs(decoded(cv2.cvtColor(target, cv2.COLOR_BGR2YCrCb)) - expected)
    bright, tint = off[..., 0], off[..., 1] + off[..., 2]
    strange = np.clip(np.maximum((bright - 0.45) / 0.4, (tint - 20) / 20), 0, 1) * drawn
    return np.asarray(cv2.GaussianBlur(strange.astype(np.float32), (0, 0), 1.2), np.float32)


def fetch(texture: NDArray[Any], maps: FloatArray, border: int = cv2.BORDER_REPLICATE) -> NDArray[Any]:
    """A texture seen through a UV map.

    Args:
        texture: (H, W) or (H, W, c).
        maps: (h, w, ≥ 2) UV.
        border: What lies outside the texture.
    """
    return _remap(texture, _texels(maps, texture.shape[1], texture.shape[0]), border)


def _texels(maps: FloatArray, width: int, height: int) -> FloatArray:
    """(h, w, 2) UV as pixel coordinates of a texture."""
    u, v = cv2.extractChannel(maps, 0), cv2.extractChannel(maps, 1)
    return np.asarray(cv2.merge([u * np.float32(width) - _HALF, v * np.float32(height) - _HALF]), np.float32)


def _remap(texture: NDArray[Any], texels: NDArray[Any], border: int) -> NDArray[Any]:
    empty: Any = None
    return cv2.remap(texture, texels, empty, cv2.INTER_LINEAR, borderMode=border)
