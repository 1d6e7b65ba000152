"""Encoders in graphics processors: which there are, and whether one works here."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Final

import av

__all__ = ["HARDWARE", "working"]

HARDWARE: Final = ("h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_amf")
"""Those that ``auto`` tries, in this order."""

_SIDE: Final = 256  # more than the least that any of them takes


@lru_cache(maxsize=16)
def working(name: str, pixel_format: str) -> bool:
    """Whether an encoder can really encode: it is tried, because a driver can be there without the hardware.

    Args:
        name: FFmpeg's name of it.
        pixel_format: What it would get.
    """
    try:
        context = av.CodecContext.create(name, "w")
        if not isinstance(context, av.VideoCodecContext):
            return False
        context.width = context.height = _SIDE
        context.pix_fmt = pixel_format
        context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
        frame = av.VideoFrame(_SIDE, _SIDE, pixel_format)
        frame.pts = 0
        return any(packet.size for packet in (*context.encode(frame), *context.encode(None)))
    except (av.FFmpegError, ValueError, OSError, RuntimeError):
        return False
