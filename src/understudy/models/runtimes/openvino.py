"""ONNX graphs on OpenVINO, used directly: ONNX Runtime's own OpenVINO provider quietly ignores precisions."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DependencyMissing, ModelError
from understudy.core.plan import Compute
from understudy.core.system import usable_cpus
from understudy.models.providers import PROVIDERS
from understudy.models.session import Arrays

__all__ = ["OpenVinoSession", "open_core"]

_HINTS = {"auto": "f32", "fp32": "f32", "bf16": "bf16", "fp16": "f16"}
_CAPABILITIES = {"bf16": "BF16", "fp16": "FP16"}


def open_core() -> Any:
    """OpenVINO's entry point.

    Raises:
        DependencyMissing: It is not installed.
    """
    # Importing openvino imports its telemetry, which makes up a client's id, writes that into the home folder and
    # starts a thread to send with. Without the module it goes on without.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError:
        raise DependencyMissing(
            "The provider openvino is not installed.",
            next_step=f"Install it: {PROVIDERS['openvino'].install}",
        ) from None
    return openvino.Core()


class OpenVinoSession:
    """A compiled graph: on Intel's GPU where there is one, else on the processor.

    Args:
        data: The whole ONNX file.
        compute: Precision, threads and, among several GPUs, which.
        scratch: Folder for what it compiles: loading takes a fifth of the time from then on.

    Raises:
        DependencyMissing: OpenVINO is not installed.
        ModelError: The device cannot compute as asked, or does not take the graph.
    """

    def __init__(self, data: bytes, compute: Compute, scratch: Path | None) -> None:
        core = open_core()
        device = _device(core, compute)
        # Always said: on processors with bf16 OpenVINO would take that by itself.
        config = {"INFERENCE_PRECISION_HINT": _HINTS[compute.precision], "PERFORMANCE_HINT": "LATENCY"}
        if device == "CPU":
            config["INFERENCE_NUM_THREADS"] = str(compute.threads or usable_cpus())
        if scratch is not None:
            config["CACHE_DIR"] = str(scratch)
        try:
            model = core.read_model(data)
            compiled = core.compile_model(model, device, config)
        except RuntimeError as error:
            raise ModelError(
                f"OpenVINO does not take this graph: {str(error).strip().splitlines()[-1]}.",
                next_step="Choose another --provider; 'understudy doctor' lists what is here.",
            ) from error
        really = compiled.get_property("EXECUTION_DEVICES")
        if list(really) != [device]:
            raise ModelError(f"OpenVINO computes on {', '.join(really)} instead of {device}.")
        self._compiled = compiled
        # Compiling joins tensors and gives them each other's names; the order stays.
        self._inputs = [port.get_any_name() for port in model.inputs]
        self._types = [port.get_element_type().to_dtype() for port in compiled.inputs]
        names = [port.get_any_name() for port in model.outputs]
        self._outputs = dict(zip(names, compiled.outputs, strict=True))
        # A request owns its buffers: one for each thread.
        self._local = threading.local()
        exact = "" if compute.precision in ("auto", "fp32") else f", {compute.precision}"
        self.device = f"{device.lower().replace('.', ':')} (OpenVINO{exact})"

    def run(self, inputs: Arrays, outputs: Sequence[str] = ()) -> dict[str, NDArray[np.float32]]:
        """See :class:`~understudy.models.session.Session`."""
        if not hasattr(self._local, "request"):
            self._local.request = self._compiled.create_infer_request()
        values = list(inputs.values()) if len(self._inputs) == 1 else [inputs[name] for name in self._inputs]
        typed = [np.ascontiguousarray(value, kind) for value, kind in zip(values, self._types, strict=True)]
        results = self._local.request.infer(typed)
        names = outputs or self._outputs
        return {name: np.asarray(results[self._outputs[name]], np.float32) for name in names}


def _device(core: Any, compute: Compute) -> str:
    gpus = [name for name in core.available_devices if name.startswith("GPU")]
    device = "CPU"
    if gpus and compute.precision != "bf16":
        if compute.device_id >= len(gpus):
            raise ModelError(
                f"There is no device {compute.device_id} for OpenVINO.",
                next_step=f"Choose --device-id 0 to {len(gpus) - 1}.",
            )
        device = gpus[compute.device_id]
    needed = _CAPABILITIES.get(compute.precision)
    if needed and needed not in core.get_property(device, "OPTIMIZATION_CAPABILITIES"):
        raise ModelError(
            f"This machine's {device} does not compute in {compute.precision}.",
            next_step="Choose --precision fp32.",
        )
    return device
