"""Networks with the interfaces of the swappers, small and with right answers that are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from understudy.models.spec import ModelSpec

__all__ = [
    "GRAPHS",
    "Interface",
    "converter",
    "emap",
    "embedder",
    "inswapper_like",
    "interface_of",
    "projection",
    "swapper",
    "tint",
]

Triple = tuple[float, float, float]
GAMMA = (2.0, 1.0, 0.5)
"""What :func:`swapper` does to red, green and blue: each something else, and red and blue nothing linear."""


@dataclass(frozen=True)
class Interface:
    """What a swapper's network takes and gives.

    Attributes:
        side: Of the target crop.
        mean, std: What it expects the crop to be normalised with, RGB.
        denormalise: Its output is normalised, too.
        source: Shape of the second input.
        emap: The last initializer is a (512, 512) matrix.
    """

    side: int
    mean: float | Triple = 0.0
    std: float | Triple = 1.0
    denormalise: bool = True
    source: tuple[int, ...] = (1, 512)
    emap: bool = False


def interface_of(spec: ModelSpec) -> Interface:
    """The interface that a row declares."""
    assert spec.input_size is not None
    crop = spec.settings.get("source_size")
    return Interface(
        spec.input_size[0],
        spec.mean,
        spec.std,
        bool(spec.settings.get("denormalise", True)),
        (1, 3, crop, crop) if crop else (1, 512),
        spec.family == "inswapper",
    )


def emap() -> NDArray[np.float32]:
    """(512, 512) that turns directions a good way, as inswapper's does."""
    return np.random.default_rng(5).normal(size=(512, 512)).astype(np.float32)


def projection(size: int = 512) -> NDArray[np.float32]:
    """(size, 3): what of the source becomes red, green and blue in :func:`swapper`."""
    return (np.random.default_rng(6).normal(size=(size, 3)) * 0.15).astype(np.float32)


def swapper(interface: Interface) -> bytes:
    """A network that is right only when it is fed right.

    The target, brought back to RGB of 0 to 1 by the interface's own mean and std, goes through the powers
    :data:`GAMMA`, moves one pixel to the right (round the edge), and is shifted by the source: by ``source @
    projection()``, or for a source crop by half its mean colour.
    """
    graph = _Graph()
    mean, std = _colour(interface.mean), _colour(interface.std)
    rgb = graph.node("Add", graph.node("Mul", "target", std), mean)
    rgb = graph.node("Pow", graph.node("Clip", rgb, np.float32(0), np.float32(1)), _colour(GAMMA))
    last = graph.node(
        "Slice", rgb, *(np.array([i], np.int64) for i in (interface.side - 1, interface.side, 3))
    )
    rest = graph.node("Slice", rgb, *(np.array([i], np.int64) for i in (0, interface.side - 1, 3)))
    rgb = graph.node("Concat", last, rest, axis=3)
    if len(interface.source) == 4:
        shift = graph.node("Mul", graph.node("GlobalAveragePool", "source"), np.float32(0.5))
    else:
        shift = graph.node("MatMul", "source", projection(interface.source[1]))
        shift = graph.node("Reshape", shift, np.array([1, 3, 1, 1], np.int64))
    rgb = graph.node("Add", rgb, shift)
    if interface.denormalise:
        rgb = graph.node("Div", graph.node("Sub", rgb, mean), std)
    return graph.finish(rgb, interface)


def tint(spec: ModelSpec) -> bytes:
    """A network that paints the target half over with a colour of the source's own: each actor another."""
    interface = interface_of(spec)
    graph = _Graph()
    weights = np.random.default_rng(7).normal(size=(512, 3)).astype(np.float32) * 3
    colour = graph.node("Sigmoid", graph.node("MatMul", "source", weights))
    colour = graph.node("Reshape", colour, np.array([1, 3, 1, 1], np.int64))
    rgb = graph.node("Add", graph.node("Mul", "target", _colour(interface.std)), _colour(interface.mean))
    half = np.float32(0.5)
    rgb = graph.node("Add", graph.node("Mul", rgb, half), graph.node("Mul", colour, half))
    if interface.denormalise:
        rgb = graph.node("Div", graph.node("Sub", rgb, _colour(interface.mean)), _colour(interface.std))
    return graph.finish(rgb, interface)


def embedder(_spec: ModelSpec | None = None) -> bytes:
    """ArcFace's interface: (1, 3, 112, 112) to 512 numbers of length about 20, unlike for unlike faces."""
    graph = _Graph()
    cells = graph.node("AveragePool", "input", kernel_shape=[14, 14], strides=[14, 14])
    cells = graph.node("Flatten", cells)
    weights = np.random.default_rng(8).normal(size=(192, 512)).astype(np.float32) * 0.1
    spread = graph.node("Sub", cells, graph.node("ReduceMean", cells, axes=[1], keepdims=1))
    return graph.save(graph.node("MatMul", spread, weights), {"input": (1, 3, 112, 112)}, "output", (1, 512))


def converter(_spec: ModelSpec | None = None) -> bytes:
    """A crossface network's interface: 512 numbers to 512 others, not of length 1, nor linear."""
    graph = _Graph()
    weights = np.random.default_rng(9).normal(size=(512, 512)).astype(np.float32) * 0.02
    bent = graph.node("Tanh", graph.node("MatMul", "input", weights))
    return graph.save(bent, {"input": (1, 512)}, "output", (1, 512))


def inswapper_like(full_size: bool) -> bytes:
    """inswapper_128's shape with random weights.

    Args:
        full_size: 138 million parameters and 349 GFLOP a face, for benchmarks; otherwise a sixteenth of the channels.
    """
    width = 1 if full_size else 16
    rng = np.random.default_rng(0)
    graph = _Graph()

    def conv(x: str, inputs: int, outputs: int, kernel: int, stride: int = 1) -> str:
        scale = np.float32(np.sqrt(2 / (inputs * kernel * kernel)))
        weights = rng.standard_normal((outputs, inputs, kernel, kernel), np.float32) * scale
        pads = [kernel // 2] * 4
        return graph.node("Conv", x, weights, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads)

    def styled(x: str, channels: int) -> str:
        ones, zeros = np.ones(channels, np.float32), np.zeros(channels, np.float32)
        x = graph.node("InstanceNormalization", conv(x, channels, channels, 3), ones, zeros)
        style = graph.node("MatMul", "source", rng.standard_normal((512, 2 * channels), np.float32) * 0.5)
        style = graph.node("Reshape", style, np.array([1, 2 * channels, 1, 1], np.int64))
        gain, shift = graph.split(style)
        return graph.node("Add", graph.node("Mul", x, graph.node("Add", gain, np.float32(1))), shift)

    def relu(x: str) -> str:
        return graph.node("LeakyRelu", x, alpha=0.2)

    sizes = [128 // width, 256 // width, 512 // width, 1024 // width]
    x = relu(conv("target", 3, sizes[0], 7))
    for index, stride in ((1, 1), (2, 2), (3, 2)):
        x = relu(conv(x, sizes[index - 1], sizes[index], 3, stride))
    for _ in range(6):
        x = graph.node("Add", x, styled(relu(styled(x, sizes[3])), sizes[3]))
    for index, doubled in ((3, True), (2, True), (1, False)):
        if doubled:
            scales = np.array([1, 1, 2, 2], np.float32)
            x = graph.node(
                "Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel"
            )
        x = relu(conv(x, sizes[index], sizes[index - 1], 3))
    x = graph.node("Tanh", graph.node("Mul", conv(x, sizes[0], 3, 7), np.float32(0.1)))
    half = np.float32(0.5)
    x = graph.node("Add", graph.node("Mul", x, half), half)
    return graph.finish(x, Interface(128, emap=True))


GRAPHS: Mapping[str, Callable[[ModelSpec], bytes]] = {
    family: lambda spec: swapper(interface_of(spec))
    for family in ("inswapper", "conditioned", "crop_conditioned")
}
"""Family to a network of the interface that a row declares."""


def _colour(values: float | Triple) -> NDArray[np.float32]:
    return np.broadcast_to(np.array(values, np.float32).reshape(-1, 1, 1), (3, 1, 1))[None].copy()


class _Graph:
    """Nodes and stored tensors as they are put down."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._stored: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str | NDArray[np.generic] | np.generic, **attributes: object) -> str:
        """Add a node; arrays among its inputs are stored. Returns the name of its output."""
        names = [item if isinstance(item, str) else self._store(np.asarray(item)) for item in inputs]
        name = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, names, [name], **attributes))
        return name

    def split(self, value: str) -> tuple[str, str]:
        """The two halves of the channels."""
        names = f"{value}_a", f"{value}_b"
        self._nodes.append(helper.make_node("Split", [value], names, axis=1))
        return names

    def finish(self, output: str, interface: Interface) -> bytes:
        """The file of a swapper."""
        if interface.emap:
            self._stored.append(numpy_helper.from_array(emap(), "emap"))
        target = 1, 3, interface.side, interface.side
        return self.save(output, {"target": target, "source": interface.source}, "output", target)

    def save(
        self,
        value: str,
        inputs: Mapping[str, tuple[int, ...]],
        output: str,
        shape: tuple[int, ...],
    ) -> bytes:
        """The file."""
        self._nodes.append(helper.make_node("Identity", [value], [output]))
        graph = helper.make_graph(
            self._nodes,
            "generated",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in inputs.items()],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            self._stored,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())

    def _store(self, array: NDArray[np.generic]) -> str:
        name = f"stored_{len(self._stored)}"
        self._stored.append(numpy_helper.from_array(array, name))
        return name
