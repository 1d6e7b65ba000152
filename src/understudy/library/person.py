"""Which faces of a collection show the person that most of them show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray

__all__ = ["of_one_person"]


def of_one_person(embeddings: FloatArray, same_person: float) -> NDArray[np.bool_]:
    """Whether each face is the person of the largest group.

    A face gathers those that are like it; of all such groups the one counts in which each is like most others, so that
    a face that is like two people does not join them. Who is like that group's mean is its person.

    Args:
        embeddings: (n, d) of length 1.
        same_person: Cosine from which two faces are one person's.

    Returns:
        (n,) of which at least one is true.
    """
    alike = embeddings @ embeddings.T >= same_person
    np.fill_diagonal(alike, True)
    sizes = alike.sum(1)
    # How many of a face's group a member of it is like, on average over the members.
    inside = np.einsum("ij,ik,jk->i", *[alike.astype(np.float64)] * 3, optimize=True) / sizes
    middle = int(np.lexsort((inside / sizes, inside.round(6)))[-1])
    mean = embeddings[alike[middle]].mean(0)
    belongs = np.asarray(embeddings @ (mean / np.linalg.norm(mean)) >= same_person)
    belongs[middle] = True
    return belongs
