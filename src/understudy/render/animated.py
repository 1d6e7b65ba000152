"""Publishing a GIF, an animated WebP or an animated PNG: no such file can be joined out of encoded segments.

The segments are committed without loss instead, and the file is made of their pictures at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import MediaInfo, Notice
from understudy.core.verdict import Allow
from understudy.media.animate import delays_of, rgba_of, write_animation
from understudy.media.encoders import Encoding
from understudy.media.read import VideoReader
from understudy.media.segments import Segment

__all__ = ["animate"]


def animate(
    segments: Sequence[Segment],
    path: Path,
    info: MediaInfo,
    encoding: Encoding,
    quality: int | None,
    allow: Allow,
) -> Iterator[Notice]:
    """Write the animation; what it could not keep is returned.

    Args:
        segments: In order of time.
        path: Where to write.
        info: The source.
        encoding: The animation's.
        quality: 0 to 100, if it was said.
        allow: The content gate's leave for all of them.

    Raises:
        EncoderError: It is too large for this kind, or the encoder failed.
        OutputError: It cannot be written.
    """

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for segment in segments:
            yield from map(rgba_of, VideoReader(segment.path))

    base = segments[0].time_base
    shown = sorted(
        (pts, duration)
        for segment in segments
        for pts, duration in zip(segment.pts, segment.durations, strict=True)
    )
    times = [pts * base for pts, _ in shown]
    last = shown[-1][1] * base or (times[-1] - times[-2] if len(times) > 1 else Fraction(1, 10))
    kind = encoding.container
    write_animation(
        pictures, delays_of(times, last, kind), path, kind, allow, plays=info.plays, quality=quality
    )
    if info.audio:
        yield Notice("audio-dropped", f"{kind} has no sound; it was left out.")
    if info.bit_depth > 8:
        yield Notice("depth-reduced", f"{kind} holds 8 bits; the film had {info.bit_depth}.")
