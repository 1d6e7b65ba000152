"""Networks of the gate: one of NudeNet's form finds saturated magenta, so that no other positive is needed anywhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from onnx_net import Net
from understudy.models.spec import ModelSpec

__all__ = ["EXPOSED", "GRAPHS", "classifies", "finds_magenta"]

EXPOSED = "FEMALE_BREAST_EXPOSED"
_LABELS, _EXPOSED, _FACE = 18, 3, 1
_CELL = 4


def finds_magenta(*, nan: bool = False, outputs: int = 4 + _LABELS) -> bytes:
    """The graph's bytes.

    Args:
        nan: Every number that it gives is none.
        outputs: How many numbers it gives for each cell.
    """
    net = Net({"images": [1, 3, "h", "w"]})
    # (blue or red, whichever is less) less green, whatever the order of the channels.
    first, green, last = (
        net.node("Gather", "images", net.constant([index], np.int64), axis=1) for index in range(3)
    )
    magenta = net.node("Sub", net.node("Min", first, last), green)
    cells = net.node("MaxPool", magenta, kernel_shape=[_CELL] * 2, strides=[_CELL] * 2)
    score = net.reshape(
        net.node("Clip", net.times(net.add(cells, -0.5), 2.5), *map(net.constant, (0.0, 1.0))), [1, 1, -1]
    )
    box = net.add(net.times(score, np.zeros((1, 4, 1))), np.array([16.0, 16.0, 32.0, 32.0]).reshape(1, 4, 1))
    which = np.zeros((1, outputs - 4, 1))
    which[0, _EXPOSED] = 1
    found = net.times(score, which)
    rows = net.node("Concat", box, found, axis=1)
    if nan:
        rows = net.node("Div", net.times(rows, 0.0), net.constant(0.0))
    net.node("Identity", rows, name="output0")
    return net.save({"output0": [1, outputs, "n"]})


def classifies(side: int, *, channels_last: bool) -> bytes:
    """Two numbers for a picture: the means of its first and of its last channel."""
    net = Net({"input": [1, side, side, 3] if channels_last else [1, 3, side, side]})
    mean = net.node("ReduceMean", "input", axes=[1, 2] if channels_last else [2, 3], keepdims=0)
    net.node("Gather", mean, net.constant([0, 2], np.int64), axis=1, name="output")
    return net.save({"output": [1, 2]})


GRAPHS: dict[str, Callable[[ModelSpec], bytes]] = {
    "nudenet": lambda _: finds_magenta(),
    "opennsfw": lambda _: classifies(224, channels_last=True),
    "marqo": lambda _: classifies(384, channels_last=False),
}
