"""TFLite files on the runtime that they are made for; OpenCV lacks some of its operators."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DependencyMissing
from understudy.models.session import Arrays

__all__ = ["LiteRtSession"]


class LiteRtSession:
    """A TFLite file in LiteRT."""

    device = "cpu (LiteRT)"

    def __init__(self, data: bytes, threads: int) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            raise DependencyMissing(
                "This network runs on LiteRT, which is not installed.",
                next_step="Install it: pip install 'understudy[litert]'",
            ) from None
        self._interpreter = Interpreter(model_content=data, num_threads=threads)
        self._interpreter.allocate_tensors()
        (self._input,) = self._interpreter.get_input_details()
        self._outputs = {detail["name"]: detail["index"] for detail in self._interpreter.get_output_details()}
        self._lock = threading.Lock()

    def run(self, inputs: Arrays, outputs: Sequence[str] = ()) -> dict[str, NDArray[np.float32]]:
        """See :class:`~understudy.models.session.Session`."""
        (value,) = inputs.values()
        with self._lock:
            self._interpreter.set_tensor(
                self._input["index"], np.ascontiguousarray(value.transpose(0, 2, 3, 1))
            )
            self._interpreter.invoke()
            results = {name: self._interpreter.get_tensor(self._outputs[name]) for name in outputs}
        return {name: _channels_second(np.asarray(result, np.float32)) for name, result in results.items()}


def _channels_second(array: NDArray[np.float32]) -> NDArray[np.float32]:
    return array.transpose(0, 3, 1, 2) if array.ndim == 4 else array
