"""What a family has to know of a graph beyond its inputs and outputs. Needs the ``onnx`` package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DependencyMissing, ModelError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

__all__ = ["Graph", "read_graph", "refuse_external_data"]

# In the protobuf of a tensor whose numbers lie in another file there is an entry with the key "location".
_LOCATION = b"\x0a\x08location"


@dataclass(frozen=True)
class Graph:
    """What was read of an ONNX file; the file itself is not kept.

    Attributes:
        inputs: Name of each input, in order, and how many axes it has.
        normalises_input: The graph begins by shifting and scaling its input, so that it wants plain 0 to 255.
    """

    inputs: Mapping[str, int]
    normalises_input: bool
    _last: NDArray[np.float32] | None = field(repr=False)

    def last_initializer(self) -> NDArray[np.float32]:
        """The last of the graph's stored tensors; inswapper's is its emap, (512, 512).

        Raises:
            ModelError: The graph stores none.
        """
        if self._last is None:
            raise ModelError("The graph stores no tensors; another kind of model was expected here.")
        return self._last


def read_graph(data: bytes) -> Graph:
    """Read an ONNX file.

    Args:
        data: The whole file, verified.

    Raises:
        DependencyMissing: The ``onnx`` package is not installed.
        ModelError: It is not ONNX, or keeps numbers in another file.
    """
    model = _parse(data)
    _check_tensors(model)
    from onnx import numpy_helper

    stored = model.graph.initializer
    last = np.array(numpy_helper.to_array(stored[-1]), np.float32) if stored else None
    return Graph(_inputs(model.graph), _normalises_input(model.graph), last)


def refuse_external_data(data: bytes) -> None:
    """Raise ModelError when an ONNX file keeps numbers in another file: no digest would cover those."""
    # Half a gigabyte is searched in a moment, and parsed only when there may be something to find.
    if _LOCATION in data:
        _check_tensors(_parse(data))


def _parse(data: bytes) -> ModelProto:
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError:
        raise DependencyMissing(
            "This model's graph is read with the onnx package, which is not installed.",
            next_step="Install it: pip install 'understudy[onnx]'",
        ) from None
    try:
        return onnx.load_model_from_string(data)
    except DecodeError as error:
        raise ModelError("This is not an ONNX graph.") from error


def _check_tensors(model: ModelProto) -> None:
    from onnx import TensorProto

    for tensor in _tensors(model.graph):
        if tensor.data_location == TensorProto.EXTERNAL:
            raise ModelError(
                f"The graph keeps {tensor.name!r} in another file, which no digest covers; it was not loaded.",
                next_step="Use a file that holds everything (onnx.save_model with save_as_external_data=False).",
            )


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """Every stored tensor, those of constants and inner graphs too."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _tensors(inner)


def _inputs(graph: GraphProto) -> dict[str, int]:
    stored = {tensor.name for tensor in graph.initializer}
    return {
        port.name: len(port.type.tensor_type.shape.dim) for port in graph.input if port.name not in stored
    }


def _normalises_input(graph: GraphProto) -> bool:
    """Whether the input's own path begins with Sub and Mul (or Div), or with a batch normalisation.

    Those are what the exporters of InsightFace's models wrote for ``(x - mean) * scale``.
    """
    name = next(iter(_inputs(graph)), "")
    steps: list[str] = []
    while (node := _only_reader(graph.node, name)) is not None and len(steps) < 4:
        steps.append(node.op_type)
        name = node.output[0]
    steps = [step for step in steps if step not in ("Identity", "Cast")]
    return steps[:1] == ["BatchNormalization"] or (steps[:1] == ["Sub"] and steps[1:2] in (["Mul"], ["Div"]))


def _only_reader(nodes: Iterable[NodeProto], name: str) -> NodeProto | None:
    readers = [node for node in nodes if name in node.input]
    return readers[0] if len(readers) == 1 else None
