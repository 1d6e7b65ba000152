"""What analysis measures, before it says who is replaced: each face of each frame, by track."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from understudy.core.types import Face, FloatArray

__all__ = ["Moment", "Sample"]


@dataclass(frozen=True, eq=False)
class Sample:
    """What one frame tells of one face.

    Attributes:
        face: With landmarks.
        gaze: (2,) or None.
        proportions: (468, 3) learnt so far on its track.
        bridged: Whether it was not seen in this frame but lies between frames in which it was.
    """

    face: Face
    gaze: FloatArray | None
    proportions: FloatArray
    bridged: bool = False

    @property
    def landmarks(self) -> FloatArray:
        """(468, 3), always there."""
        assert self.face.landmarks is not None
        return self.face.landmarks


@dataclass(frozen=True, eq=False)
class Moment:
    """What is known of one frame.

    A track is one face followed without doubt. Where it may have been mistaken for another (two faces meet, or it
    was gone too long) a new one begins, and ``follows`` says which it most likely goes on from.

    Attributes:
        number: The frame's, from 0.
        shot: The shot's, from 0.
        samples: By track.
        follows: For tracks that begin here: the track that they go on from, by their motion.
    """

    number: int
    shot: int
    samples: Mapping[int, Sample]
    follows: Mapping[int, int] = field(default_factory=dict)
