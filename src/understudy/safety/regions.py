"""Where in a picture somebody is, and how large a part of it is shown."""

from __future__ import annotations

from understudy.core.types import FloatArray, Region
from understudy.vision.roles import BgrImage, Picture

__all__ = ["around", "fitted", "shown", "size_of"]


def size_of(box: FloatArray) -> float:
    """The longer side of a (4,) box; never nothing."""
    return float(max(box[2] - box[0], box[3] - box[1], 2.0))


def around(box: FloatArray, reach: tuple[float, float, float, float], width: int, height: int) -> Region:
    """The part of a picture that lies around a face, on even pixels.

    Args:
        box: (4,) of the face.
        reach: Left, top, right, bottom of the part, in sizes of the face from its middle.
        width, height: Of the picture.
    """
    size = size_of(box)
    middle = (box[:2] + box[2:]) / 2
    left, top, right, bottom = (float(middle[i % 2] + size * part) for i, part in enumerate(reach))
    x, y = (int(min(max(low, 0), most - 2)) // 2 * 2 for low, most in ((left, width), (top, height)))
    right, bottom = min(max(right, x + 2), width), min(max(bottom, y + 2), height)
    return Region(x, y, max(int(right - x) // 2 * 2, 1), max(int(bottom - y) // 2 * 2, 1))


def fitted(region: Region, side: int) -> tuple[int, int]:
    """Width and height of a region whose longer side is scaled down to ``side`` pixels, if it is longer."""
    scale = min(side / max(region.width, region.height), 1.0)
    return max(round(region.width * scale), 1), max(round(region.height * scale), 1)


def shown(picture: Picture, region: Region, side: int) -> BgrImage:
    """A region's pixels, scaled as :func:`fitted` says."""
    size = fitted(region, side)
    return picture.bgr(region, None if size == (region.width, region.height) else size)
