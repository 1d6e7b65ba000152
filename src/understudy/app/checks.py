"""Whether networks are computed rightly here: every installed provider against the processor in full precision."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.app.casting import gather
from understudy.app.demo import demo_picture
from understudy.app.engine import Engine
from understudy.app.pictures import picture_at
from understudy.app.request import plan_swap
from understudy.app.settings import Folders, Settings
from understudy.app.still import swap_still
from understudy.core.errors import UnderstudyError
from understudy.core.plan import Compute
from understudy.media.frame import BgrPixels
from understudy.models.providers import mixed_builds
from understudy.models.runtimes.onnx import installed_providers, open_graph
from understudy.models.session import Session

__all__ = ["Check", "check_providers", "check_swappers"]

_SIDE = 64
_RUNS = 5
# Rounding in another order; bf16 has 8 bits of mantissa, and two layers follow one another.
_MOST_ERROR = {"fp32": 1e-3, "bf16": 0.05}
_LEAST_PSNR = 30.0
_REFERENCE = Compute(provider="cpu", precision="fp32")


@dataclass(frozen=True)
class Check:
    """One line of the examination.

    Attributes:
        name: What was looked at.
        ok: Whether it works.
        finding: What was found.
        advice: What to do, when there is something to do.
    """

    name: str
    ok: bool
    finding: str
    advice: str = ""


def check_providers() -> Iterator[Check]:
    """What runs networks here: which builds, and whether each computes a small graph as the processor does."""
    here = installed_providers()
    if not here:
        yield Check("networks", True, "nothing runs ONNX graphs; the built-in engine does not need it")
        return
    if builds := mixed_builds():
        names = " ".join(build.split()[0] for build in builds)
        yield Check(
            "ONNX Runtime",
            False,
            f"{', '.join(builds)} are installed over each other: they share one module",
            f"pip uninstall -y {names}, then install the one that you want (docs/models.md)",
        )
    if importlib.util.find_spec("onnx") is None or "cpu" not in here:
        yield Check("networks", True, f"{', '.join(here)}; not compared, as that needs understudy[onnx]")
        return
    data, value = _known_graph()
    expected, took = _answer(open_graph(data, _REFERENCE), value)
    yield Check(
        "networks", True, f"{', '.join(here)}; the processor takes {took * 1000:.1f} ms for a small one"
    )
    for compute in _computes(here):
        yield _compare(compute, data, value, expected)


def check_swappers(settings: Settings, folders: Folders) -> Iterator[Check]:
    """Swap a known face with every installed neural engine, on every provider, against the processor."""
    cache = Engine(settings, folders).cache
    for spec in cache.catalog.role("swapper"):
        if not cache.ready(spec):
            continue
        name = f"swap with {spec.name}"
        try:
            expected, took = _known_swap(spec.name, Engine(settings, folders, compute=_REFERENCE))
        except UnderstudyError as error:
            yield Check(name, False, error.message, error.next_step)
            continue
        yield Check(name, True, f"done on the processor in {took:.1f} s")
        for compute in _computes(installed_providers()):
            where = f"{name} on {_called(compute)}"
            try:
                swapped, took = _known_swap(spec.name, Engine(settings, folders, compute=compute))
            except UnderstudyError as error:
                yield Check(where, False, error.message, error.next_step)
                continue
            psnr = float(cv2.PSNR(swapped, expected))
            good = psnr >= _LEAST_PSNR
            advice = "" if good else "Do not use it: --provider cpu, or another build or driver."
            yield Check(where, good, f"{psnr:.0f} dB to the processor, {took:.1f} s", advice)


def _computes(here: list[str]) -> list[Compute]:
    """Every way to compute that is installed, but for the reference."""
    ways = [Compute.model_validate({"provider": name, "precision": "fp32"}) for name in here if name != "cpu"]
    if "openvino" in here:
        from understudy.models.runtimes.openvino import open_core

        if "BF16" in open_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            ways.append(Compute(provider="openvino", precision="bf16"))
    return ways


def _called(compute: Compute) -> str:
    return f"{compute.provider} {compute.precision}"


def _compare(
    compute: Compute, data: bytes, value: NDArray[np.float32], expected: NDArray[np.float32]
) -> Check:
    name = f"provider {_called(compute)}"
    try:
        session = open_graph(data, compute)
        answer, took = _answer(session, value)
    except UnderstudyError as error:
        return Check(name, False, error.message, error.next_step)
    off = float(np.abs(answer - expected).max() / np.abs(expected).max())
    good = off <= _MOST_ERROR[compute.precision]
    advice = "" if good else "Do not use it: its numbers are wrong. Another build or driver may mend it."
    return Check(name, good, f"{session.device}: error {off:.1e}, {took * 1000:.1f} ms", advice)


def _answer(session: Session, value: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """The graph's answer, and the median time that it took."""
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        result = session.run({"x": value})["y"]
        times.append(time.perf_counter() - started)
    return result, float(np.median(times))


def _known_graph() -> tuple[bytes, NDArray[np.float32]]:
    """A convolution, a rectifier and a product of matrices, with an input; the same each time."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(7)

    def stored(name: str, *shape: int) -> TensorProto:
        scale = np.sqrt(np.prod(shape[1:]))
        return numpy_helper.from_array((random.normal(size=shape) / scale).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("MatMul", ["r", "matrix"], ["y"]),
    ]
    shape = [1, 3, _SIDE, _SIDE]
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, shape),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 32, _SIDE, _SIDE]),
    ]
    tensors = [stored("kernel", 32, 3, 3, 3), stored("matrix", _SIDE, _SIDE)]
    graph = helper.make_graph(nodes, "known", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString(), random.normal(size=shape).astype(np.float32)


def _known_swap(swapper: str, engine: Engine) -> tuple[BgrPixels, float]:
    """The demonstration's people, swapped, and the seconds that it took."""
    with demo_picture("actor") as photo, demo_picture("target") as target:
        plan = plan_swap(photo, target, swapper=swapper)
        started = time.perf_counter()
        still = swap_still(plan, gather(plan, engine), picture_at(target, 0), engine)
        return still.after, time.perf_counter() - started
