"""Who is who in a film: its tracks as people, each track decided once, from its best views."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.analysis.gallery import MOST
from understudy.analysis.grouping import Evidence, group, links
from understudy.analysis.observed import Observed
from understudy.core.types import FloatArray
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import Embedder

__all__ = ["Described", "Group", "describe", "mean_of", "put_together"]

_TELLING: Final = 10.0  # worth of a track's best view from which it tells who it is
_GOOD: Final = 0.3  # share of the best view's worth from which another one is asked too
_SHAPE_BOUND: Final = 0.75
"""Likeness of two shapes from which they are one person's, when nothing else tells people apart."""


@dataclass(frozen=True, eq=False)
class Described:
    """What is known of the tracks before they are put together.

    Attributes:
        tracks: Their numbers, in the order of the rows.
        evidence: A row for each.
    """

    tracks: tuple[int, ...]
    evidence: Evidence


@dataclass(frozen=True)
class Group:
    """Somebody.

    Attributes:
        tracks: Theirs.
        confidence: 0 to 1, how sure it is that these, and no others, are theirs.
    """

    tracks: tuple[int, ...]
    confidence: float


def describe(observed: Observed, embedder: Embedder | None, bound: float) -> Generator[int, None, Described]:
    """Describe the tracks of a film by their views.

    Args:
        observed: What was measured.
        embedder: Tells people apart; without one only the shape of their faces and their motion do.
        bound: Cosine of two embeddings from which they are one person's; without meaning when there is no embedder.

    Yields:
        How many tracks are done.
    """
    tracks = tuple(sorted(observed.tracks))
    means: list[FloatArray | None] = []
    weights = np.ones(len(tracks))
    for row, track in enumerate(tracks):
        views = observed.views.get(track, ())
        good = [view for view in views if view.worth >= max(_TELLING, _GOOD * views[0].worth)]
        weights[row] = max(sum(view.worth for view in good), 1e-6)
        if not good:
            means.append(None)
        elif embedder is None:
            means.append(_by_shape(observed, track))
        else:
            vectors = [view.worth * _unit(embedder.embed(view.picture, view.face)) for view in good]
            means.append(np.asarray(np.sum(vectors, 0) / weights[row], np.float32))
        yield row + 1
    size = next((len(mean) for mean in means if mean is not None), 1)
    rows = [np.zeros(size, np.float32) if mean is None else mean for mean in means]
    stacked = np.stack(rows) if rows else np.zeros((0, 1), np.float32)
    apart, follows = _together(observed, tracks), _following(observed, tracks)
    return Described(
        tracks, Evidence(stacked, weights, apart, follows, bound if embedder is not None else _SHAPE_BOUND)
    )


def put_together(known: Described) -> list[Group]:
    """The people, in no special order."""
    groups = group(known.evidence)
    people: dict[int, tuple[int, ...]] = {}
    for track, number in zip(known.tracks, groups.tolist(), strict=True):
        people[number] = (*people.get(number, ()), track)
    return [Group(people[number], sure) for number, sure in enumerate(_confidence(known.evidence, groups))]


def mean_of(observed: Observed, tracks: tuple[int, ...], embedder: Embedder) -> FloatArray | None:
    """(d,) of length 1 that describes somebody by the best views of all their tracks; None if there are none."""
    views = [view for track in tracks for view in observed.views.get(track, ())]
    best = sorted(views, key=lambda view: -view.worth)[:MOST]
    if not best:
        return None
    return _unit(np.sum([view.worth * _unit(embedder.embed(view.picture, view.face)) for view in best], 0))


def _confidence(evidence: Evidence, groups: NDArray[np.intp]) -> list[float]:
    """For each group, how far the nearest other is from being joined, and the loosest track from being left out."""
    between = links(evidence, groups)
    sure = []
    for number, row in enumerate(between):
        rival = float(np.delete(row, number).max(initial=-1.0))
        margin = min(float(row[number]) - evidence.bound, evidence.bound - rival) / (1 - evidence.bound)
        sure.append(0.5 if row[number] < 0 else float(np.clip(0.5 + margin, 0, 1)))
    return sure


def _by_shape(observed: Observed, track: int) -> FloatArray:
    """(d,) of length 1, from the proportions of a face; tells people apart less well than any embedder."""
    shape = observed.proportions(track) * load_canonical().bones[:, None]
    return _unit(shape.reshape(-1))


def _together(observed: Observed, tracks: tuple[int, ...]) -> NDArray[np.bool_]:
    """(n, n) which tracks are in one frame."""
    rows = {track: row for row, track in enumerate(tracks)}
    apart = np.zeros((len(tracks), len(tracks)), np.bool_)
    for frame in range(len(observed)):
        there = [rows[track] for track in observed.tracks_at(frame)]
        if len(there) > 1:
            apart[np.ix_(there, there)] = True
    np.fill_diagonal(apart, False)
    return apart


def _following(observed: Observed, tracks: tuple[int, ...]) -> NDArray[np.bool_]:
    rows = {track: row for row, track in enumerate(tracks)}
    follows = np.zeros((len(tracks), len(tracks)), np.bool_)
    for track, before in observed.follows.items():
        if track in rows and before in rows:
            follows[rows[track], rows[before]] = follows[rows[before], rows[track]] = True
    return follows


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
