"""What is where, frame by frame: shots, and tracks found and followed. Says nothing of who they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from understudy.analysis.moments import Moment
from understudy.analysis.shots import CutDetector
from understudy.analysis.track import Landmarker, Tracker
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import PartialDetector, Picture

__all__ = ["observe"]

P = TypeVar("P", bound=Picture)


def observe(
    frames: Iterable[P], detector: PartialDetector, landmarker: Landmarker
) -> Iterator[tuple[P, Moment]]:
    """Find and follow the faces of a film (or of one picture).

    Args:
        frames: In order of time.
        detector: Finds faces.
        landmarker: Places landmarks and follows them.

    Yields:
        Each frame with what is in it.
    """
    tracker = Tracker(detector, landmarker, load_canonical())
    cuts = CutDetector()
    shot = 0
    for number, frame in enumerate(frames):
        cut = cuts.is_cut(frame)
        shot += cut
        tracks = tracker.step(frame, cut=cut)
        yield frame, Moment(number, shot, {track.number: track.sample for track in tracks})
