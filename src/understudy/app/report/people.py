"""Whom the faces of a record belong to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from understudy.render.record import Record

__all__ = ["Appearance", "appearances", "goes_on"]

_REACH: Final = 1.0  # of a face's size that it may be from where it was
_SPEED: Final = 0.1  # and for each frame between


@dataclass(frozen=True, eq=False)
class Appearance:
    """Everything that a record has of one person.

    Attributes:
        name: Who it is, for people to read.
        actor: Name of who plays them; empty when nobody does.
        faces: (m,) :data:`~understudy.render.record.FACE`, at most one of each frame.
        samples: (k,) :data:`~understudy.render.record.SAMPLE`.
    """

    name: str
    actor: str
    faces: NDArray[Any]
    samples: NDArray[Any]

    @property
    def tracks(self) -> frozenset[int]:
        """Numbers of the person's tracks."""
        return frozenset(self.faces["track"].tolist())


def appearances(record: Record, actors: Sequence[str], roles: Sequence[str | None]) -> list[Appearance]:
    """Everybody who is to be changed, whoever is there longest first.

    Where people were not told apart, whoever an actor plays counts as one person. When there are several of them at a
    time, there are as many "faces": each goes on where it was before, or else where one is free.

    Args:
        record: Of the film.
        actors: Names of the actors, by number.
        roles: The picture by which each actor's role is known, or None.
    """
    found = [_appearance(record, mine, name, actors) for mine, name in _groups(record.faces, actors, roles)]
    return sorted(found, key=lambda each: -len(each.faces))


def _groups(
    faces: NDArray[Any], actors: Sequence[str], roles: Sequence[str | None]
) -> Iterator[tuple[NDArray[np.bool_], str]]:
    """Which faces are one person's, and what to call them."""
    for person in np.unique(faces["person"]):
        mine = faces["person"] == person
        if person >= 0:
            actor = faces["actor"][mine][0]
            alone = len(np.unique(faces["person"][faces["actor"] == actor])) == 1
            yield mine, (roles[actor] if alone and actor < len(roles) else None) or f"Person {person}"
    nobody = faces["person"] < 0
    for actor in np.unique(faces["actor"][nobody]):
        mine = nobody & (faces["actor"] == actor)
        role = roles[actor] if actor < len(roles) else None
        lanes = _lanes(faces[mine])
        for number, tracks in enumerate(lanes, 1):
            played = f"Played by {actors[actor]}" if actor < len(actors) else "The face"
            name = (role or played) if len(lanes) == 1 else f"Face {number}"
            yield mine & np.isin(faces["track"], tracks), name


def goes_on(before: Any, after: Any) -> bool:
    """Whether a face may be the same as one of an earlier frame, by where they are.

    Args:
        before, after: Of :data:`~understudy.render.record.FACE`.
    """
    away = math.hypot(after["x"] - before["x"], after["y"] - before["y"])
    reach = _REACH + _SPEED * float(after["frame"] - before["frame"])
    return bool(away <= reach * max(before["size"], after["size"]))


def _lanes(faces: NDArray[Any]) -> list[list[int]]:
    """The tracks of faces that may be one after the other the same; as few groups as faces at a time."""
    faces = faces[np.argsort(faces["frame"], kind="stable")]
    firsts = faces[np.unique(faces["track"], return_index=True)[1]]
    lasts = {int(face["track"]): face for face in faces}
    lanes: list[list[int]] = []
    for first in np.sort(firsts, order=["frame", "track"]):
        free = [lane for lane in lanes if lasts[lane[-1]]["frame"] < first["frame"]]
        near = (lane for lane in free if goes_on(lasts[lane[-1]], first))
        lane = next(near, free[0] if free else None)
        if lane is None:
            lanes.append(lane := [])
        lane.append(int(first["track"]))
    return lanes


def _appearance(record: Record, mine: NDArray[np.bool_], name: str, actors: Sequence[str]) -> Appearance:
    faces = record.faces[mine]
    faces = faces[np.argsort(faces["frame"], kind="stable")]
    _, once = np.unique(faces["frame"], return_index=True)
    actor = int(faces["actor"][0])
    samples = record.samples[np.isin(_keys(record.samples), _keys(faces))]
    return Appearance(name, actors[actor] if actor < len(actors) else "", faces[once], samples)


def _keys(rows: NDArray[Any]) -> NDArray[np.int64]:
    """A number for each frame and track."""
    return np.asarray(rows["frame"].astype(np.int64) << 32 | rows["track"])
