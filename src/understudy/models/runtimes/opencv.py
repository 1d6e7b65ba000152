"""Networks that OpenCV reads: the built-in ones, in TFLite's form."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ModelError
from understudy.models.session import Arrays, verified_bytes
from understudy.models.spec import ModelSpec

if TYPE_CHECKING:
    import cv2

__all__ = ["OpenCvSession"]

# Photos of many sizes pass through one detector; a network keeps up to 50 MB for its input's shape.
_SHAPES_KEPT = 6


class OpenCvSession:
    """A TFLite file in OpenCV's ``dnn``. It can read only from the disk: the file is checked there before."""

    device = "cpu (OpenCV)"

    def __init__(self, path: Path, spec: ModelSpec) -> None:
        self._path, self._spec = path, spec
        self._nets: dict[tuple[int, ...], cv2.dnn.Net] = {}
        self._lock = threading.Lock()
        width, height = spec.input_size or (0, 0)
        self._net((1, 3, height, width))

    def _net(self, shape: tuple[int, ...]) -> cv2.dnn.Net:
        """A network of its own for each input shape: changing a network's costs as much as running it."""
        net = self._nets.pop(shape, None) or self._read()
        self._nets[shape] = net
        if len(self._nets) > _SHAPES_KEPT:
            del self._nets[next(iter(self._nets))]
        return net

    def _read(self) -> cv2.dnn.Net:
        import cv2

        verified_bytes(self._path, self._spec)
        try:
            # Only the classic engine gives several outputs in one pass, and only a path (not a buffer) lets
            # us choose it (OpenCV 5.0).
            return cv2.dnn.readNetFromTFLite(str(self._path), cv2.dnn.ENGINE_CLASSIC)
        except cv2.error as error:
            raise ModelError(
                f"OpenCV cannot open these weights: {error}.",
                path=self._path,
                next_step="If the path has letters outside ASCII, set UNDERSTUDY_HOME to one without.",
            ) from error

    def run(self, inputs: Arrays, outputs: Sequence[str] = ()) -> dict[str, NDArray[np.float32]]:
        """See :class:`~understudy.models.session.Session`."""
        (value,) = inputs.values()
        with self._lock:
            net = self._net(value.shape)
            net.setInput(value)
            results = net.forward(list(outputs))
            # The network owns the arrays and writes to them in its next run.
            return {name: np.array(result, np.float32) for name, result in zip(outputs, results, strict=True)}
