"""What each face looks like where nothing is in front of it, learnt as the film goes by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeVar

from understudy.core.types import FloatArray, TrackedFace
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import Picture
from understudy.vision.swap.mesh.skin import load_skin

__all__ = ["with_skin"]

_STRIDE: Final = 6  # frames from one look at a face to the next
_TRUSTED: Final = 0.5  # confidence from which a face is learnt from
_KEPT: Final = 40  # looks after which a face that was not there is forgotten

P = TypeVar("P", bound=Picture)


def with_skin(
    rows: Iterable[tuple[P, tuple[TrackedFace, ...]]],
) -> Iterator[tuple[P, tuple[TrackedFace, ...]]]:
    """The rows with what is known of each track's skin from the frames before.

    Args:
        rows: In order of time, each with its picture, which has not been changed yet.
    """
    model = load_skin(load_canonical())
    known: dict[int, tuple[int, FloatArray]] = {}
    for number, (picture, faces) in enumerate(rows):
        told = tuple(
            replace(face, skin=known[face.track][1]) if face.track in known else face for face in faces
        )
        for face in faces:
            landmarks = face.face.landmarks
            due = number % _STRIDE == 0 or face.track not in known
            if due and landmarks is not None and not face.bridged and face.face.confidence >= _TRUSTED:
                before = known[face.track][1] if face.track in known else None
                known[face.track] = number, model.learn(before, model.observe(picture, landmarks))
        yield picture, told
        if number % _STRIDE == 0:
            known = {track: last for track, last in known.items() if number - last[0] <= _KEPT * _STRIDE}
