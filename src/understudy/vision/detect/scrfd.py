"""SCRFD and InsightFace's RetinaFace (det_10g), which shares its interface: two anchors in each cell of three maps.

Source: Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", 2021. A score, the four
distances from the anchor to the box's sides and five points' offsets, in strides; anchors lie on the cells' corners.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from understudy.core.errors import ModelError
from understudy.core.plan import Seeing
from understudy.core.types import Face, FloatArray
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.crop import network_input
from understudy.vision.detect.candidates import Candidates, DetectorSettings, letterbox, read_settings
from understudy.vision.roles import Picture

__all__ = ["Scrfd", "open_detector"]

_STRIDES: Final = (8, 16, 32)
_ANCHORS: Final = 2


class Scrfd:
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
        outputs = list(self._session.run({"input.1": network_input(box.pixels, self._spec)}).values())
        if len(outputs) != 3 * len(_STRIDES):
            raise ModelError(
                f"{self._spec.name} gives {len(outputs)} results where SCRFD with key points gives 9.",
                next_step="Use a variant with key points (its name ends in _kps or _bnkps).",
            )
        height, width = box.pixels.shape[:2]
        maps = [
            self._map(outputs[i :: len(_STRIDES)], stride, (width // stride, height // stride))
            for i, stride in enumerate(_STRIDES)
        ]
        boxes, scores, points = (np.concatenate(parts) for parts in zip(*maps, strict=True))
        return Candidates(boxes, scores, points).faces(self._settings, box.ratio)

    def _map(
        self, outputs: list[FloatArray], stride: int, cells: tuple[int, int]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Boxes, scores and points of one map that score enough. A graph may or may not have the batch's axis."""
        scores = outputs[0].reshape(-1)
        chosen = np.flatnonzero(scores >= self._settings.score)
        distances = outputs[1].reshape(-1, 4)[chosen] * stride
        offsets = outputs[2].reshape(-1, 5, 2)[chosen] * stride
        cell = chosen // _ANCHORS
        anchors = (np.stack([cell % cells[0], cell // cells[0]], 1) * stride).astype(np.float32)
        boxes = np.hstack([anchors - distances[:, :2], anchors + distances[:, 2:]])
        return boxes, scores[chosen], offsets + anchors[:, None]


def open_detector(spec: ModelSpec, pool: SessionPool, seeing: Seeing) -> Scrfd:
    """Open the detector of a row (errors: see ``vision/detect/families.py``)."""
    return Scrfd(pool.session(spec), spec, read_settings(spec, seeing))
