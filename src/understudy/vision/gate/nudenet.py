"""NudeNet: where in a picture there are faces and parts of bodies, covered or not.

Used as the ``nudenet`` package 3.4.2 does. It turns the channels round twice, so that the network gets blue, green and
red. The picture fills the upper left of a square, a YOLOv8 gives a box and 18 scores for each cell, the best score of a
cell is its class, and of overlapping boxes the best stays, of any class. Rows and columns of that square that would be
empty are left out where 32 of them lie together: they cost as much as the picture and say nothing.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from understudy.core.errors import ModelError
from understudy.core.types import FloatArray
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.embed.digest import weights_digest
from understudy.vision.gate.scores import checked, checked_pixels, labels_of
from understudy.vision.roles import BgrImage, Finding

__all__ = ["NudeNet", "open_gate"]

_STRIDE: Final = 32
_CANDIDATE, _LEAST, _OVERLAP = 0.2, 0.25, 0.45


class NudeNet:
    """Finds parts of bodies.

    Args:
        session: The network: (1, 3, h, w) to (1, 4 + classes, cells).
        spec: Its catalogue row.
        digest: SHA-256 of the weights.
    """

    def __init__(self, session: Session, spec: ModelSpec, digest: str) -> None:
        self._session = session
        self.name, self.digest = spec.name, digest
        self.labels = labels_of(spec, "labels")
        self.exposed = frozenset(labels_of(spec, "exposed"))
        self.faces = frozenset(labels_of(spec, "faces"))

    def look(self, pixels: BgrImage, side: int) -> tuple[Finding, ...]:
        """See :class:`understudy.vision.roles.Gate`."""
        checked_pixels(pixels)
        height, width = pixels.shape[:2]
        longest = max(height, width)
        square = cv2.copyMakeBorder(pixels, 0, longest - height, 0, longest - width, cv2.BORDER_CONSTANT)
        side = -(-side // _STRIDE) * _STRIDE
        scaled = np.asarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
        rows, columns = (-(-length * side // longest // _STRIDE) * _STRIDE for length in (height, width))
        blob = np.asarray(cv2.dnn.blobFromImage(scaled[:rows, :columns], 1 / 255), np.float32)
        (output,) = self._session.run({"images": blob}).values()
        return self._found(
            checked(output, (1, 4 + len(self.labels), None), self.name), longest / side, width, height
        )

    def _found(self, output: FloatArray, scale: float, width: int, height: int) -> tuple[Finding, ...]:
        cells = output[0].T
        best = cells[:, 4:].max(1)
        cells, best = cells[best >= _CANDIDATE], best[best >= _CANDIDATE]
        if not len(cells):
            return ()
        corner = np.clip((cells[:, :2] - cells[:, 2:4] / 2) * scale, 0, (width, height))
        size = np.minimum(cells[:, 2:4] * scale, (width, height) - corner)
        boxes = np.hstack([corner, size])
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), best.tolist(), _LEAST, _OVERLAP)
        classes = cells[:, 4:].argmax(1)
        return tuple(
            Finding(self.labels[classes[index]], float(best[index]), _corners(boxes[index].tolist()))
            for index in map(int, kept)
        )


def _corners(box: list[float]) -> tuple[float, float, float, float]:
    x, y, width, height = box
    return x, y, x + width, y + height


def open_gate(spec: ModelSpec, pool: SessionPool) -> NudeNet:
    """Open the network of a row (errors: see ``vision/gate/families.py``)."""
    if spec.input_size is None:
        raise ModelError(f"The row of {spec.name} has no input_size.")
    return NudeNet(pool.session(spec), spec, weights_digest(spec, pool.cache))
