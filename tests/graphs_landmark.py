"""Graphs of landmarkers, embedders, converters and models of looks: of their true interface, or of a known answer.

The random ones have fixed weights. Of the analytic ones the landmarkers find the centre of what is red in the crop.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from onnx_net import Net
from understudy.models.spec import ModelSpec

__all__ = ["ANALYTIC", "GRAPHS", "arcface", "insight"]


def _net(spec: ModelSpec, name: str, seed: int) -> Net:
    assert spec.input_size
    return Net({name: [1, 3, spec.input_size[1], spec.input_size[0]]}, seed=seed)


def _features(net: Net, tensor: str, side: int, channels: int = 16) -> str:
    """(1, 16 · 16) random features of a 4 × 4 grid; their size does not depend on the input's."""
    weights = net.random(channels, 3, side // 4, side // 4, scale=12 / side)
    return net.reshape(net.node("Tanh", net.patches(tensor, weights)), [1, -1])


def _normalised(net: Net, tensor: str) -> str:
    """What some exports of InsightFace's begin with, under the names that it knows them by."""
    shifted = net.node("Sub", tensor, net.constant(127.5), name="_minusscalar0")
    return net.node("Mul", shifted, net.constant(1 / 128), name="_mulscalar0")


def _head(net: Net, features: str, width: int, name: str, scale: float = 0.1) -> str:
    weights = net.constant(net.random(256, width, scale=scale))
    return net.node("MatMul", features, weights, name=name)


def insight(spec: ModelSpec, width: int, own_normalisation: bool = False) -> bytes:
    """One of InsightFace's regressions: 212 numbers for 106 points, 3309 for 1103 in space, 3 for looks."""
    net = _net(spec, "data", seed=6)
    assert spec.input_size
    start = _normalised(net, "data") if own_normalisation else "data"
    return net.save({_head(net, _features(net, start, spec.input_size[0]), width, "fc1"): [1, width]})


def arcface(spec: ModelSpec, own_normalisation: bool = False) -> bytes:
    """An embedding of 512 numbers."""
    net = _net(spec, "input.1", seed=7)
    assert spec.input_size
    start = _normalised(net, "input.1") if own_normalisation else "input.1"
    return net.save({_head(net, _features(net, start, spec.input_size[0]), 512, "embedding", 1.0): [1, 512]})


def _fan(spec: ModelSpec) -> bytes:
    net = _net(spec, "input", seed=8)
    assert spec.input_size
    features = _features(net, "input", spec.input_size[0])
    points = net.add(net.times(net.reshape(_head(net, features, 204, "flat"), [1, 68, 3]), 4), 32)
    heat = net.node("Sigmoid", net.reshape(_head(net, features, 68 * 16, "heat"), [1, 68, 4, 4]))
    maps = net.node("Resize", heat, "", net.constant([1, 1, 16, 16]), mode="nearest", name="heatmaps")
    return net.save({net.node("Identity", points, name="landmarks"): [1, 68, 3], maps: [1, 68, 64, 64]})


def _peppa(spec: ModelSpec) -> bytes:
    net = _net(spec, "input", seed=9)
    assert spec.input_size
    points = net.reshape(_head(net, _features(net, "input", spec.input_size[0]), 204, "flat"), [1, 68, 3])
    scaled = net.add(net.times(points, (4, 4, 0.1)), (32, 32, 0.8))
    return net.save({net.node("Identity", scaled, name="output"): [1, 68, 3]})


def _classes(spec: ModelSpec, logits: Callable[[Net, int], str]) -> bytes:
    """FairFace: numbers of classes of race, gender and age."""
    net = _net(spec, "input", seed=10)
    parts = {"race_id": 7, "gender_id": 2, "age_id": 9}
    names = [
        net.node("ArgMax", logits(net, size), axis=1, keepdims=0, name=name) for name, size in parts.items()
    ]
    return net.save({name: [1] for name in names}, TensorProto.INT64)


def _fairface(spec: ModelSpec) -> bytes:
    assert spec.input_size
    side = spec.input_size[0]
    return _classes(spec, lambda net, size: _head(net, _features(net, "input", side), size, f"logits{size}"))


def _crossface(spec: ModelSpec, analytic: bool = False) -> bytes:  # noqa: ARG001
    net = Net({"input": [1, 512]}, seed=11)
    weights = 2 * np.eye(512)[::-1] if analytic else net.random(512, 512, scale=0.05)
    return net.save({net.node("MatMul", "input", net.constant(weights), name="output"): [1, 512]})


def _red_middle(net: Net, tensor: str, side: int) -> str:
    """(1, 1, 2) where the middle of what is red is, x and y in pixel indices of the crop."""
    red = net.node("Slice", tensor, *(net.constant([n], np.int64) for n in (0, 1, 1)))
    # 0.5 lies between what a normalised, and what an unnormalised background could be.
    weight = net.node("Relu", net.add(red, -0.5))
    rows = np.broadcast_to(np.arange(side, dtype=np.float32)[:, None], (side, side))
    grid = np.stack([rows.T, rows])[None]
    sums = net.node(
        "ReduceSum", net.node("Mul", weight, net.constant(grid)), net.constant([2, 3], np.int64), keepdims=0
    )
    total = net.add(net.node("ReduceSum", weight, net.constant([2, 3], np.int64), keepdims=0), 1e-9)
    return net.reshape(net.node("Div", sums, total), [1, 1, 2])


def _mean_green(net: Net, tensor: str) -> str:
    """(1, 1, 1) mean green of the crop, as it goes in."""
    means = net.reshape(net.node("GlobalAveragePool", tensor), [1, 1, 3])
    return net.node("Slice", means, *(net.constant([n], np.int64) for n in (1, 2, 2)))


def red_insight(spec: ModelSpec, count: int, dimensions: int, own_normalisation: bool = False) -> bytes:
    """Every point of InsightFace's layouts is the red middle; a depth is a quarter of the crop, nearer.

    But the first that counts has the mean green as it goes in for all of its numbers.
    """
    assert spec.input_size
    side = spec.input_size[0]
    net = _net(spec, "data", seed=0)
    start = _normalised(net, "data") if own_normalisation else "data"
    point = net.add(net.times(_red_middle(net, start, side), 2 / side), -1)
    if dimensions == 3:
        point = net.node("Concat", point, net.constant([[[0.5]]]), axis=2)
    # Only the last 68 of 1103 points count: the others are elsewhere.
    first = count - (68 if dimensions == 3 else count)
    number = np.arange(count).reshape(1, -1, 1)
    red = net.times(point, number > first)
    green = net.times(_mean_green(net, start), np.broadcast_to(number == first, (1, count, dimensions)))
    return net.save({net.reshape(net.node("Add", red, green), [1, -1], name="fc1"): [1, count * dimensions]})


def red_fan(spec: ModelSpec) -> bytes:
    """Every point is the red middle in units of the heat maps, edge to edge; the maps' peaks are the mean green."""
    assert spec.input_size
    side = spec.input_size[0]
    net = _net(spec, "input", seed=0)
    point = net.times(net.add(_red_middle(net, "input", side), 0.5), 64 / side)
    three = net.node("Concat", point, net.constant([[[1]]]), axis=2)
    points = net.node("Mul", three, net.constant(np.ones((1, 68, 1))), name="landmarks")
    maps = np.zeros((1, 68, 64, 64))
    maps[:, :, 20, 30] = 1
    green = net.reshape(_mean_green(net, "input"), [1, 1, 1, 1])
    heat = net.node("Mul", green, net.constant(maps), name="heatmaps")
    return net.save({points: [1, 68, 3], heat: [1, 68, 64, 64]})


def red_peppa(spec: ModelSpec) -> bytes:
    """Every point is the red middle in 64ths of the crop, edge to edge; its score is the mean green."""
    assert spec.input_size
    side = spec.input_size[0]
    net = _net(spec, "input", seed=0)
    point = net.times(net.add(_red_middle(net, "input", side), 0.5), 64 / side)
    three = net.node("Concat", point, _mean_green(net, "input"), axis=2)
    return net.save({net.node("Mul", three, net.constant(np.ones((1, 68, 1))), name="output"): [1, 68, 3]})


def quarters(spec: ModelSpec, own_normalisation: bool = False) -> bytes:
    """An embedding of 12 numbers: the mean red, green and blue of each quarter of the crop, as they go in."""
    assert spec.input_size
    half = spec.input_size[0] // 2
    net = _net(spec, "input.1", seed=0)
    start = _normalised(net, "input.1") if own_normalisation else "input.1"
    means = net.node("AveragePool", start, kernel_shape=[half, half], strides=[half, half])
    return net.save({net.reshape(means, [1, -1], name="embedding"): [1, 12]})


def coloured_looks(spec: ModelSpec, own_normalisation: bool = False) -> bytes:
    """Blue for female, red for male, green for the age in centuries; means over the crop, as they go in."""
    net = _net(spec, "data", seed=0)
    start = _normalised(net, "data") if own_normalisation else "data"
    means = net.reshape(net.node("GlobalAveragePool", start), [1, 3])
    order = net.constant([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    return net.save({net.node("MatMul", means, order, name="fc1"): [1, 3]})


def coloured_classes(spec: ModelSpec) -> bytes:
    """Class n when the mean red (race), green (gender) or blue (age), as they go in, is nearest to n / 10."""

    def logits(net: Net, size: int) -> str:
        channel = {7: 0, 2: 1, 9: 2}[size]
        means = net.reshape(net.node("GlobalAveragePool", "input"), [1, 3])
        value = net.node("Slice", means, *(net.constant([n], np.int64) for n in (channel, channel + 1, 1)))
        away = net.add(value, -np.arange(size, dtype=np.float32)[None] / 10)
        return net.times(net.node("Mul", away, away), -1)

    return _classes(spec, logits)


GRAPHS: dict[str, Callable[[ModelSpec], bytes]] = {
    "insight106": lambda spec: insight(spec, 212),
    "insight68": lambda spec: insight(spec, 3309),
    "fan": _fan,
    "peppa": _peppa,
    "arcface": arcface,
    "crossface": _crossface,
    "genderage": lambda spec: insight(spec, 3),
    "fairface": _fairface,
}
"""Family to a graph of the row's interface."""

ANALYTIC: dict[str, Callable[[ModelSpec], bytes]] = {
    "insight106": lambda spec: red_insight(spec, 106, 2),
    "insight68": lambda spec: red_insight(spec, 1103, 3),
    "fan": red_fan,
    "peppa": red_peppa,
    "arcface": quarters,
    "crossface": lambda spec: _crossface(spec, analytic=True),
    "genderage": coloured_looks,
    "fairface": coloured_classes,
}
"""Family to a graph whose answer is known."""
