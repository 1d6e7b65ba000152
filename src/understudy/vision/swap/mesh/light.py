"""Light: what the target's scene does to a face, and what the actor's photo did, told apart.

Colours are (log Y, Cr, Cb): brightness as a natural logarithm, so that light multiplies it, and chroma around zero, so
that it can be turned and scaled while hair, lashes and highlights stay as neutral as they were. A face's low
frequencies, sampled at the mesh's vertices, are split into second-order spherical harmonics of its normals (light on a
matt surface: Ramamoorthi and Hanrahan, "On the relationship between radiance and irradiance", 2001) and a remainder
(what is painted on the skin, and what the harmonics cannot say).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import region_around
from understudy.core.types import FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.roles import Picture

__all__ = [
    "FLOOR",
    "Relight",
    "decoded",
    "fit_shading",
    "harmonics",
    "relight",
    "sample_colours",
    "skin_contrast",
]

FLOOR: Final = 6.0  # added to Y before the logarithm: black stays finite and the noise in it small
_GRID: Final = 56  # pixels across a face when its low frequencies are read
_RIDGE: Final = np.diag([0, 0.01, 0.01, 0.01, 0.05, 0.05, 0.05, 0.05, 0.05])
_OUTLIER: Final = np.array([0.25, 8.0, 8.0])  # residuals at which a vertex counts half

_SHADOW: Final = 0.5  # share of the target's cast shadows and glow, beyond what smooth light explains
_CONTRAST: Final = (0.5, 1.1)
_TINT: Final = 5.0  # levels of chroma by which the light may vary over a face


@dataclass(frozen=True, eq=False)
class Relight:
    """How to bring the texture into the target's light.

    Attributes:
        field: (468, 3) per vertex: offset of log Y, and what to add to Cr and Cb.
        contrast: Exponent of Y.
        turn: Complex factor of chroma.
        lit: (468, 3) colours that the light alone gives the target's skin.
    """

    field: FloatArray
    contrast: float
    turn: complex
    lit: FloatArray


def harmonics(normals: FloatArray) -> FloatArray:
    """Real spherical harmonics up to order two, without their constant factors.

    Args:
        normals: (n, 3) unit vectors.

    Returns:
        (n, 9) float32.
    """
    x, y, z = normals.T
    one = np.ones_like(x)
    return np.stack([one, x, y, z + 0.7, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1], 1).astype(
        np.float32
    )


def fit_shading(colours: FloatArray, basis: FloatArray, weights: FloatArray) -> FloatArray:
    """Robust ridge regression of the colours on the harmonics; hair, scarves and glasses count little.

    Args:
        colours: (n, 3).
        basis: (n, 9) from :func:`harmonics`.
        weights: (n,) trust in each vertex.

    Returns:
        (n, 3) the colours as the light alone would make them.
    """
    trust = weights.astype(np.float64)
    lit = colours
    for _ in range(3):
        weighted = basis.T * trust
        lit = basis @ np.linalg.solve(weighted @ basis + _RIDGE * trust.sum(), weighted @ colours)
        off = np.abs((colours - lit) / _OUTLIER).max(1)
        trust = weights / (1 + off * off)
    return lit.astype(np.float32)


def sample_colours(picture: Picture, landmarks: FloatArray, width: float) -> FloatArray:
    """The face's low frequencies at the vertices.

    Args:
        picture: Where the face is.
        landmarks: (468, 3).
        width: Of the face in pixels.

    Returns:
        (468, 3): log Y, Cr, Cb, chroma around zero.
    """
    region = region_around(landmarks, 0.06 * width, picture.width, picture.height)
    scale = min(_GRID / width, 1.0)
    size = (max(round(region.width * scale), 4), max(round(region.height * scale), 4))
    small = cv2.GaussianBlur(picture.bgr(region, size), (0, 0), 1.0)
    points = (landmarks[:, :2] - np.array([region.x, region.y]) + 0.5) * (
        np.array(size) / np.array([region.width, region.height])
    ) - 0.5
    x, y = points.astype(np.float32).T[..., None]
    sampled = cv2.remap(small, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return decoded(cv2.cvtColor(sampled, cv2.COLOR_BGR2YCrCb).reshape(-1, 3))


def decoded(colours: NDArray[Any]) -> FloatArray:
    """(..., 3) log Y, Cr, Cb, chroma around zero, from the coded Y, Cr, Cb of OpenCV."""
    values = colours.astype(np.float32)
    values[..., 0] = np.log(values[..., 0] + FLOOR)
    values[..., 1:] -= 128
    return values


def relight(
    canonical: Canonical,
    colours: FloatArray,
    normals: FloatArray,
    form: FloatArray,
    actor: FloatArray,
    actor_contrast: float,
) -> Relight:
    """From the actor's light to the target's.

    Args:
        canonical: The mesh.
        colours: (468, 3) of the target, from :func:`sample_colours`.
        normals: (468, 3) of the target.
        form: (468, 3) the same, of its large forms.
        actor: (468, 3) colours that the light alone gives the actor's skin.
        actor_contrast: Standard deviation of the actor's log Y beyond its light.
    """
    facing = np.clip((-normals[:, 2] - 0.1) / 0.4, 0, 1)
    weights = (canonical.skin * facing).astype(np.float32)
    lit = fit_shading(colours, harmonics(form), weights)
    rest = colours[:, 0] - lit[:, 0]
    trust = _trust(rest, weights)
    kernel = canonical.wide * trust
    shadow = kernel @ rest / (kernel.sum(1) + 1.0)
    contrast = float(np.clip(skin_contrast(rest, weights) / max(actor_contrast, 0.02), *_CONTRAST))
    turn = _turn(lit, actor, weights)
    tint = _chroma(lit) - turn * _chroma(actor)
    # What the factor's limits left over is wanted everywhere; only its variation is held back.
    over = complex((weights * tint).sum() / (weights.sum() + 1e-3))
    varied = tint - over
    field = [
        lit[:, 0] + _SHADOW * shadow - contrast * actor[:, 0],
        over.real + np.clip(varied.real, -_TINT, _TINT),
        over.imag + np.clip(varied.imag, -_TINT, _TINT),
    ]
    return Relight(np.stack(field, 1).astype(np.float32), contrast, turn, lit)


def skin_contrast(rest: FloatArray, weights: FloatArray) -> float:
    """Standard deviation of log Y beyond its light on plain skin; hair and scarves count little.

    Args:
        rest: (468,) log Y less what the light alone gives.
        weights: (468,) trust in each vertex.
    """
    trust = _trust(rest, weights)
    return float(np.sqrt((trust * rest * rest).sum() / (trust.sum() + 1e-6)))


def _trust(rest: FloatArray, weights: FloatArray) -> FloatArray:
    return np.asarray(weights / (1 + (rest / 0.35) ** 2), np.float32)


def _chroma(colours: FloatArray) -> NDArray[np.complex64]:
    """(Cr, Cb) as complex numbers."""
    return (colours[:, 1] + 1j * colours[:, 2]).astype(np.complex64)


def _turn(lit: FloatArray, actor: FloatArray, weights: FloatArray) -> complex:
    """The factor that takes the actor's skin to the target's; it leaves neutral hair and eyes neutral."""
    mine, theirs = _chroma(actor), _chroma(lit)
    ratio = complex((weights * theirs * mine.conj()).sum() / ((weights * np.abs(mine) ** 2).sum() + 1e-3))
    size = min(max(abs(ratio), 0.3), 1.3)
    angle = float(np.clip(np.angle(ratio), -0.5, 0.5))
    return size * complex(np.cos(angle), np.sin(angle))
