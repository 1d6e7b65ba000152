"""Who played whom, written down as the film goes by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from understudy.core.types import Part
from understudy.media.frame import Frame
from understudy.render.run import Analysis
from understudy.render.steps import Row

__all__ = ["Playbill"]


class Playbill:
    """An analysis that is counted.

    Args:
        analysis: Finds the faces.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._frames: Counter[int] = Counter()
        self._tracks: dict[int, dict[int, None]] = {}

    def analyse(self, frames: Iterable[Frame]) -> Iterator[Row]:
        """What the analysis gives."""
        for frame, faces in self._analysis(frames):
            self._frames.update({face.actor for face in faces})
            for face in faces:
                self._tracks.setdefault(face.actor, {})[face.track] = None
            yield frame, faces

    def parts(self, actors: Sequence[str], roles: Sequence[str | None]) -> tuple[Part, ...]:
        """What each actor played, up to now.

        Args:
            actors: Their names.
            roles: The picture that says whom each of them plays, or None.
        """
        return tuple(
            Part(actor, role, self._frames[number], tuple(self._tracks.get(number, ())))
            for number, (actor, role) in enumerate(zip(actors, roles, strict=True))
        )
