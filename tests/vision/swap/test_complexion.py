"""A track's skin is learnt from what was seen of it before."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from sitters import Sitter

from understudy.analysis.complexion import with_skin
from understudy.core.types import TrackedFace
from understudy.vision.canonical import Canonical
from understudy.vision.swap.mesh.skin import load_skin

STRIDE = 6


def rows_of(sitter: Sitter, count: int, **kwargs: object) -> list[TrackedFace]:
    face = replace(sitter.row, **kwargs)  # type: ignore[arg-type]
    told = with_skin((sitter.frame, (face,)) for _ in range(count))
    return [faces[0] for _, faces in told]


def test_a_track_is_known_from_the_frames_before(canonical: Canonical, sitters: dict[str, Sitter]) -> None:
    sitter = next(iter(sitters.values())).scaled(200)
    first, *others = rows_of(sitter, 5 * STRIDE)
    assert first.skin is None
    people = load_skin(canonical).people
    own = load_skin(canonical).observe(sitter.frame, sitter.landmarks)
    off = [float(np.abs(row.skin[..., :3] - own.rest)[own.seen > 0.5].mean()) for row in others]  # type: ignore[index]
    assert off[-1] < 0.7 * float(np.abs(people[..., :3] - own.rest)[own.seen > 0.5].mean())
    assert all(later <= earlier for earlier, later in itertools.pairwise(off))
    # One array for all rows between two looks.
    assert others[0].skin is others[STRIDE - 2].skin
    assert others[0].skin is not others[STRIDE].skin


def test_what_was_not_seen_is_not_learnt(sitters: dict[str, Sitter]) -> None:
    sitter = next(iter(sitters.values())).scaled(200)
    assert all(row.skin is None for row in rows_of(sitter, 2 * STRIDE, bridged=True))
    doubtful = replace(sitter.row.face, confidence=0.4)
    assert all(row.skin is None for row in rows_of(sitter, 2 * STRIDE, face=doubtful))
