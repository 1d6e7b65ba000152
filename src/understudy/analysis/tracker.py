"""All faces of a film from frame to frame: who goes on, who is lost, where to look for whom."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from understudy.analysis.motion import middle, predicted, stray
from understudy.analysis.near import look_near, overlap
from understudy.analysis.track import Follower, Landmarker, Track
from understudy.core.geometry import iou
from understudy.core.types import Face, FloatArray
from understudy.vision.canonical import Canonical
from understudy.vision.roles import PartialDetector, Picture
from understudy.vision.shape import face_width

__all__ = ["GAP", "SAME", "Lost", "Step", "Tracker"]

GAP: Final = 12  # frames for which a face may be out of sight and still be the same without doubt
SAME: Final = 0.4  # overlap (intersection over union) from which two tracks are one
_STRIDE: Final = 6  # frames from one part of the search for new faces to the next, while a face is followed
_REMEMBERED: Final = 240  # frames for which a lost face may be taken up again under another number
_CLEAR: Final = (
    0.5  # by how many strays one of two tracks on one face must fit it better, to be the one without doubt
)
_FITS: Final = (
    1.6  # strays from where it is expected at which a face that is back may be; more for each frame away
)
_FURTHER: Final = 0.25
_BONES: Final = 0.012  # root mean square by which one person's proportions differ from themselves, about
_UNLIKE: Final = 5.0  # from here on a new face is nobody's successor


@dataclass(frozen=True, eq=False)
class Lost:
    """A track that was seen last some frames ago.

    Attributes:
        track: As it was then.
        frame: Then.
        met: Whether another face was there: who comes out may be either.
    """

    track: Track
    frame: int
    met: bool

    def expected(self, frame: int) -> FloatArray:
        """(468, 3) where it will be in a frame."""
        return predicted(self.track.sample.landmarks, self.track.speed, frame - self.frame)


@dataclass(frozen=True)
class Step:
    """What one frame brought.

    Attributes:
        found: Faces that are not followed yet.
        follows: Tracks that got a new number, and the one that they had.
    """

    found: list[Face] = field(default_factory=list)
    follows: dict[int, int] = field(default_factory=dict)


class Tracker:
    """Follows faces that are known, looks for lost ones where they should be, and for new ones in passing.

    Args:
        detector: Finds faces.
        landmarker: Places and follows landmarks.
        canonical: The mesh.

    Attributes:
        tracks: Those that are seen in the latest frame.
        lost: Those of this shot that are not.
    """

    def __init__(self, detector: PartialDetector, landmarker: Landmarker, canonical: Canonical) -> None:
        self.follower = Follower(detector, landmarker, canonical)
        self.tracks: list[Track] = []
        self.lost: list[Lost] = []
        self._detector = detector
        self._numbers = itertools.count()
        self._searches = itertools.count()
        self._fresh = True
        self._whole = False

    def restart(self) -> None:
        """A new shot: nothing is carried over, and all of its first frame is searched."""
        self.tracks, self.lost, self._fresh = [], [], True

    def number(self) -> int:
        """One that no track has had."""
        return next(self._numbers)

    def step(self, picture: Picture, frame: int) -> Step:
        """Follow what is known into the next frame, and look for more.

        Args:
            picture: The frame.
            frame: Its number.
        """
        step = Step()
        self._whole = self._fresh
        followed: list[Track] = []
        for track in self.tracks:
            moved = self.follower.follow(picture, track, study=frame % _STRIDE == 0)
            if moved is not None:
                followed.append(moved)
            else:
                self._lose(track, frame - 1, self.tracks)
        self.tracks = self._parted(followed, frame, step)
        self.lost = [each for each in self.lost if frame - each.frame <= _REMEMBERED]
        for face in self._search(picture, frame):
            if overlap(face.bbox, [other.bbox for other in step.found]) < SAME:
                step.found.append(face)
        return step

    def look_around(self, picture: Picture) -> list[Face]:
        """The new faces of a whole picture that was followed into already; nothing when it was searched whole."""
        if self._whole:
            return []
        self._whole = True
        known = [track.sample.face.bbox for track in self.tracks]
        return [face for face in self._detector.detect(picture) if overlap(face.bbox, known) < 0.5]

    def add(self, track: Track) -> None:
        """Go on with a track that was begun; whoever it was before is not lost any more."""
        self.tracks.append(track)

    def claim(self, lost: Lost) -> None:
        """Somebody lost was found."""
        self.lost.remove(lost)

    def taken(self, box: FloatArray) -> bool:
        """Whether a place is a followed face's."""
        return any(iou(box, track.sample.face.bbox) > SAME for track in self.tracks)

    def same(self, landmarks: FloatArray, frame: int) -> Lost | None:
        """The track that a face continues without doubt, after a short gap.

        Args:
            landmarks: (468, 3) of the face.
            frame: In which it is seen first.
        """
        near = []
        for each in self.lost:
            away = frame - each.frame
            if each.met or away > GAP + 1:
                continue
            off = stray(each.expected(frame), landmarks)
            if off < _FITS + _FURTHER * away:
                near.append((off, each))
        near.sort(key=lambda pair: pair[0])
        # Two who are out of sight at once, and where either could be: that is doubt.
        return near[0][1] if len(near) == 1 or (near and near[1][0] > 2 * near[0][0] + 1) else None

    def likeliest(self, track: Track, frame: int) -> Lost | None:
        """The lost track that a new one most likely goes on from: by where it was going, and by its bones."""
        landmarks, bones = track.sample.landmarks, track.sample.proportions

        def cost(lost: Lost) -> float:
            expected = lost.expected(frame)
            away = float(np.hypot(*(middle(landmarks) - middle(expected)))) / max(face_width(landmarks), 1.0)
            unlike = np.sqrt(((bones - lost.track.sample.proportions) ** 2).sum(1).mean()) / _BONES
            return float(unlike) + away / (1 + (frame - lost.frame) / GAP)

        best = min(self.lost, key=cost, default=None)
        return best if best is not None and cost(best) < _UNLIKE else None

    def _lose(self, track: Track, frame: int, others: Sequence[Track]) -> None:
        expected = track.expected()
        box = np.concatenate([expected[:, :2].min(0), expected[:, :2].max(0)])
        rest = [other.sample.face.bbox for other in others if other is not track]
        self.lost.append(Lost(track, frame, overlap(box, rest) > 0.1))

    def _parted(self, tracks: list[Track], frame: int, step: Step) -> list[Track]:
        """Where two tracks fell onto one face, the one that moved there as expected stays.

        When both did about as well, or none, who it is is in doubt: it goes on under a new number.
        """
        kept: list[Track] = []
        for track in sorted(tracks, key=lambda each: each.stray):
            rival = next((o for o in kept if iou(track.sample.face.bbox, o.sample.face.bbox) > SAME), None)
            if rival is None:
                kept.append(track)
                continue
            before = next(each for each in self.tracks if each.number == track.number)
            self.lost.append(Lost(before, frame - 1, met=True))
            if track.stray - rival.stray < _CLEAR:
                number = self.number()
                step.follows[number] = rival.number
                kept[kept.index(rival)] = replace(rival, number=number)
        return sorted(kept, key=lambda each: each.number)

    def _search(self, picture: Picture, frame: int) -> Iterator[Face]:
        """New faces, best guesses first."""
        known = [track.sample.face.bbox for track in self.tracks]
        if self._fresh:
            self._fresh = False
            yield from self._detector.detect(picture)
            return
        in_passing = not self.tracks or frame % _STRIDE == 0
        number = next(self._searches) if in_passing else 0
        lately = [lost for lost in self.lost if frame - lost.frame <= GAP]
        longer = [lost for lost in self.lost if frame - lost.frame > GAP] if in_passing else []
        # Whoever turned away for a while is mostly still about there: one after the other.
        for lost in [*lately, *longer[number % max(len(longer), 1) :][:1]]:
            expected = lost.expected(min(frame, lost.frame + GAP))
            box = np.concatenate([expected[:, :2].min(0), expected[:, :2].max(0)])
            for face in look_near(self._detector, picture, box):
                if overlap(face.bbox, known) < 0.5:
                    yield face
        if in_passing:
            yield from self._detector.detect_part(picture, number, known)
