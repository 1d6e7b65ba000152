"""Ways to follow the people of a scene: the product's, and frame by frame as roop does it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from truth import Seen
from truth_people import Person
from truth_scenes import scene
from truth_scores import Found

from understudy.analysis.analyse import rows
from understudy.analysis.casting import Chooser, Rules
from understudy.analysis.coding import rounded
from understudy.analysis.observe import observe
from understudy.analysis.observed import Observed
from understudy.analysis.people import Described, describe, put_together
from understudy.analysis.recorder import Recorder
from understudy.app.engine import Identity
from understudy.core.geometry import iou
from understudy.core.types import Face, FloatArray
from understudy.media.frame import Frame
from understudy.vision.landmark.facemesh import FaceMesh
from understudy.vision.roles import Detector, PartialDetector, Picture

__all__ = ["Counted", "Take", "draw", "follow", "per_frame", "recognise", "references"]


class Counted:
    """A detector that counts how often it is asked for whole frames, and for parts of them."""

    def __init__(self, detector: PartialDetector) -> None:
        self._detector, self._size = detector, 0
        self.whole = self.parts = 0

    def detect(self, picture: Picture) -> list[Face]:
        size = picture.width * picture.height
        self._size = max(self._size, size)  # the first is a whole one
        if size == self._size:
            self.whole += 1
        else:
            self.parts += 1
        return self._detector.detect(picture)

    def detect_part(self, picture: Picture, step: int, known: Sequence[FloatArray] = ()) -> list[Face]:
        self.parts += 1
        return self._detector.detect_part(picture, step, known)


@dataclass
class Take:
    """A scene, drawn: its frames, the truth, and the numbers of its shots."""

    name: str
    frames: list[Frame] = field(default_factory=list)
    truth: list[tuple[Seen, ...]] = field(default_factory=list)
    shots: list[int] = field(default_factory=list)


def draw(name: str, people: Sequence[Person], scale: float = 1.0, frames: int | None = None) -> Take:
    """A scene, as :meth:`truth.Scene.moments` makes it."""
    take = Take(name)
    for moment in scene(name).moments(people, scale, frames):
        take.frames.append(Frame.from_bgr(moment.pixels))
        take.truth.append(moment.faces)
        take.shots.append(moment.shot)
    return take


def follow(
    frames: Iterable[Frame], detector: PartialDetector, landmarker: FaceMesh, identity: Identity | None
) -> list[list[Found]]:
    """Everybody in every frame by person, as ``understudy analyse`` puts their tracks together.

    When the analysis changes, this is what has to follow.
    """
    shelf: dict[str, bytes] = {}
    recorder = Recorder(shelf)
    moments = []
    for number, (frame, moment) in enumerate(observe(frames, detector, landmarker)):
        recorder.add(frame, number, rounded(moment))
        moments.append((frame, rounded(moment)))
    recorder.finish(Fraction(1, 24), (frame.width, frame.height), "scene")
    told = (identity.embedder, identity.same_person) if identity else (None, 0.0)
    groups = put_together(_last(describe(Observed(shelf), *told)))
    people = {track: number for number, group in enumerate(groups) for track in group.tracks}
    return [
        [
            Found(people[row.track], row.face.landmarks[:, :2])
            for row in found
            if row.face.landmarks is not None
        ]
        for _, found in rows(moments, Chooser(Rules(faces="many", people=people)))
    ]


def _last(work: Generator[int, None, Described]) -> Described:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def per_frame(frames: Sequence[Frame], detector: Detector, landmarker: FaceMesh) -> list[list[Face]]:
    """The faces of each frame by itself, from left to right."""
    found = []
    for frame in frames:
        faces = [landmarker.locate(frame, face)[0] for face in detector.detect(frame)]
        found.append(
            sorted((face for face in faces if face.confidence > 0.5), key=lambda face: float(face.bbox[0]))
        )
    return found


def references(take: Take, found: Sequence[Sequence[Face]], identity: Identity) -> list[FloatArray]:
    """(d,) of each person, where they are first seen well."""
    known: dict[int, FloatArray] = {}
    for frame, truth, faces in zip(take.frames, take.truth, found, strict=True):
        for seen in truth:
            near = [face for face in faces if iou(face.bbox, seen.bbox) > 0.5]
            if seen.person not in known and seen.visible > 0.95 and near:
                known[seen.person] = identity.of(frame, near[0])
    return [known[person] for person in sorted(known)]


def recognise(
    take: Take, found: Sequence[Sequence[Face]], known: Sequence[FloatArray], identity: Identity
) -> list[list[Found]]:
    """In each frame, for each reference the most alike face, if it is like it; the others are nobody."""
    result = []
    for frame, faces in zip(take.frames, found, strict=True):
        vectors = [identity.of(frame, face) for face in faces]
        row = []
        for index, reference in enumerate(known):
            alike = [float(vector @ reference) for vector in vectors]
            if alike and max(alike) >= identity.same_person:
                row.append(Found(index, faces[int(np.argmax(alike))].landmarks[:, :2]))
        result.append(row)
    return result
