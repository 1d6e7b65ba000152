"""What is where, frame by frame: shots, and tracks found and followed. Says nothing of who they are.

Frames wait for a moment before they are given out, so that what is understood late is not lost: a face that the search
comes upon is followed back to where it entered, a face that was out of sight is bridged, and a dissolve ends its shot
in its middle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

import numpy as np

from understudy.analysis.bridge import bridge
from understudy.analysis.moments import Moment, Sample
from understudy.analysis.motion import middle
from understudy.analysis.shots import ShotDetector
from understudy.analysis.track import Landmarker, Track
from understudy.analysis.tracker import GAP, SAME, Lost, Tracker
from understudy.core.geometry import iou
from understudy.core.types import Face
from understudy.media.frame import Frame
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import PartialDetector, Picture

__all__ = ["WAIT", "observe"]

WAIT: Final = GAP
"""Frames that wait."""

_STANDS: Final = 4  # equal frames after which the picture counts as standing still, and is searched in full

P = TypeVar("P", bound=Picture)


def observe(
    frames: Iterable[P], detector: PartialDetector, landmarker: Landmarker, *, wait: int = WAIT
) -> Iterator[tuple[P, Moment]]:
    """Find and follow the faces of a film (or of one picture).

    Args:
        frames: In order of time. They must not change before they are given out.
        detector: Finds faces.
        landmarker: Places landmarks and follows them.
        wait: Frames by which what is given out lies behind what was read; 0 for live.

    Yields:
        Each frame with what is in it.
    """
    observer: _Observer[P] = _Observer(Tracker(detector, landmarker, load_canonical()))
    for frame in frames:
        observer.see(frame)
        while len(observer.waiting) > wait:
            yield observer.given()
    while observer.waiting:
        yield observer.given()


@dataclass(eq=False)
class _Waiting(Generic[P]):
    """A frame and what is known of it so far."""

    picture: P
    number: int
    shot: int
    samples: dict[int, Sample] = field(default_factory=dict)
    follows: dict[int, int] = field(default_factory=dict)


class _Observer(Generic[P]):
    """Sees one frame after the other; what it understands late, it puts right in those that wait."""

    def __init__(self, tracker: Tracker) -> None:
        self.waiting: deque[_Waiting[P]] = deque()
        self._tracker = tracker
        self._shots = ShotDetector()
        self._shot = 0
        self._number = 0
        self._stands = 0

    def given(self) -> tuple[P, Moment]:
        """The frame that waited longest."""
        first = self.waiting.popleft()
        return first.picture, Moment(first.number, first.shot, first.samples, first.follows)

    def see(self, picture: P) -> None:
        """The next frame."""
        now = _Waiting(picture, self._number, self._shot)
        self._number += 1
        last = self.waiting[-1] if self.waiting else None
        self.waiting.append(now)
        if last is not None and _same(last.picture, picture):
            self._stands += 1
            now.samples.update(last.samples)
            # Once it has been looked at in full, an exactly repeated frame costs nothing.
            found = self._tracker.look_around(picture) if self._stands == _STANDS else []
        else:
            self._stands = 0
            back = self._shots.begins(picture)
            if back is not None:
                self._restart(back)
            found = self._step(now)
        for face in found:
            self._find(now, face)

    def _step(self, now: _Waiting[P]) -> list[Face]:
        """Follow who is known; gives the faces that are found besides."""
        step = self._tracker.step(now.picture, now.number)
        now.follows.update(step.follows)
        now.samples.update({track.number: track.sample for track in self._tracker.tracks})
        return step.found

    def _restart(self, back: int) -> None:
        """A shot began so many frames ago: what was followed since then belongs to the last one."""
        self._shot += 1
        self._tracker.restart()
        for waiting in list(self.waiting)[-1 - back :]:
            waiting.shot = self._shot
            waiting.samples.clear()
            waiting.follows.clear()

    def _find(self, now: _Waiting[P], face: Face) -> None:
        """Begin a track, and find out since when the face is there and which track that continues."""
        track = self._tracker.follower.begin(now.picture, face, -1)
        if track is None or self._tracker.taken(track.sample.face.bbox):
            return
        trail, blocked = self._trace(track)
        first = trail[-1][1] if trail else track
        begins = trail[-1][0] if trail else now
        before = self._just_lost(blocked, begins) or self._tracker.same(first.sample.landmarks, begins.number)
        if before is not None and not before.met:
            number = before.track.number
            self._bridge(before, begins, first, known=bool(trail))
        else:
            number = self._tracker.number()
            before = before or self._tracker.likeliest(track, begins.number)
            if before is not None:
                begins.follows[number] = before.track.number
        if before is not None:
            self._tracker.claim(before)
            bones = before.track.sample.proportions
            track = replace(track, sample=replace(track.sample, proportions=bones))
        for waiting, each in [(now, track), *trail]:
            waiting.samples[number] = replace(each.sample, proportions=track.sample.proportions)
        speed = track.speed
        if trail:
            speed = middle(track.sample.landmarks) - middle(trail[0][1].sample.landmarks)
        self._tracker.add(replace(track, number=number, speed=speed))

    def _trace(self, track: Track) -> tuple[list[tuple[_Waiting[P], Track]], int | None]:
        """The track in the frames before, the latest first, and the number of the one that it runs into."""
        trail: list[tuple[_Waiting[P], Track]] = []
        for waiting in list(self.waiting)[-2::-1]:
            if waiting.shot != self._shot:
                break
            moved = self._tracker.follower.follow(waiting.picture, track)
            if moved is None:
                break
            box = moved.sample.face.bbox
            for number, sample in waiting.samples.items():
                if iou(box, sample.face.bbox) > SAME:
                    return trail, number
            trail.append((waiting, moved))
            track = moved
        return trail, None

    def _just_lost(self, number: int | None, begins: _Waiting[P]) -> Lost | None:
        """The lost track of a number, if a face that is seen from ``begins`` on was it in the frame before."""
        lost = (each for each in self._tracker.lost if each.track.number == number)
        return next((each for each in lost if each.frame == begins.number - 1), None)

    def _bridge(self, before: Lost, begins: _Waiting[P], first: Track, *, known: bool) -> None:
        """Fill the frames in which a track was not seen, but where it would cover another face."""
        gap = [each for each in self.waiting if before.frame < each.number < begins.number]
        count = begins.number - before.frame - 1
        if len(gap) < count:
            return
        # The track was followed back in time.
        speeds = before.track.speed, np.asarray(-first.speed, np.float32) if known else None
        samples = bridge(before.track.sample, first.sample, count, speeds)
        for waiting, sample in zip(gap, samples, strict=True):
            if all(iou(sample.face.bbox, other.face.bbox) < 0.1 for other in waiting.samples.values()):
                waiting.samples[before.track.number] = sample


def _same(one: Picture, other: Picture) -> bool:
    return isinstance(one, Frame) and isinstance(other, Frame) and one.same_as(other)
