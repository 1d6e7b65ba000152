"""Whom a neural engine is told to draw: one embedding out of an actor's photos."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from understudy.core.types import Face, FloatArray
from understudy.vision.roles import Embedder, Picture
from understudy.vision.select import worth

__all__ = ["Actor", "EmbeddingSource", "Mix", "pool_embeddings", "towards", "unit"]

Mix = Literal["mean", "median", "quality"]
"""How several photos become one likeness."""


@dataclass(frozen=True, eq=False)
class Actor:
    """An actor as an engine that goes by embeddings wants to be told.

    Attributes:
        embedding: (d,) as the embedder gives it, of all photos.
        latent: (1, d) what the network is fed.
    """

    embedding: FloatArray
    latent: FloatArray


class EmbeddingSource:
    """Feeds a network with what is made of an embedding.

    Args:
        embedder: Describes faces.
        devices: Where its network and others that take part run.
        latent: Makes what the network wants, (d,), of an embedding as the embedder gives it, (d,).
        likeness: 1 is the actor's embedding, 0 the target's own.
        mix: How several photos become one embedding.
    """

    def __init__(
        self,
        embedder: Embedder,
        devices: Mapping[str, str],
        latent: Callable[[FloatArray], FloatArray],
        likeness: float,
        mix: Mix,
    ) -> None:
        self.devices = devices
        self._embedder, self._latent = embedder, latent
        self._likeness, self._mix = likeness, mix

    def prepare(self, photos: Sequence[tuple[Picture, Face]]) -> Actor:
        """Describe the actor, once."""
        embedding = pool_embeddings(photos, self._embedder, self._mix)
        return Actor(embedding, self._latent(embedding)[None])

    def feed(self, picture: Picture, face: Face, actor: Actor) -> FloatArray:
        """The actor's latent; with less than full likeness, that of an embedding between the target's and it."""
        if self._likeness >= 1:
            return actor.latent
        own = self._embedder.embed(picture, face)
        return self._latent(towards(own, actor.embedding, self._likeness))[None]


def unit(vector: FloatArray) -> FloatArray:
    """The vector at length 1."""
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)


def pool_embeddings(photos: Sequence[tuple[Picture, Face]], embedder: Embedder, mix: Mix) -> FloatArray:
    """One embedding of all photos.

    A photo counts by its direction only, and the result has the photos' mean length: some engines are fed
    embeddings of the length that the network gives, and in a mean of those one photo would outvote the others.

    Args:
        photos: Pictures and the actor's face in each; at least one.
        embedder: Whose vectors the engine knows.
        mix: ``"mean"``, ``"median"`` of each component, or mean weighted by :func:`worth`.

    Returns:
        (d,) float32.
    """
    raw = np.stack([embedder.embed(picture, face) for picture, face in photos])
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    directions = raw / np.maximum(lengths, 1e-12)
    if mix == "median":
        middle = np.median(directions, axis=0)
    else:
        weights = [worth(picture, face) for picture, face in photos] if mix == "quality" else None
        middle = np.average(directions, axis=0, weights=weights)
    return unit(middle) * np.float32(lengths.mean())


def towards(own: FloatArray, actor: FloatArray, share: float) -> FloatArray:
    """From one's own direction (share 0) to the actor's (1), at the actor's length."""
    return unit((1 - share) * unit(own) + share * unit(actor)) * np.float32(np.linalg.norm(actor))
