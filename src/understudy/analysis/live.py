"""Rows of a live picture: nothing is known of what comes, so landmarks are filtered and not smoothed both ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from understudy.analysis.oneeuro import OneEuro
from understudy.core.types import TrackedFace
from understudy.vision.shape import face_width, five_points

__all__ = ["LiveFilter"]

_STEADINESS: Final = 1.2  # hertz
_QUICKNESS: Final = 75.0  # hertz for one face width a second: at most half a pixel of lag, 250 pixels wide
_PAUSE: Final = 1.0  # seconds; after that, what was before says nothing


class LiveFilter:
    """Steadies the rows of successive frames, without waiting for any."""

    def __init__(self) -> None:
        self._filters: dict[int, OneEuro] = {}

    def steadied(self, rows: Iterable[TrackedFace], seconds: float) -> tuple[TrackedFace, ...]:
        """The rows of the next frame.

        Args:
            rows: As they were measured.
            seconds: Since the last frame.
        """
        known = self._filters if 0 < seconds < _PAUSE else {}
        self._filters, steady = {}, []
        for row in rows:
            landmarks = row.face.landmarks
            assert landmarks is not None
            quickness = _QUICKNESS / max(face_width(landmarks), 1.0)
            filtered = known.get(row.track) or OneEuro(_STEADINESS, quickness)
            self._filters[row.track] = filtered
            points = filtered(landmarks, seconds)
            box = np.concatenate([points[:, :2].min(0), points[:, :2].max(0)])
            moved = row.face.keypoints + (five_points(points) - five_points(landmarks))
            steady.append(replace(row, face=replace(row.face, landmarks=points, bbox=box, keypoints=moved)))
        return tuple(steady)
