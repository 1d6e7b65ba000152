"""Tracks: the same face from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from understudy.analysis.moments import Sample
from understudy.core.geometry import iou
from understudy.core.types import Face, FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.gaze import measure_gaze
from understudy.vision.glasses import load_glasses
from understudy.vision.landmark.facemesh import Sight
from understudy.vision.quality import assess
from understudy.vision.roles import PartialDetector, Picture
from understudy.vision.shape import proportions

__all__ = ["Landmarker", "Track", "Tracker"]

_PRESENT: Final = 0.5  # probability of a face from which a track goes on
_SAME: Final = 0.4  # overlap from which two tracks are one
_STRIDE: Final = 6  # frames from one part of the search for new faces to the next, while a face is followed
_LEARN: Final = 0.04  # weight of a new frame in a track's proportions
_GLASSES: Final = 0.2  # weight of a new look for glasses in a track's score; there is one each _STRIDE frames


class Landmarker(Protocol):
    """A landmarker that follows a face."""

    def locate(self, picture: Picture, face: Face) -> tuple[Face, Sight]:
        """Landmarks from a detection, and how they were seen."""

    def track(self, picture: Picture, previous: FloatArray, sight: Sight | None = None) -> tuple[Face, Sight]:
        """Landmarks from the frame before's."""


@dataclass(frozen=True, eq=False)
class Track:
    """A track at the latest frame.

    Attributes:
        number: Unique within the film.
        sample: What was measured in that frame.
        sight: How the landmarker saw it.
        motion: (2,) pixels that the face moved since the frame before.
        glasses: Above 0 for one with glasses; a running mean, so that the verdict does not flicker.
    """

    number: int
    sample: Sample
    sight: Sight
    motion: FloatArray
    glasses: float


class Tracker:
    """Follows faces that are known and looks for new ones in passing.

    Args:
        detector: Finds faces.
        landmarker: Places and follows landmarks.
        canonical: The mesh.
    """

    def __init__(self, detector: PartialDetector, landmarker: Landmarker, canonical: Canonical) -> None:
        self._detector, self._landmarker, self._canonical = detector, landmarker, canonical
        self._glasses = load_glasses()
        self._tracks: list[Track] = []
        self._next = 0
        self._frame = -1

    def step(self, picture: Picture, cut: bool) -> list[Track]:
        """The tracks of the next frame.

        Args:
            picture: The frame.
            cut: Whether a new shot begins; then nothing is carried over.
        """
        self._frame += 1
        if cut:
            self._tracks = []
        followed = [moved for track in self._tracks if (moved := self._follow(picture, track)) is not None]
        self._tracks = _without_doubles(followed)
        known = [track.sample.face.bbox for track in self._tracks]
        if self._frame == 0 or cut:
            found = self._detector.detect(picture)
        elif not self._tracks or self._frame % _STRIDE == 0:
            found = self._detector.detect_part(
                picture, self._frame // (_STRIDE if self._tracks else 1), known
            )
        else:
            found = []
        for face in found:
            self._begin(picture, face)
        return self._tracks

    def _follow(self, picture: Picture, track: Track) -> Track | None:
        before = track.sample.landmarks
        expected = before + np.array([*track.motion, 0], np.float32)
        face, sight = self._landmarker.track(picture, expected, track.sight)
        if face.confidence < _PRESENT or face.landmarks is None:
            return None
        motion = (face.landmarks[:, :2].mean(0) - before[:, :2].mean(0)).astype(np.float32)
        glasses = track.glasses
        if self._frame % _STRIDE == 0:
            glasses += _GLASSES * (self._glasses.score(self._canonical, picture, face) - glasses)
        judged = assess(self._canonical, picture, face, glasses > 0)
        sample = self._sample(picture, judged, track.sample.proportions)
        return Track(track.number, sample, sight, motion, glasses)

    def _begin(self, picture: Picture, found: Face) -> None:
        face, sight = self._landmarker.locate(picture, found)
        if face.confidence < _PRESENT or any(
            iou(face.bbox, track.sample.face.bbox) > _SAME for track in self._tracks
        ):
            return
        glasses = self._glasses.score(self._canonical, picture, face)
        judged = assess(self._canonical, picture, face, glasses > 0)
        sample = self._sample(picture, judged, None)
        track = Track(self._next, sample, sight, np.zeros(2, np.float32), glasses)
        self._next += 1
        self._tracks.append(track)

    def _sample(self, picture: Picture, face: Face, known: FloatArray | None) -> Sample:
        assert face.landmarks is not None
        own = proportions(self._canonical, face.landmarks)
        # Learnt slowly: an expression passes, bones stay. Written so that equal frames change no bit.
        learnt = own if known is None else (known + np.float32(_LEARN) * (own - known)).astype(np.float32)
        return Sample(face, measure_gaze(self._canonical, picture, face.landmarks), learnt)


def _without_doubles(tracks: list[Track]) -> list[Track]:
    """Where two tracks fell onto one face, the older stays."""
    kept: list[Track] = []
    for track in sorted(tracks, key=lambda each: each.number):
        if all(iou(track.sample.face.bbox, other.sample.face.bbox) <= _SAME for other in kept):
            kept.append(track)
    return kept
