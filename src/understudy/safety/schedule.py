"""Which frames of a film are looked at, and who is cut out of them."""

from __future__ import annotations

import math
from collections.abc import Collection
from fractions import Fraction
from typing import Literal

from understudy.safety.turns import Turns

__all__ = ["Schedule"]


class Schedule:
    """Says of one frame after the other whether it is to be looked at.

    Args:
        per_second: How many at least, or ``"all"``: then everybody is cut out of each, too.
        most: How many pixels the networks are shown of people in a frame.

    Attributes:
        turns: Who is cut out of a frame that is looked at; starts anew with each shot and segment.
    """

    def __init__(self, per_second: float | Literal["all"], most: int) -> None:
        self._per_second = per_second
        self.turns = Turns(None if per_second == "all" else most)
        self._slot: int | None = None
        self._segment: int | None = None
        self._tracks: set[int] = set()

    def due(self, time: Fraction, segment: int, tracks: Collection[int], *, cut: bool) -> bool:
        """Whether the next frame is one.

        Args:
            time: When it is shown, in seconds.
            segment: The part of the film that is committed with it.
            tracks: Who is in it.
            cut: Whether it begins a shot.
        """
        slot = -1 if self._per_second == "all" else math.floor(time * Fraction(self._per_second))
        first = segment != self._segment
        if first:
            self._tracks = set()
        if first or cut:
            self.turns.restart()
        somebody_new = not self._tracks.issuperset(tracks)
        due = self._per_second == "all" or slot != self._slot or first or cut or somebody_new
        self._slot, self._segment = slot, segment
        self._tracks.update(tracks)
        return due
