"""Detectors' graphs: of their true interface with fixed random weights, and such that the right answer is known.

The analytic ones take the mean of one colour over each cell for the score: a patch of that colour is a face.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from onnx_net import Net
from understudy.models.spec import ModelSpec

__all__ = ["ANALYTIC", "GRAPHS", "scrfd"]

STRIDES = (8, 16, 32)
BOX = (1.0, 1.5, 2.0, 2.5)
"""What the analytic graphs say of a face: distances in strides from the anchor to its left, top, right, bottom."""
POINTS = (-0.5, -0.4, 0.6, -0.3, 0.1, 0.2, -0.3, 0.8, 0.4, 0.9)
"""And its five points, from the anchor too."""


def _axes(spec: ModelSpec) -> list[int | str]:
    if spec.settings.get("dynamic"):
        return [1, 3, "height", "width"]
    assert spec.input_size
    return [1, 3, spec.input_size[1], spec.input_size[0]]


def scrfd(spec: ModelSpec, batched: bool = False) -> bytes:
    """SCRFD with random weights: one cell in four or so is a face."""
    net = Net({"input.1": _axes(spec)}, seed=2)
    maps = "input.1"
    parts: dict[str, list[str]] = {"score": [], "bbox": [], "kps": []}
    for stride, step in zip(STRIDES, (8, 2, 2), strict=True):
        channels = 3 if step == 8 else 12
        maps = net.node("Relu", net.patches(maps, net.random(12, channels, step, step, scale=0.6 / step)))
        score = net.node("Sigmoid", net.patches(maps, net.random(2, 12, 1, 1), -1.5))
        sides = net.node("Abs", net.patches(maps, net.random(8, 12, 1, 1, scale=0.5), 1.5))
        points = net.patches(maps, net.random(20, 12, 1, 1))
        for name, tensor, width in (("score", score, 1), ("bbox", sides, 4), ("kps", points, 10)):
            parts[name].append(net.cells(tensor, width, batched, name=f"{name}_{stride}"))
    shape = [1] if batched else []
    widths = {"score": 1, "bbox": 4, "kps": 10}
    return net.save({n: [*shape, None, widths[part]] for part, names in parts.items() for n in names})


def analytic_scrfd(spec: ModelSpec) -> bytes:
    """Red decides the finest map, green the middle one, blue the coarsest; the second anchor scores less."""
    net = Net({"input.1": _axes(spec)})
    names: dict[str, list[str]] = {"score": [], "bbox": [], "kps": []}
    for channel, stride in enumerate(STRIDES):
        mean = np.zeros((2, 3, stride, stride), np.float32)
        mean[:, channel] = 1 / stride**2
        score = net.patches("input.1", mean, (0, -0.5))
        flat = np.zeros((8, 3, stride, stride), np.float32)
        sides = net.patches("input.1", flat, (*BOX, *np.multiply(BOX, 3)))
        points = net.patches("input.1", np.zeros((20, 3, stride, stride), np.float32), POINTS * 2)
        for name, tensor, width in (("score", score, 1), ("bbox", sides, 4), ("kps", points, 10)):
            names[name].append(net.cells(tensor, width, name=f"{name}_{stride}"))
    return net.save({n: [None, None] for part in names.values() for n in part})


def _yunet(spec: ModelSpec, analytic: bool) -> bytes:
    net = Net({"input": _axes(spec)}, seed=3)
    outputs = {}
    for channel, stride in enumerate(STRIDES):
        mean = np.zeros((1, 3, stride, stride), np.float32)
        mean[:, channel] = 1 / (255 * stride**2)
        flat = np.zeros((14, 3, stride, stride), np.float32)
        left, top, right, bottom = BOX
        middle = [(right - left) / 2, (bottom - top) / 2]
        constant = [*middle, *np.log([left + right, top + bottom]), *POINTS]
        if not analytic:
            mean, flat = net.random(*mean.shape, scale=0.002), net.random(*flat.shape, scale=0.0002)
        cls = net.node("Clip", net.patches("input", mean), net.constant(0), net.constant(1))
        # Blind objectness, so that the score is the square root of the colour's share.
        obj = net.node("Clip", net.patches("input", 0 * mean, 0.81), net.constant(0), net.constant(1))
        values = net.patches("input", flat, constant)
        box = net.node("Slice", values, *(net.constant([n], np.int64) for n in (0, 4, 1)))
        points = net.node("Slice", values, *(net.constant([n], np.int64) for n in (4, 14, 1)))
        for name, tensor, width in (("cls", cls, 1), ("obj", obj, 1), ("bbox", box, 4), ("kps", points, 10)):
            outputs[net.cells(tensor, width, batched=True, name=f"{name}_{stride}")] = [1, None, width]
    return net.save(outputs)


def _yoloface(spec: ModelSpec, analytic: bool) -> bytes:
    """A graph that decodes by itself knows its size: one map of cells of 32 pixels, in pixels from edge to edge."""
    assert spec.input_size
    side, stride = spec.input_size[0], 32
    net = Net({"images": _axes(spec)}, seed=4)
    mean = np.zeros((1, 3, stride, stride), np.float32)
    mean[:, 0] = 1 / stride**2
    if not analytic:
        mean = net.random(*mean.shape, scale=0.03)
    x, y = np.meshgrid(np.arange(side // stride) * stride, np.arange(side // stride) * stride)
    corner = np.stack([x.ravel(), y.ravel()])
    left, top, right, bottom = np.multiply(BOX, stride)
    middle = np.array([[(right - left) / 2], [(bottom - top) / 2]])
    sides = np.broadcast_to([[left + right], [top + bottom]], corner.shape)
    box = np.vstack([corner + middle, sides])
    points = np.multiply(POINTS, stride).reshape(5, 2, 1) + corner
    sure = np.ones((5, 1, corner.shape[1]))
    score = net.reshape(net.patches("images", mean), [1, 1, -1])
    table = net.node(
        "Concat",
        net.constant(box[None]),
        score,
        net.constant(np.concatenate([points, sure], 1).reshape(1, 15, -1)),
        axis=1,
        name="output0",
    )
    return net.save({table: [1, 20, corner.shape[1]]})


def _retinaface(spec: ModelSpec, analytic: bool) -> bytes:
    net = Net({"input": _axes(spec)}, seed=5)
    parts: dict[str, list[str]] = {"loc": [], "conf": [], "landms": []}
    for channel, stride in enumerate(STRIDES):
        # Scores of nothing and of a face, for the smaller and the larger prior.
        mean = np.zeros((4, 3, stride, stride), np.float32)
        mean[1, 2 - channel] = mean[3, 2 - channel] = 1 / (255 * stride**2)
        other = np.zeros((8, 3, stride, stride), np.float32)
        points = np.zeros((20, 3, stride, stride), np.float32)
        if not analytic:
            mean, other = net.random(*mean.shape, scale=0.0005), net.random(*other.shape, scale=0.0001)
        moved = (0.5, -1.0, *np.divide(np.log([1.5, 2.0]), 0.2))
        conf = net.patches("input", mean, (0, 0.2, 0, -0.1))
        for name, tensor, width in (
            ("loc", net.patches("input", other, moved * 2), 4),
            ("conf", conf, 2),
            ("landms", net.patches("input", points, tuple(np.multiply(POINTS, 10)) * 2), 10),
        ):
            parts[name].append(net.cells(tensor, width, batched=True))
    widths = {"loc": 4, "conf": 2, "landms": 10}
    return net.save(
        {
            net.node("Concat", *names, axis=1, name=part): [1, None, widths[part]]
            for part, names in parts.items()
        }
    )


GRAPHS: dict[str, Callable[[ModelSpec], bytes]] = {
    "scrfd": scrfd,
    "yunet": lambda spec: _yunet(spec, analytic=False),
    "yoloface": lambda spec: _yoloface(spec, analytic=False),
    "retinaface": lambda spec: _retinaface(spec, analytic=False),
}
"""Family to a graph of the row's interface."""

ANALYTIC: dict[str, Callable[[ModelSpec], bytes]] = {
    "scrfd": analytic_scrfd,
    "yunet": lambda spec: _yunet(spec, analytic=True),
    "yoloface": lambda spec: _yoloface(spec, analytic=True),
    "retinaface": lambda spec: _retinaface(spec, analytic=True),
}
"""Family to a graph whose answer is known."""
