"""Tracks put together into people: average linkage over descriptions, never of two who are seen at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray

__all__ = ["Evidence", "group", "links"]

_RELIEF: Final = (
    0.25  # how far towards 1 a bound is moved for tracks that go on from each other by their motion
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of n tracks.

    Attributes:
        means: (n, d) mean of the unit vectors that describe each track's views; not of length 1 itself, so that the
            dot product of two is the mean cosine of all pairs of their views. Zero for a track that tells nothing.
        weights: (n,) how much each counts in a mean.
        apart: (n, n) who cannot be one person, being seen in one frame.
        follows: (n, n) which goes on from which by its motion; symmetric.
        bound: Mean cosine from which two are one person.
    """

    means: FloatArray
    weights: NDArray[np.float64]
    apart: NDArray[np.bool_]
    follows: NDArray[np.bool_]
    bound: float


def group(evidence: Evidence) -> NDArray[np.intp]:
    """(n,) the group of each track, from 0: agglomeration under constraints, the most alike first.

    Source: average linkage (Sokal and Michener, "A statistical method for evaluating systematic relationships", 1958)
    with cannot-link constraints (Wagstaff et al., "Constrained k-means clustering with background knowledge", 2001).
    Tracks that tell nothing join those that they go on from, when nothing speaks against that.
    """
    count = len(evidence.weights)
    members = [[track] for track in range(count)]
    told = np.linalg.norm(evidence.means, axis=1) > 0
    means, weights = evidence.means.astype(np.float64), evidence.weights.copy()
    apart, follows = evidence.apart.copy(), evidence.follows.copy()
    alike = _linked(means, follows, told, evidence.bound)
    alive = np.ones(count, np.bool_)
    alike[apart] = -np.inf
    np.fill_diagonal(alike, -np.inf)
    while count and alike.max() >= evidence.bound:
        one, other = sorted(int(index) for index in np.unravel_index(int(alike.argmax()), alike.shape))
        total = weights[one] + weights[other]
        means[one] = (weights[one] * means[one] + weights[other] * means[other]) / total
        weights[one], told[one] = total, told[one] or told[other]
        apart[one] |= apart[other]
        apart[:, one] = apart[one]
        follows[one] |= follows[other]
        follows[:, one] = follows[one]
        members[one] += members[other]
        alive[other] = False
        row = _linked(means[one : one + 1], follows[one : one + 1], told, evidence.bound, means, told[one])[0]
        row[apart[one] | ~alive] = -np.inf
        row[one] = -np.inf
        alike[one] = alike[:, one] = row
        alike[other] = alike[:, other] = -np.inf
    groups = np.zeros(count, np.intp)
    for number, index in enumerate(np.flatnonzero(alive)):
        groups[members[index]] = number
    return groups


def links(evidence: Evidence, groups: NDArray[np.intp]) -> FloatArray:
    """(g, g) mean cosine between groups; on the diagonal the least of a track to the rest of its own group.

    Those that cannot be one person, or of which nothing is told, have -1.
    """
    count = int(groups.max()) + 1 if len(groups) else 0
    means = np.zeros((count, evidence.means.shape[1]))
    between = np.full((count, count), -1.0, np.float32)
    for number in range(count):
        inside = (groups == number) & (np.linalg.norm(evidence.means, axis=1) > 0)
        if not inside.any():
            continue
        weights = evidence.weights[inside, None]
        means[number] = (weights * evidence.means[inside]).sum(0) / weights.sum()
        pairs = evidence.means[inside] @ evidence.means[inside].T
        np.fill_diagonal(pairs, np.nan)
        between[number, number] = np.nanmean(pairs, 1).min() if inside.sum() > 1 else 1.0
    for one in range(count):
        for other in range(one):
            together = evidence.apart[np.ix_(groups == one, groups == other)].any()
            if not together and means[one].any() and means[other].any():
                between[one, other] = between[other, one] = means[one] @ means[other]
    return between


def _linked(
    means: NDArray[np.float64],
    follows: NDArray[np.bool_],
    told: NDArray[np.bool_],
    bound: float,
    others: NDArray[np.float64] | None = None,
    mine: bool | np.bool_ | None = None,
) -> NDArray[np.float64]:
    """(m, n) how much speaks for each two being one person."""
    alike = means @ (means if others is None else others).T
    alike += np.where(follows, _RELIEF * (1 - bound), 0.0)
    silent = ~(np.outer(told, told) if mine is None else (told & mine)[None])
    # Motion is all there is: enough, but only when whoever can be told apart has been.
    return np.asarray(np.where(silent, np.where(follows, bound, -np.inf), alike))
