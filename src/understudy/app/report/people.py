"""Whom the faces of a record belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.render.record import Record

__all__ = ["Appearance", "appearances"]


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

    Where people were not told apart, whoever an actor plays counts as one person, unless two of them are in one frame:
    then each track counts by itself.

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
        if person >= 0:
            yield faces["person"] == person, f"Person {person}"
    nobody = faces["person"] < 0
    for actor in np.unique(faces["actor"][nobody]):
        mine = nobody & (faces["actor"] == actor)
        _, counts = np.unique(faces["frame"][mine], return_counts=True)
        if counts.max() > 1:
            for track in np.unique(faces["track"][mine]):
                yield mine & (faces["track"] == track), f"Track {track}"
        else:
            role = roles[actor] if actor < len(roles) else None
            played = f"Played by {actors[actor]}" if actor < len(actors) else "The face"
            yield mine, role or played


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
