"""One face from frame to frame: the landmarks of one frame are where the next is looked at.

That is the whole association. Trackers of boxes (ByteTrack, norfair, motpy) guess which detection of a frame is which
of the last; here the face itself is followed, at a tenth of a detection's cost, and the detector is asked only when
the answer is in doubt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from understudy.analysis.moments import Sample
from understudy.analysis.motion import angles, predicted, quickened, stray
from understudy.analysis.near import look_near, overlap
from understudy.core.types import Face, FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.gaze import measure_gaze
from understudy.vision.glasses import load_glasses
from understudy.vision.landmark.facemesh import Sight
from understudy.vision.quality import assess
from understudy.vision.roles import Detector, Picture
from understudy.vision.shape import proportions

__all__ = ["Follower", "Landmarker", "Track"]

_PRESENT: Final = 0.5  # probability of a face from which a track goes on
_FAR: Final = 48.0  # degrees of yaw of a profile
_SUDDEN: Final = 15.0  # degrees: a profile that seems to have turned back so far in one frame has turned away
_AGREES: Final = 0.5  # share of a detection that must lie on a doubtful face to confirm it
_LEAP: Final = 3.0  # how far a face that was detected again may lie off, in strays
_LEARN: Final = 0.04  # weight of a new frame in a track's proportions
_GLASSES: Final = 0.2  # weight of a new look for glasses in a track's score


class Landmarker(Protocol):
    """A landmarker that follows a face."""

    def locate(self, picture: Picture, face: Face) -> tuple[Face, Sight]:
        """Landmarks from a detection, and how they were seen."""

    def track(self, picture: Picture, previous: FloatArray, sight: Sight | None = None) -> tuple[Face, Sight]:
        """Landmarks from the frame before's."""


@dataclass(frozen=True, eq=False)
class Track:
    """A track at one frame.

    Attributes:
        number: Unique within the film.
        sample: What was measured in that frame.
        sight: How the landmarker saw it.
        speed: (2,) pixels a frame.
        glasses: Above 0 for one with glasses; a running mean, so that the verdict does not flicker.
        stray: How far it lay off where it was expected; 1 is much.
    """

    number: int
    sample: Sample
    sight: Sight
    speed: FloatArray
    glasses: float
    stray: float = 0.0

    def expected(self, frames: int = 1) -> FloatArray:
        """(468, 3) where it will be so many frames later."""
        return predicted(self.sample.landmarks, self.speed, frames)


class Follower:
    """Follows single faces, in either direction of time.

    Args:
        detector: Asked when a face is doubtful.
        landmarker: Places and follows landmarks.
        canonical: The mesh.
    """

    def __init__(self, detector: Detector, landmarker: Landmarker, canonical: Canonical) -> None:
        self._detector, self._landmarker, self._canonical = detector, landmarker, canonical
        self._glasses = load_glasses()

    def begin(self, picture: Picture, found: Face, number: int) -> Track | None:
        """A track from a detection; None when the landmarker sees no face there."""
        face, sight = self._landmarker.locate(picture, found)
        if face.confidence < _PRESENT or face.landmarks is None:
            return None
        glasses = self._glasses.score(self._canonical, picture, face)
        sample = self._sample(picture, face, glasses > 0, None)
        return Track(number, sample, sight, np.zeros(2, np.float32), glasses)

    def follow(self, picture: Picture, track: Track, *, study: bool = False) -> Track | None:
        """The track one frame on (or back: then its speed must point there); None when it is not seen.

        Args:
            picture: That frame.
            track: At the frame next to it.
            study: Whether to look for glasses again.
        """
        expected = track.expected()
        face, sight = self._landmarker.track(picture, expected, track.sight)
        off = _stray(expected, face)
        if face.confidence < _PRESENT or off > 1:
            verified = self._verified(picture, expected, face, sight)
            if verified is None:
                return None
            face, sight = verified
            off = _stray(expected, face)
        if _turned_away(expected, face):
            return None
        glasses = track.glasses
        if study:
            glasses += _GLASSES * (self._glasses.score(self._canonical, picture, face) - glasses)
        sample = self._sample(picture, face, glasses > 0, track.sample.proportions)
        speed = quickened(track.speed, track.sample.landmarks, sample.landmarks)
        return replace(track, sample=sample, sight=sight, speed=speed, glasses=glasses, stray=off)

    def _verified(
        self, picture: Picture, expected: FloatArray, face: Face, sight: Sight
    ) -> tuple[Face, Sight] | None:
        """The doubtful face when the detector sees it too, else the one that it sees in its place."""
        box = np.concatenate([expected[:, :2].min(0), expected[:, :2].max(0)])
        found = look_near(self._detector, picture, box)
        if face.confidence >= _PRESENT and overlap(face.bbox, [each.bbox for each in found]) > _AGREES:
            return face, sight
        others = [self._landmarker.locate(picture, each) for each in found[:2]]
        fitting = [each for each in others if each[0].confidence >= _PRESENT]
        best = min(fitting, key=lambda each: _stray(expected, each[0]), default=None)
        return best if best is not None and _stray(expected, best[0]) < _LEAP else None

    def _sample(self, picture: Picture, face: Face, glasses: bool, known: FloatArray | None) -> Sample:
        judged = assess(self._canonical, picture, face, glasses)
        assert judged.landmarks is not None
        own = proportions(self._canonical, judged.landmarks)
        # Learnt slowly: an expression passes, bones stay. Written so that equal frames change no bit.
        learnt = own if known is None else (known + np.float32(_LEARN) * (own - known)).astype(np.float32)
        return Sample(judged, measure_gaze(self._canonical, picture, judged.landmarks), learnt)


def _stray(expected: FloatArray, face: Face) -> float:
    return math.inf if face.landmarks is None else stray(expected, face.landmarks)


def _turned_away(before: FloatArray, face: Face) -> bool:
    """Whether the landmarker, at the end of its wits, sees a profile as a face that suddenly looks this way."""
    if face.landmarks is None:
        return True
    then, now = (abs(float(angles(points)[0])) for points in (before, face.landmarks))
    return then > _FAR and then - now > _SUDDEN
