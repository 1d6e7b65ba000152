"""How many frames may wait, so that a render stays within the memory that it was given."""

from __future__ import annotations

from typing import Final

import av

from understudy.core.errors import PlanError
from understudy.core.system import peak_memory
from understudy.core.types import MediaInfo
from understudy.media.encoders import Encoding

__all__ = ["MOST", "queue_within"]

MOST: Final = 4  # frames between two stages: enough to even out their pace, little memory at 4K
_STAGES: Final = 5  # queues, each with the frame that its stage is at
# Frames that are alive besides: the decoder's and the encoder's own, and those that wait in analysis.
_BESIDES: Final = 72


def queue_within(limit: float | None, info: MediaInfo, encoding: Encoding, waiting: int = 1) -> int:
    """Frames that may wait between two stages.

    What is loaded by now is taken as it is; what a network allocates while it runs cannot be foreseen.

    Args:
        limit: Gigabytes for the whole process; None is as many as are useful.
        info: The source.
        encoding: What is written.
        waiting: Frames that wait for a keyframe, with it, each with what is kept of its faces.

    Raises:
        PlanError: It cannot be done in so little.
    """
    if limit is None:
        return MOST
    frame = max(
        _bytes(info.stored_width, info.stored_height, info.pixel_format),
        _bytes(encoding.width, encoding.height, encoding.pixel_format),
    )
    loaded = peak_memory() or 0
    besides = _BESIDES + waiting
    room = (limit * 1e9 - loaded) / frame - besides
    if room < _STAGES:
        least = (loaded + (besides + _STAGES) * frame) / 1e9
        raise PlanError(
            f"This film cannot be rendered in {limit:g} GB.",
            path=info.path,
            next_step=f"Give it --max-memory {least + 0.05:.1f}, or more.",
        )
    return min(int(room // _STAGES), MOST)


def _bytes(width: int, height: int, pixel_format: str) -> int:
    """Of one frame."""
    layout = av.VideoFormat(pixel_format, width, height)
    return sum(
        layout_width * layout_height * ((component.bits + 7) // 8)
        for component in layout.components
        for layout_width, layout_height in [(component.width, component.height)]
    )
