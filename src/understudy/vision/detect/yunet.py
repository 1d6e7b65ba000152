"""YuNet: one anchor in each cell of three maps.

Source: Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023; decoding as in OpenCV's FaceDetectorYN: the
score is the geometric mean of class and objectness, the centre is an offset and the size an exponent, in strides.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from understudy.core.plan import Seeing
from understudy.core.types import Face, FloatArray
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.detect.candidates import Candidates, DetectorSettings, letterbox, read_settings
from understudy.vision.roles import Picture

__all__ = ["YuNet", "open_detector"]

_STRIDES: Final = (8, 16, 32)


class YuNet:
    """Finds faces with one look at the picture.

    Args:
        session: The network; it takes BGR from 0 to 255, whatever the row says.
        settings: Size, least score and overlap.
    """

    def __init__(self, session: Session, settings: DetectorSettings) -> None:
        self._session, self._settings = session, settings

    def detect(self, picture: Picture) -> list[Face]:
        """All faces, best score first; no landmarks."""
        box = letterbox(picture, self._settings)
        blob = np.ascontiguousarray(box.pixels.transpose(2, 0, 1)[None], np.float32)
        outputs = self._session.run({"input": blob})
        columns = box.pixels.shape[1]
        maps = [self._map(outputs, stride, columns // stride) for stride in _STRIDES]
        boxes, scores, points = (np.concatenate(parts) for parts in zip(*maps, strict=True))
        return Candidates(boxes, scores, points).faces(self._settings, box.ratio)

    def _map(
        self, outputs: dict[str, FloatArray], stride: int, columns: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Boxes, scores and points of one map that score enough."""
        parts = (np.clip(outputs[f"{name}_{stride}"].reshape(-1), 0, 1) for name in ("cls", "obj"))
        scores = np.sqrt(np.prod(list(parts), axis=0)).astype(np.float32)
        chosen = np.flatnonzero(scores >= self._settings.score)
        anchors = np.stack([chosen % columns, chosen // columns], 1).astype(np.float32)
        values = outputs[f"bbox_{stride}"].reshape(-1, 4)[chosen]
        middle = (values[:, :2] + anchors) * stride
        half = np.exp(values[:, 2:]) * (stride / 2)
        points = (outputs[f"kps_{stride}"].reshape(-1, 5, 2)[chosen] + anchors[:, None]) * stride
        return np.hstack([middle - half, middle + half]), scores[chosen], points


def open_detector(spec: ModelSpec, pool: SessionPool, seeing: Seeing) -> YuNet:
    """Open the detector of a row (errors: see ``vision/detect/families.py``)."""
    return YuNet(pool.session(spec), read_settings(spec, seeing))
