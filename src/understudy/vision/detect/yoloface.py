"""YOLOv8 trained for faces: one table of (centre, size, score, five points with confidence) for all cells.

The graph decodes by itself, in pixels of its input.
"""

from __future__ import annotations

import numpy as np

from understudy.core.plan import Seeing
from understudy.core.types import Face, FloatArray
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.crop import network_input
from understudy.vision.detect.candidates import Candidates, DetectorSettings, letterbox, read_settings
from understudy.vision.roles import Picture

__all__ = ["YoloFace", "open_detector"]


class YoloFace:
    """Finds faces with one look at the picture.

    Args:
        session: The network.
        spec: Its catalogue row.
        settings: Size, least score and overlap.
    """

    def __init__(self, session: Session, spec: ModelSpec, settings: DetectorSettings) -> None:
        self._session, self._spec, self._settings = session, spec, settings

    def detect(self, picture: Picture) -> list[Face]:
        """All faces, best score first; no landmarks."""
        box = letterbox(picture, self._settings)
        (output,) = self._session.run({"images": network_input(box.pixels, self._spec)}).values()
        table = output.reshape(20, -1).T
        table = table[table[:, 4] >= self._settings.score]
        # Its numbers are measured from edge to edge; ours are indices of pixels.
        middle, half = table[:, :2] - np.float32(0.5), table[:, 2:4] / 2
        points = table[:, 5:].reshape(-1, 5, 3)[..., :2] - np.float32(0.5)
        boxes: FloatArray = np.hstack([middle - half, middle + half])
        return Candidates(boxes, table[:, 4], points).faces(self._settings, box.ratio)


def open_detector(spec: ModelSpec, pool: SessionPool, seeing: Seeing) -> YoloFace:
    """Open the detector of a row (errors: see ``vision/detect/families.py``)."""
    return YoloFace(pool.session(spec), spec, read_settings(spec, seeing))
