"""Another frame rate for the same duration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from understudy.media.frame import Frame

__all__ = ["as_rate", "resampled"]


def as_rate(fps: float) -> Fraction:
    """The exact rate that a decimal number means: 29.97 is 30000/1001."""
    ntsc = Fraction(round(fps * 1.001) * 1000, 1001)
    if abs(float(ntsc) - fps) < 0.005 and fps != round(fps):
        return ntsc
    return Fraction(fps).limit_denominator(1000)


def resampled(frames: Iterable[Frame], rate: Fraction) -> Iterator[Frame]:
    """At each tick of the new rate, the frame that was on screen then.

    Args:
        frames: In order of time; the last one lasts as long as the one before it.
        rate: Frames per second.

    Yields:
        Frames whose time base is ``1 / rate`` and whose pts count from the first frame's time.
    """
    tick = 1 / rate
    current: Frame | None = None
    index = first = 0
    gap = tick
    shown = Fraction(0)
    for frame in frames:
        time = frame.pts * frame.time_base
        if current is None:
            index = first = round(time * rate)
        else:
            gap = time - shown
            while index * tick < time:
                yield current.copied(index, tick)
                index += 1
        current, shown = frame, time
    if current is not None:
        # At least one picture, however short the film.
        while index * tick < shown + gap or index == first:
            yield current.copied(index, tick)
            index += 1
