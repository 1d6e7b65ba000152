"""RetinaFace with priors: two square boxes of fixed size in each cell of three maps, from 16 to 512 pixels.

Source: Deng et al., "RetinaFace: Single-stage Dense Face Localisation in the Wild", 2019; priors, variances and mean
as in the public PyTorch implementations with MobileNet and ResNet-50 backbones. **No such weights were run here**: the
decoding is tested on graphs of this interface only. (InsightFace's own RetinaFace, det_10g, is of the family scrfd.)
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

__all__ = ["RetinaFace", "open_detector"]

_PRIORS: Final = ((8, (16, 32)), (16, (64, 128)), (32, (256, 512)))
"""(stride, sides of the boxes) of each map, in pixels."""

_SHIFT, _GROWTH = np.float32(0.1), np.float32(0.2)
"""Variances: of what moves a box, in its sides, and of the logarithm of what scales it."""


class RetinaFace:
    """Finds faces with one look at the picture.

    Args:
        session: The network; it takes BGR, and gives boxes, two scores each (the second is of a face) and points,
            told apart by their widths of 4, 2 and 10.
        spec: Its catalogue row.
        settings: Size, least score and overlap.
    """

    def __init__(self, session: Session, spec: ModelSpec, settings: DetectorSettings) -> None:
        self._session, self._spec, self._settings = session, spec, settings

    def detect(self, picture: Picture) -> list[Face]:
        """All faces, best score first; no landmarks."""
        box = letterbox(picture, self._settings)
        blob = np.ascontiguousarray(network_input(box.pixels, self._spec)[:, ::-1])
        outputs = {values.shape[-1]: values for values in self._session.run({"input": blob}).values()}
        if outputs.keys() != {2, 4, 10}:
            raise ModelError(f"{self._spec.name} does not give boxes, scores and points, as RetinaFace does.")
        height, width = box.pixels.shape[:2]
        scores = outputs[2].reshape(-1, 2)[:, 1]
        chosen = np.flatnonzero(scores >= self._settings.score)
        priors = _priors(width, height)[chosen]
        middles, sides = priors[:, :2], priors[:, 2:]
        values = outputs[4].reshape(-1, 4)[chosen]
        # Measured from edge to edge; ours are indices of pixels.
        middle = middles + values[:, :2] * _SHIFT * sides - np.float32(0.5)
        half = sides * np.exp(values[:, 2:] * _GROWTH) / 2
        offsets = outputs[10].reshape(-1, 5, 2)[chosen]
        points = middles[:, None] + offsets * _SHIFT * sides[:, None] - np.float32(0.5)
        boxes = np.hstack([middle - half, middle + half])
        return Candidates(boxes, scores[chosen], points).faces(self._settings, box.ratio)


def _priors(width: int, height: int) -> FloatArray:
    """(n, 3) centre and side of each box, in the order of the network's outputs."""
    maps = []
    for stride, sides in _PRIORS:
        # The last cell of a map may reach over the edge.
        x, y = np.meshgrid(np.arange(-(-width // stride)) + 0.5, np.arange(-(-height // stride)) + 0.5)
        middles = np.repeat(np.stack([x.ravel(), y.ravel()], 1) * stride, len(sides), axis=0)
        maps.append(np.hstack([middles, np.tile(np.array(sides), x.size)[:, None]]))
    return np.concatenate(maps).astype(np.float32)


def open_detector(spec: ModelSpec, pool: SessionPool, seeing: Seeing) -> RetinaFace:
    """Open the detector of a row (errors: see ``vision/detect/families.py``)."""
    return RetinaFace(pool.session(spec), spec, read_settings(spec, seeing))
