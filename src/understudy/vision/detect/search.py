"""A detector that also looks at the picture turned, and stops at a number of faces."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.core.types import Face, FloatArray
from understudy.vision.detect.candidates import merged
from understudy.vision.roles import PartialDetector, Picture
from understudy.vision.select import weight
from understudy.vision.views import Angle, Turned

__all__ = ["Search"]


class Search:
    """Looks at a picture from several sides.

    Args:
        detector: Looks at the picture from one.
        angles: Clockwise turns of the picture in degrees; 0 is the picture as it is.
        most: Largest number of faces, or None. What is largest, most frontal and surest stays.
    """

    def __init__(
        self, detector: PartialDetector, angles: Sequence[Angle] = (0,), most: int | None = None
    ) -> None:
        self._detector, self._angles, self._most = detector, tuple(angles), most

    def detect(self, picture: Picture) -> list[Face]:
        """All faces, best score first, each once: as the angle shows it that gives it the best score."""
        turned = [Turned(picture, angle) for angle in self._angles]
        found = [[view.outwards(face) for face in self._detector.detect(view)] for view in turned]
        return self._limited(merged(found), self._most)

    def detect_part(self, picture: Picture, step: int, known: Sequence[FloatArray] = ()) -> list[Face]:
        """The angles take turns; see :class:`PartialDetector`."""
        view = Turned(picture, self._angles[step % len(self._angles)])
        inside = [view.inwards(box) for box in known]
        found = self._detector.detect_part(view, step // len(self._angles), inside)
        faces = [view.outwards(face) for face in found]
        return self._limited(faces, None if self._most is None else max(self._most - len(known), 0))

    @staticmethod
    def _limited(faces: list[Face], most: int | None) -> list[Face]:
        if most is None:
            return faces
        chosen = sorted(faces, key=weight, reverse=True)[:most]
        return sorted(chosen, key=lambda face: -face.score)
