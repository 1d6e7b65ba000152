"""Values that cross the boundaries between floors. Frozen; shapes are checked where they are made.

Coordinates are pixels of the *upright* picture (rotation metadata applied), x to the right, y down, the centre
of the top-left pixel at (0, 0). Time is ``pts`` (integer) with a ``time_base`` (:class:`fractions.Fraction`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from understudy.core.report import Report

__all__ = [
    "AudioStreamInfo",
    "Face",
    "MediaInfo",
    "Notice",
    "Part",
    "Progress",
    "Region",
    "RenderSegment",
    "Result",
    "TrackedFace",
]

FloatArray = NDArray[np.float32]


class Region(NamedTuple):
    """A rectangle of whole pixels: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column past the region."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row past the region."""
        return self.y + self.height


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one picture.

    Attributes:
        bbox: (4,) float32, left, top, right, bottom.
        score: Detector confidence, 0 to 1.
        keypoints: (5, 2) float32: the eye on the picture's left, the eye on its right, nose tip, mouth corner
            on the left, mouth corner on the right.
        landmarks: (468, 3) float32 MediaPipe face mesh order, z in pixels (smaller is nearer), or None.
        confidence: 0 to 1, how far the landmarks (and what is drawn from them) can be trusted.
        flags: Why the confidence is low, such as ``("small", "profile")``.
    """

    bbox: FloatArray
    score: float
    keypoints: FloatArray
    landmarks: FloatArray | None = None
    confidence: float = 1.0
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check("bbox", self.bbox, (4,))
        _check("keypoints", self.keypoints, (5, 2))
        if self.landmarks is not None:
            _check("landmarks", self.landmarks, (468, 3))

    @property
    def size(self) -> float:
        """Length of the bbox's longer side in pixels."""
        return float(max(self.bbox[2] - self.bbox[0], self.bbox[3] - self.bbox[1]))


@dataclass(frozen=True, eq=False)
class TrackedFace:
    """A face at one moment of a track; one row of the analysis.

    Attributes:
        track: Number of the track, unique within the input.
        face: The face, its landmarks smoothed over time.
        gaze: (2,) where the irises are, from the middle of the eyes' corners, in eye widths along and across the
            line of each eye's corners; smoothed over time. None when it could not be measured.
        proportions: (468, 3) how the track's bones differ from the mean face's; steady over the track. None when
            only this frame is known.
        actor: Which of the cast's actors plays this person.
        weight: How much of the new face is shown, 0 to 1: it fades where a head turns away too far.
        bridged: Whether the face was not seen in this frame, but in frames before and after it.
        person: Number of the person that the track belongs to; None when people were not told apart.
        look: Which of the job's looks applies to this person at this time; 0 is the one asked for in general.
        skin: (32, 48, 6) what the track's face looks like (:mod:`understudy.vision.swap.mesh.skin`); slowly changing.
            None when only this frame is known.
    """

    track: int
    face: Face
    gaze: FloatArray | None = None
    proportions: FloatArray | None = None
    actor: int = 0
    weight: float = 1.0
    bridged: bool = False
    person: int | None = None
    skin: FloatArray | None = None
    look: int = 0


@dataclass(frozen=True)
class RenderSegment:
    """A run of frames that is rendered and committed as one.

    Attributes:
        index: Position in the sequence of segments.
        start: When it begins, in seconds on the source's clock.
        stop: When the next one begins.
    """

    index: int
    start: Fraction
    stop: Fraction


@dataclass(frozen=True)
class AudioStreamInfo:
    """An audio stream as the container declares it."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    language: str | None = None


@dataclass(frozen=True)
class MediaInfo:
    """What a file holds, read from its header (and, where the header is silent, from its packets).

    Attributes:
        kind: ``"photo"`` or ``"video"``.
        container: Short name of the format, such as ``"mp4"`` or ``"jpeg"``.
        width, height: Of the upright picture, in pixels.
        stored_width, stored_height: Of the coded picture, before rotation.
        orientation: EXIF number 1 to 8 of the turn from stored to upright (1 is none).
        display_matrix: The nine numbers that a film says its turn with, passed on as they are.
        pixel_format: FFmpeg's or Pillow's name.
        bit_depth: Bits per component.
        time_base, average_rate, duration: Video only; seconds as Fraction.
        frames: Frame count when the container knows or it can be estimated, else None.
        exact_frames: Whether ``frames`` is a count and not an estimate.
        sample_aspect_ratio: Pixel aspect, 1 when unknown.
        color: Names of range, space, primaries, transfer; absent when untagged.
        plays: How often an animation is shown; 0 is for ever.
        mastering: What an HDR film says of the display that it was graded on, as x265 takes it.
    """

    path: Path
    kind: Literal["photo", "video"]
    container: str
    codec: str
    width: int
    height: int
    stored_width: int
    stored_height: int
    orientation: int
    pixel_format: str
    bit_depth: int
    time_base: Fraction | None = None
    average_rate: Fraction | None = None
    duration: Fraction | None = None
    start: int | None = None
    frames: int | None = None
    exact_frames: bool = False
    display_matrix: tuple[int, ...] | None = None
    sample_aspect_ratio: Fraction = Fraction(1)
    color: Mapping[str, str] = field(default_factory=dict)
    audio: tuple[AudioStreamInfo, ...] = ()
    plays: int = 0
    mastering: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """Something that the user should know and that did not stop the work.

    Attributes:
        code: Stable name for machines, such as ``"audio-transcoded"``.
        message: One sentence for people.
    """

    code: str
    message: str


@dataclass(frozen=True)
class Part:
    """What an actor played.

    Attributes:
        actor: The actor's name: of the photo, folder or faceset.
        role: The picture by which the person in the target is known; None for whoever was chosen.
        frames: How many show the actor in this part.
        tracks: Numbers of the tracks that they played.
    """

    actor: str
    role: str | None
    frames: int
    tracks: tuple[int, ...]


@dataclass(frozen=True)
class Result:
    """How a job ended.

    Attributes:
        output: The file that was published.
        frames: Frames written.
        swapped: Frames in which at least one face was replaced.
        without_face: Frames in which none was.
        low_confidence: Swapped frames with a face whose confidence is below one half.
        carried: Swapped frames to which faces were carried from keyframes.
        reused: Frames that repeat one before, or in which a face is so still that it was not drawn again.
        seconds: Wall time of the job, model loading included.
        fps: Frames per second of the rendering itself.
        device: Model name to where it ran.
        notices: Whatever was warned or reported.
        parts: Who played whom.
        consent: Numbers of the records of consent that it rests on.
        report: How far it can be trusted, when that was asked for.
    """

    output: Path
    frames: int
    swapped: int
    without_face: int
    low_confidence: int
    seconds: float
    fps: float
    device: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    parts: tuple[Part, ...] = ()
    consent: tuple[str, ...] = ()
    report: Report | None = None
    carried: int = 0
    reused: int = 0


@dataclass(frozen=True)
class Progress:
    """One step of a long job, as the generators yield it.

    Attributes:
        stage: ``"fetch"``, ``"load"``, ``"analyse"``, ``"identify"``, ``"render"`` or ``"publish"``.
        done, total: In the stage's unit; total is None while unknown.
        unit: ``"frames"``, ``"bytes"`` or ``"steps"``.
        fps: Recent speed in units per second, None before it is known.
        eta: Seconds that remain, None while unknown.
        faces: Faces found in the latest frame.
        label: What is being worked on, such as a model's name.
        result: Set on the last item only.
    """

    stage: str
    done: int = 0
    total: int | None = None
    unit: str = "frames"
    fps: float | None = None
    eta: float | None = None
    faces: int = 0
    label: str = ""
    result: Result | None = None


def _check(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, not {shape}")
