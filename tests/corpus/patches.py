"""A picture whose colours and turn are known, and how to look for them without the code under test."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from PIL import Image

__all__ = ["ACCURATE", "BOX", "COLOURS", "TURNS", "box_in", "colours", "near", "picture", "shown", "turned"]

Pixels = NDArray[np.uint8]

ACCURATE = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT

COLOURS = ((40, 60, 200), (50, 180, 60), (190, 70, 40), (120, 120, 120))
"""BGR of the quarters: top left, top right, bottom left, bottom right."""
BOX = (1 / 8, 1 / 8, 1 / 8, 1 / 8)
"""Left, top, width, height of what the fake engine inverts, in shares of the upright picture."""
TURNS = {  # EXIF number: what Pillow does to a stored picture to put it upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BACK = {6: 8, 8: 6}


def picture(index: int = 0, width: int = 64, height: int = 48) -> Pixels:
    """Four flat quarters; the last one's brightness tells frames apart."""
    pixels = np.empty((height, width, 3), np.uint8)
    half = height // 2, width // 2
    pixels[: half[0], : half[1]] = COLOURS[0]
    pixels[: half[0], half[1] :] = COLOURS[1]
    pixels[half[0] :, : half[1]] = COLOURS[2]
    pixels[half[0] :, half[1] :] = 120 + 12 * (index % 8)
    return pixels


def turned(pixels: Pixels, number: int, *, back: bool = False) -> Pixels:
    """A stored picture put upright as Pillow does it, or the other way round."""
    number = _BACK.get(number, number) if back else number
    if number == 1:
        return pixels
    return np.asarray(Image.fromarray(pixels).transpose(TURNS[number]))


def colours(pixels: Pixels) -> NDArray[np.float64]:
    """(4, channels) means of the quarters, away from their edges and from the box."""
    height, width = pixels.shape[:2]
    down, across = slice(height * 5 // 16, height * 7 // 16), slice(width * 5 // 16, width * 7 // 16)
    lower, right = slice(height * 11 // 16, height * 13 // 16), slice(width * 11 // 16, width * 13 // 16)
    parts = (pixels[down, across], pixels[down, right], pixels[lower, across], pixels[lower, right])
    return np.array([part.reshape(-1, *pixels.shape[2:]).mean(0) for part in parts])


def box_in(pixels: Pixels) -> NDArray[np.float64]:
    """The mean inside the box, of an upright picture."""
    height, width = pixels.shape[:2]
    rows = slice(round(height * 0.15), round(height * 0.22))
    columns = slice(round(width * 0.15), round(width * 0.22))
    return np.asarray(pixels[rows, columns].reshape(-1, *pixels.shape[2:]).mean(0))


def near(got: NDArray[Any], wanted: Any, tolerance: float = 2) -> None:
    """Two sets of colours are the same within so many levels."""
    worst = float(np.abs(np.asarray(got, float) - np.asarray(wanted, float)).max())
    assert worst <= tolerance, (
        f"{worst:.1f} levels off: {np.round(got).tolist()} is not {np.round(wanted).tolist()}"
    )


def shown(path: Path) -> Iterator[tuple[Fraction, Pixels]]:
    """Times and stored BGR pictures, as FFmpeg alone decodes and converts them."""
    with av.open(f"file:{path}") as container:
        stream = next(
            s for s in container.streams.video if not s.disposition & s.disposition.__class__.attached_pic
        )
        for frame in container.decode(stream):
            accurate = frame.reformat(format="bgr24", interpolation=ACCURATE)
            yield frame.pts * frame.time_base, accurate.to_ndarray()
