"""Pictures of what is doubtful in a render, before and after, few and small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import cv2
import numpy as np

from understudy.core.geometry import iou, region_around
from understudy.core.types import Region, TrackedFace
from understudy.media.frame import BgrPixels, Frame
from understudy.render.probe import EVERY, Purse
from understudy.render.record import Glimpse

__all__ = ["DOUBT", "SETTLED", "Look", "Onlooker", "trust_in", "worst"]

DOUBT: Final = 0.5
"""Confidence below which a face cannot be trusted."""

SETTLED: Final = 4
"""Frames that something doubtful must last for; what is shorter nobody sees."""

_SHARE, _FREE = 0.006, 0.05
_GONE: Final = 48  # frames for which a face that was lost is waited for
_MOST: Final = 12  # at a time
_SIDE: Final = 160  # pixels
_AROUND: Final = 0.4  # of a face's size, added on each side
_SAME: Final = 0.4  # overlap from which two places are one
_JPEG: Final = (cv2.IMWRITE_JPEG_QUALITY, 82)


def trust_in(face: TrackedFace) -> float:
    """How far a face in a frame can be trusted, 0 to 1."""
    return float(face.face.confidence * face.weight * (0.5 if face.bridged else 1.0))


@dataclass(frozen=True, eq=False)
class Look:
    """A picture that is completed when its frame comes out.

    Attributes:
        track: Whose.
        trust: From 0 to 1.
        region: What it shows.
        before: (h, w, 3) how it looks in the target.
    """

    track: int
    trust: float
    region: Region
    before: BgrPixels


@dataclass(eq=False)
class _Trail:
    """Where a track was last seen, and for how many frames it has been doubtful."""

    region: Region
    number: int
    doubtful: int = 0
    pictured: Fraction = Fraction(-1)


class Onlooker:
    """Looks at tracks that are doubtful or lost. Its two ends may be at work in two threads.

    Args:
        clock: Seconds of processor time, of which it gets its share.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._purse = Purse(_SHARE, _FREE, clock)
        self._trails: dict[int, _Trail] = {}
        self._shot = 0

    def came_in(
        self, number: int, shot: int, when: Fraction, frame: Frame, faces: Sequence[TrackedFace]
    ) -> tuple[Look, ...]:
        """What to take a picture of in a frame, which is not changed yet (arguments: as of ``Prober``)."""
        if shot != self._shot:
            self._shot, self._trails = shot, {}
        for face in faces:
            around = _surroundings(face, frame)
            trail = self._trails.setdefault(face.track, _Trail(around, number))
            trail.region, trail.number = around, number
        trust = {face.track: trust_in(face) for face in faces}
        there = [self._trails[track].region for track in trust]
        # Where somebody is there is nobody lost, whatever number they had before.
        self._trails = {
            track: trail
            for track, trail in self._trails.items()
            if track in trust
            or (number - trail.number < _GONE and not any(_meet(trail.region, each) for each in there))
        }
        return tuple(self._looks(when, frame, trust))

    def came_out(self, number: int, look: Look, frame: Frame, scale: float) -> Glimpse | None:
        """The picture of a frame that was changed; ``scale`` is how many times as large it became."""
        region = Region(*(round(edge * scale) for edge in look.region))
        with self._purse.paid():
            pictures = [_encoded(pixels) for pixels in (look.before, _small(frame, region))]
        if pictures[0] is None or pictures[1] is None:
            return None
        return Glimpse(number, look.track, look.trust, pictures[0], pictures[1])

    def _looks(self, when: Fraction, frame: Frame, trust: dict[int, float]) -> Iterator[Look]:
        for track, trail in self._trails.items():
            trail.doubtful = trail.doubtful + 1 if trust.get(track, 0.0) < DOUBT else 0
            settled = trail.doubtful == SETTLED
            # Whoever is lost is pictured once: nobody knows where they went.
            due = track in trust and trail.doubtful > SETTLED and when - trail.pictured >= EVERY
            if (settled or due) and self._purse.affords:
                trail.pictured = when
                with self._purse.paid():
                    before = _small(frame, trail.region)
                yield Look(track, trust.get(track, 0.0), trail.region, before)


def _surroundings(face: TrackedFace, frame: Frame) -> Region:
    corners = face.face.bbox.reshape(2, 2)
    return region_around(corners, _AROUND * face.face.size, frame.width, frame.height)


def _meet(one: Region, other: Region) -> bool:
    return iou(*(np.array([each.x, each.y, each.right, each.bottom]) for each in (one, other))) > _SAME


def _small(frame: Frame, region: Region) -> BgrPixels:
    scale = min(_SIDE / max(region.width, region.height, 1), 1.0)
    return frame.bgr(region, (max(round(region.width * scale), 1), max(round(region.height * scale), 1)))


def _encoded(pixels: BgrPixels) -> bytes | None:
    done, data = cv2.imencode(".jpg", pixels, list(_JPEG))
    return data.tobytes() if done else None


def worst(glimpses: Sequence[Glimpse]) -> list[Glimpse]:
    """Those that can be trusted least, in order of time; no more than a page can show."""
    kept = sorted(glimpses, key=lambda each: (each.trust, each.frame))[:_MOST]
    return sorted(kept, key=lambda each: (each.frame, each.track))
