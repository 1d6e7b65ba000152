"""Everybody in a film, numbered and measured: when they are seen, how large, and where they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.analysis.gallery import facing
from understudy.analysis.observed import Observed
from understudy.analysis.people import Group
from understudy.core.geometry import iou
from understudy.core.people import Exemplar, Person, Roster, Shot, Span
from understudy.core.types import FloatArray
from understudy.vision.canonical import load_canonical
from understudy.vision.shape import five_points

__all__ = ["person_at", "roster_of"]

_PAUSE: Final = 1.0  # seconds for which somebody may be away within one span
_EDGE: Final = 5.0  # percent of the frames in which a face may look further aside than a person's range
_OVERLAP: Final = 0.3  # of a face with the one that is looked for
_DEGREES: Final = np.arange(-60.0, 61.0, 5.0)


def roster_of(observed: Observed, groups: Sequence[Group], names: Mapping[str, Exemplar]) -> Roster:
    """Everybody, numbered by how long they are seen.

    Args:
        observed: What was measured.
        groups: The people.
        names: How the user calls somebody who is seen there and then.
    """
    order = sorted(groups, key=lambda each: (-len(_frames(observed, each.tracks)), min(each.tracks)))
    found = [_person(observed, number, each) for number, each in enumerate(order, 1)]
    for name, exemplar in names.items():
        if (called := person_at(observed, found, exemplar)) is not None:
            found[called.number - 1] = replace(called, name=name)
    length = observed.seconds(len(observed)) if len(observed) else 0.0
    return Roster(tuple(found), tuple(_shots(observed)), len(observed), length)


def person_at(observed: Observed, people: Sequence[Person], exemplar: Exemplar) -> Person | None:
    """Whose face that is, if somebody's is there."""
    faces = observed.glimpse(observed.frame_at(exemplar.pts)).samples
    box = np.array(exemplar.bbox, np.float32)
    overlaps = {track: iou(sample.face.bbox, box) for track, sample in faces.items()}
    track = max(overlaps, key=lambda each: overlaps[each], default=None)
    if track is None or overlaps[track] < _OVERLAP:
        return None
    return next((person for person in people if track in person.tracks), None)


def _person(observed: Observed, number: int, group: Group) -> Person:
    tracks = group.tracks
    frames = _frames(observed, tracks)
    views = [view for track in tracks for view in observed.views.get(track, ())]
    best = max(views, key=lambda view: view.worth)
    left, top, right, bottom = (float(edge) for edge in best.bbox)
    yaw, pitch = _angles(np.concatenate([observed.keypoints[track] for track in tracks]))
    shown = observed.seconds(len(observed)) / max(len(observed), 1)
    return Person(
        number=number,
        name=None,
        tracks=tracks,
        frames=len(frames),
        seconds=len(frames) * shown,
        spans=tuple(_spans(observed, frames)),
        yaw=yaw,
        pitch=pitch,
        size=float(np.median(np.concatenate([observed.sizes[track] for track in tracks]))),
        confidence=group.confidence,
        exemplar=Exemplar(int(observed.pts[best.frame]), (left, top, right, bottom)),
    )


def _frames(observed: Observed, tracks: tuple[int, ...]) -> NDArray[np.int32]:
    return np.unique(np.concatenate([observed.tracks[track] for track in tracks]))


def _spans(observed: Observed, frames: NDArray[np.int32]) -> list[Span]:
    """Where somebody is seen, short absences not counted."""
    spans: list[Span] = []
    for frame in frames.tolist():
        start, stop = observed.seconds(frame), observed.seconds(frame + 1)
        if spans and start - spans[-1].stop < _PAUSE:
            spans[-1] = Span(spans[-1].start, stop)
        else:
            spans.append(Span(start, stop))
    return spans


def _shots(observed: Observed) -> list[Shot]:
    if not len(observed):
        return []
    starts = [0, *(np.flatnonzero(np.diff(observed.shots)) + 1).tolist()]
    stops = [*starts[1:], len(observed)]
    return [
        Shot(number, start, stop - start, Span(observed.seconds(start), observed.seconds(stop)))
        for number, (start, stop) in enumerate(zip(starts, stops, strict=True), 1)
    ]


def _angles(keypoints: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Range of yaw and of pitch in degrees, as the mean face would have to turn to look so."""
    looks = facing(keypoints)
    vertices = load_canonical().vertices
    ranges = []
    for axis, turn in ((0, _yawed), (1, _pitched)):
        table = facing(np.stack([five_points(turn(vertices, angle)) for angle in _DEGREES]))[:, axis]
        order = np.argsort(table)
        angles = np.interp(looks[:, axis], table[order], _DEGREES[order])
        low, high = np.percentile(angles, (_EDGE, 100 - _EDGE))
        ranges.append((float(low), float(high)))
    return ranges[0], ranges[1]


def _yawed(points: FloatArray, degrees: float) -> FloatArray:
    """Turned to the picture's right; z grows away from the viewer."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]], np.float32)


def _pitched(points: FloatArray, degrees: float) -> FloatArray:
    """Turned upwards."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]], np.float32)
