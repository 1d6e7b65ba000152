"""Networks with RivaGAN's interface that write 32 cells of light and dark, and read them from plain pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from onnx_net import Net
from understudy.models.spec import ModelSpec

__all__ = ["GRAPHS", "ROWS", "STEP", "no_numbers", "reads", "writes"]

STEP = 0.016
"""By how much a bit is lighter or darker than the picture, of −1 to 1; RivaGAN's own change is no larger."""

ROWS = ("rivagan-encoder", "rivagan-decoder")
_CELLS = [1, 1, 4, 8]


def writes() -> bytes:
    """Adds STEP to the cells of ones and takes it from those of zeros: four rows of eight, the first bit top left."""
    net = Net({"frame": [1, 3, 1, "h", "w"], "data": [1, 32]})
    flat = net.node("Squeeze", "frame", net.constant([2], np.int64))
    signs = net.add(net.times(net.reshape("data", _CELLS), 2 * STEP), -STEP)
    sides = net.node("Slice", net.node("Shape", flat), *(net.constant([at], np.int64) for at in (2, 4)))
    sizes = net.node("Concat", net.constant([1, 1], np.int64), sides, axis=0)
    cells = net.node("Resize", signs, "", "", sizes, mode="nearest")
    net.node("Unsqueeze", net.node("Add", flat, cells), net.constant([2], np.int64), name="output")
    return net.save({"output": [1, 3, 1, "h", "w"]})


def reads() -> bytes:
    """How much lighter each cell is than all."""
    net = Net({"frame": [1, 3, 1, "h", "w"]})
    grey = net.node("ReduceMean", net.node("Squeeze", "frame", net.constant([2], np.int64)), axes=[1])
    sizes = net.constant([1, 1, 4 * 16, 8 * 16], np.int64)
    cells = net.node(
        "AveragePool",
        net.node("Resize", grey, "", "", sizes, mode="linear"),
        kernel_shape=[16] * 2,
        strides=[16] * 2,
    )
    lighter = net.node("Sub", cells, net.node("ReduceMean", cells, keepdims=0))
    net.reshape(net.times(lighter, 1 / STEP), [1, 32], name="output")
    return net.save({"output": [1, 32]})


def no_numbers() -> bytes:
    """Writes what is no number."""
    net = Net({"frame": [1, 3, 1, "h", "w"], "data": [1, 32]})
    zero = net.node("ReduceSum", net.times("data", 0.0), keepdims=0)
    net.node("Add", "frame", net.node("Div", zero, zero), name="output")
    return net.save({"output": [1, 3, 1, "h", "w"]})


GRAPHS: dict[str, Callable[[ModelSpec], bytes]] = {
    "rivagan": lambda spec: writes() if "reader" in spec.settings else reads()
}
