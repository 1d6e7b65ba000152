"""How far an actor's photo can be trusted: what only the texture made of it tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from understudy.core.types import Face
from understudy.vision.canonical import Canonical
from understudy.vision.roles import Picture
from understudy.vision.swap.mesh.actor import prepare_actor

__all__ = ["judged"]

_DOUBTED: Final = 0.45  # the most confidence in a face that is lit unevenly


def judged(canonical: Canonical, picture: Picture, face: Face) -> Face:
    """The face, flagged ``shadow`` and of low confidence when something hard lies across it.

    That is a hard shadow, a cap's or hair's band, sun in patches or coloured reflexes: softened in the texture as far
    as it goes (:mod:`understudy.vision.swap.mesh.even`), and seen on every target all the same.

    Args:
        canonical: The mesh.
        picture: The actor's photo.
        face: The one that is meant.
    """
    if face.landmarks is None or not prepare_actor(canonical, [(picture, face)]).uneven:
        return face
    return replace(face, flags=(*face.flags, "shadow"), confidence=min(face.confidence, _DOUBTED))
