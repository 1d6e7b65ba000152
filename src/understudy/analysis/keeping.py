"""Moments written down as they go by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction

from understudy.analysis.moments import Moment
from understudy.analysis.recorder import Recorder
from understudy.analysis.store import Draft
from understudy.core.types import MediaInfo
from understudy.media.frame import Frame

__all__ = ["recorded"]


def recorded(
    moments: Iterable[tuple[Frame, Moment]], draft: Draft, info: MediaInfo, *, strict: bool
) -> Iterator[tuple[Frame, Moment]]:
    """Moments of a film, which are kept when the last has gone by.

    Args:
        moments: Of each of its frames in order of time, rounded.
        draft: Where to write.
        info: Of the film.
        strict: Whether a disk that does not take it is an error. Otherwise they go by all the same, and nothing is
            kept; and nothing is either when they are not the film's own.

    Raises:
        OSError: With ``strict``: it cannot be written.
    """
    recorder = Recorder(draft.shelf)
    base = info.time_base or Fraction(1)
    complete = True
    try:
        for frame, moment in moments:
            if complete and (strict or (frame.pts == frame.source_pts and frame.time_base == base)):
                try:
                    recorder.add(frame, frame.source_pts, moment)
                except OSError:
                    if strict:
                        raise
                    complete = False
            else:
                complete = False
            yield frame, moment
        if complete:
            with suppress(*() if strict else (OSError,)):
                recorder.finish(base, (info.width, info.height), info.path.name)
                draft.commit()
    finally:
        draft.discard()
