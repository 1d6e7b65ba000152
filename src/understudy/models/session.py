"""One way to run a network, whatever runs it: OpenCV, LiteRT or ONNX Runtime.

Arrays go in and come out as float32 with the channels second (N, C, H, W), as ONNX has them; where a runtime
wants them last, its session turns them.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DependencyMissing, ModelCorrupt, ModelError
from understudy.models.spec import ModelSpec

if TYPE_CHECKING:
    import cv2

__all__ = ["Session", "open_session"]

# Photos of many sizes pass through one detector; a network keeps up to 50 MB for its input's shape.
_SHAPES_KEPT = 6

Arrays = Mapping[str, NDArray[np.float32]]


class Session(Protocol):
    """A loaded network. Safe to share between threads."""

    @property
    def device(self) -> str:
        """Where it really runs, such as ``"cpu (OpenCV)"``."""

    def run(self, inputs: Arrays, outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Run once.

        Args:
            inputs: Name to float32 array. A network with one input takes it under any name.
            outputs: Names of the results wanted.
        """


def open_session(path: Path, spec: ModelSpec, threads: int = 1) -> Session:
    """Load a network after checking its bytes.

    Args:
        path: The file.
        spec: Its catalogue row, which says what runs it.
        threads: For the runtimes that have their own; OpenCV's are the application's to set, process-wide.

    Raises:
        ModelCorrupt: The bytes differ from the catalogue's.
        DependencyMissing: The runtime is not installed.
        ModelError: The runtime cannot run it.
    """
    data = _verified_bytes(path, spec)
    match spec.runtime:
        case "opencv":
            return _OpenCvSession(path, spec)
        case "litert":
            return _LiteRtSession(data, threads)
        case "onnx":
            return _OnnxSession(data, threads)
        case "dlib":
            raise ModelError(f"{spec.name} is not a network graph; its family loads it by itself.")


def _verified_bytes(path: Path, spec: ModelSpec) -> bytes:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != spec.sha256:
        raise ModelCorrupt(
            f"The weights of {spec.name} differ from the catalogue's digest; they were not loaded.",
            path=path,
            next_step=f"Get them again: understudy models pull {spec.name}",
        )
    return data


class _OpenCvSession:
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

        _verified_bytes(self._path, self._spec)
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

    def run(self, inputs: Arrays, outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        (value,) = inputs.values()
        with self._lock:
            net = self._net(value.shape)
            net.setInput(value)
            results = net.forward(list(outputs))
            # The network owns the arrays and writes to them in its next run.
            return {name: np.array(result, np.float32) for name, result in zip(outputs, results, strict=True)}


class _LiteRtSession:
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

    def run(self, inputs: Arrays, outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        (value,) = inputs.values()
        with self._lock:
            self._interpreter.set_tensor(
                self._input["index"], np.ascontiguousarray(value.transpose(0, 2, 3, 1))
            )
            self._interpreter.invoke()
            results = {name: self._interpreter.get_tensor(self._outputs[name]) for name in outputs}
        return {name: _channels_second(np.asarray(result, np.float32)) for name, result in results.items()}


class _OnnxSession:
    def __init__(self, data: bytes, threads: int) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise DependencyMissing(
                "This network runs on ONNX Runtime, which is not installed.",
                next_step="Install it: pip install 'understudy[onnx]'",
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session: Any = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    @property
    def device(self) -> str:
        return f"cpu (ONNX Runtime, {self._session.get_providers()[0]})"

    def run(self, inputs: Arrays, outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        feed = dict(inputs) if len(self._inputs) > 1 else {self._inputs[0]: next(iter(inputs.values()))}
        results = self._session.run(list(outputs), feed)
        return {name: np.asarray(result, np.float32) for name, result in zip(outputs, results, strict=True)}


def _channels_second(array: NDArray[np.float32]) -> NDArray[np.float32]:
    return array.transpose(0, 3, 1, 2) if array.ndim == 4 else array
