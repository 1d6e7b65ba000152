"""What happens to one frame: a pure function of the frame and its analysis rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from understudy.core.types import TrackedFace
from understudy.media.frame import Frame
from understudy.vision.roles import Swapper

__all__ = ["Row", "Swapped", "swap_frame"]

Row = tuple[Frame, tuple[TrackedFace, ...]]
"""A frame and the faces in it."""


@dataclass(frozen=True, eq=False)
class Swapped:
    """A frame that is done.

    Attributes:
        frame: With its new faces.
        found: Faces that analysis found.
        replaced: Faces that were replaced.
        low_confidence: Whether one of these cannot be trusted.
    """

    frame: Frame
    found: int
    replaced: int
    low_confidence: bool


def swap_frame(row: Row, swapper: Swapper, actor: Any) -> Swapped:
    """Replace the faces of one frame, in place.

    Args:
        row: The frame and its faces.
        swapper: The engine.
        actor: What its ``prepare`` returned.
    """
    frame, faces = row
    # All patches are made before the first is blended, so that no face is drawn from a changed neighbour.
    patches = [(face, swapper.swap(frame, face, actor)) for face in faces]
    replaced = [(face, patch) for face, patch in patches if patch is not None]
    for _, patch in replaced:
        frame.blend(patch.region, patch.bgr, patch.mask)
    doubtful = any(face.face.confidence < 0.5 for face, _ in replaced)
    return Swapped(frame, len(faces), len(replaced), doubtful)
