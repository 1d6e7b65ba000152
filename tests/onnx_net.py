"""Small ONNX graphs for tests, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

__all__ = ["Net"]

Shape = Sequence[int | str | None]


class Net:
    """A graph under construction; every method returns the name of a tensor.

    Args:
        inputs: Name to shape; a text or None is an axis of any length.
        seed: Of its random weights.
    """

    def __init__(self, inputs: Mapping[str, Shape], seed: int = 0) -> None:
        self._inputs = dict(inputs)
        self._nodes: list[Any] = []
        self._stored: list[Any] = []
        self._rng = np.random.default_rng(seed)

    def constant(self, values: Any, kind: Any = np.float32) -> str:
        name = f"constant{len(self._stored)}"
        self._stored.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def node(self, operator: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        output = name or f"{operator}{len(self._nodes)}"
        # InsightFace tells graphs apart by the names of their first nodes.
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def add(self, tensor: str, values: Any) -> str:
        return self.node("Add", tensor, self.constant(values))

    def times(self, tensor: str, values: Any) -> str:
        return self.node("Mul", tensor, self.constant(values))

    def reshape(self, tensor: str, shape: Sequence[int], name: str | None = None) -> str:
        return self.node("Reshape", tensor, self.constant(shape, np.int64), name=name)

    def random(self, *shape: int, scale: float = 1.0) -> NDArray[np.float32]:
        return (self._rng.normal(size=shape) * scale).astype(np.float32)

    def patches(self, tensor: str, weights: NDArray[np.float32], bias: Any = 0.0) -> str:
        """A convolution whose steps are its kernel's side."""
        side = weights.shape[-1]
        offset = np.broadcast_to(np.asarray(bias, np.float32), (len(weights),))
        return self.node(
            "Conv",
            tensor,
            self.constant(weights),
            self.constant(offset),
            kernel_shape=[side, side],
            strides=[side] * 2,
        )

    def cells(self, tensor: str, width: int, batched: bool = False, name: str | None = None) -> str:
        """(1, k·width, h, w) as (h·w·k, width), cell by cell, anchor by anchor."""
        rows = self.node("Transpose", tensor, perm=[0, 2, 3, 1])
        return self.reshape(rows, [1, -1, width] if batched else [-1, width], name=name)

    def save(self, outputs: Mapping[str, Shape], kind: int = TensorProto.FLOAT) -> bytes:
        """The bytes of the graph with these outputs, which are names of its tensors."""
        graph = helper.make_graph(
            self._nodes,
            "generated",
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in self._inputs.items()],
            [helper.make_tensor_value_info(n, kind, s) for n, s in outputs.items()],
            self._stored,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        return bytes(model.SerializeToString())
