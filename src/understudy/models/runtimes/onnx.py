"""ONNX graphs, on ONNX Runtime or on OpenVINO: what was asked for, or an error; never quietly another one.

Only the CPU paths have been run by those who wrote this; the accelerators' are written from their documentation and
tested with a stand-in (docs/models.md).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DependencyMissing, ModelError
from understudy.core.plan import Compute
from understudy.core.system import usable_cpus
from understudy.models.graph import refuse_external_data
from understudy.models.providers import AUTOMATIC, PROVIDERS, Provider
from understudy.models.runtimes.guard import Guarded
from understudy.models.session import Arrays, Session

__all__ = ["installed_providers", "open_graph"]

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}


def installed_providers() -> list[str]:
    """What is installed here, by our names; not whether it works."""
    found = []
    if importlib.util.find_spec("onnxruntime") is not None:
        import onnxruntime

        available = onnxruntime.get_available_providers()
        found = [name for name, provider in PROVIDERS.items() if provider.onnxruntime in available]
    if importlib.util.find_spec("openvino") is not None:
        found.append("openvino")
    return found


def open_graph(data: bytes, compute: Compute, scratch: Path | None = None) -> Session:
    """Load an ONNX graph where ``compute`` says.

    Args:
        data: The whole file, verified.
        compute: ``auto`` takes the best provider that is installed and loads the graph; anything else is meant.
        scratch: A folder where a runtime may keep what it has compiled.

    Raises:
        DependencyMissing: The provider is not installed.
        ModelError: It does not start, or cannot compute as precisely as asked; or the graph is not whole.
    """
    refuse_external_data(data)
    if compute.provider != "auto":
        return _open_with(PROVIDERS[compute.provider], data, compute, scratch)
    # bf16 is a matter of OpenVINO alone, half precision one of the accelerators'.
    names = {"bf16": ("openvino",), "fp16": (*AUTOMATIC, "tensorrt")}.get(compute.precision, AUTOMATIC)
    here = installed_providers()
    failures: list[ModelError | DependencyMissing] = []
    for name in [name for name in names if name in here] or [
        "openvino" if compute.precision == "bf16" else "cpu"
    ]:
        try:
            session = _open_with(PROVIDERS[name], data, compute, scratch)
        except (ModelError, DependencyMissing) as error:
            failures.append(error)
        else:
            reasons = " ".join(error.message for error in failures)
            return Guarded(session, f"{session.device}; {reasons}", None) if reasons else session
    raise failures[-1]


def _open_with(provider: Provider, data: bytes, compute: Compute, scratch: Path | None) -> Session:
    reference: Callable[[], Session] = partial(
        open_graph, data, Compute(provider="cpu", threads=compute.threads)
    )
    if provider.name == "openvino":
        from understudy.models.runtimes.openvino import OpenVinoSession

        session: Session = OpenVinoSession(data, compute, scratch)
    else:
        session = _OnnxRuntimeSession(data, provider, compute, scratch)
    plain = provider.name == "cpu" or (provider.name == "openvino" and compute.precision in ("auto", "fp32"))
    return session if plain else Guarded(session, session.device, reference)


class _OnnxRuntimeSession:
    def __init__(self, data: bytes, provider: Provider, compute: Compute, scratch: Path | None) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise DependencyMissing(
                "This network runs on ONNX Runtime, which is not installed.",
                next_step=f"Install it: {provider.install}",
            ) from None
        if provider.onnxruntime not in onnxruntime.get_available_providers():
            raise DependencyMissing(
                f"The installed ONNX Runtime has no {provider.name}.",
                next_step=f"Install a build that has it: {provider.install}",
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = compute.threads or usable_cpus()
        options.log_severity_level = 3  # what matters is raised below
        wanted = [(provider.onnxruntime, _options(provider, compute, scratch)), "CPUExecutionProvider"]
        try:
            # The second is for operators that the first lacks.
            self._session: Any = onnxruntime.InferenceSession(
                data, options, providers=wanted[:1] if provider.name == "cpu" else wanted
            )
        except Exception as error:  # its own exceptions have no common base but this
            raise _not_started(provider, str(error).splitlines()[0] if str(error) else repr(error)) from error
        first = self._session.get_providers()[0]
        if first != provider.onnxruntime:
            # Its drivers or libraries are missing: it would quietly compute on the processor.
            raise _not_started(provider, f"ONNX Runtime took {first} instead")
        self._types = {port.name: _TYPES.get(port.type, np.float32) for port in self._session.get_inputs()}
        self._outputs = [port.name for port in self._session.get_outputs()]
        where = (
            provider.device
            if provider.device in ("cpu", "apple")
            else f"{provider.device}:{compute.device_id}"
        )
        how = "ONNX Runtime" if provider.name in ("cpu", "cuda") else f"ONNX Runtime, {provider.name}"
        self.device = f"{where} ({how})"

    def run(self, inputs: Arrays, outputs: Sequence[str] = ()) -> dict[str, NDArray[np.float32]]:
        names = list(outputs) or self._outputs
        feed = dict(inputs) if len(self._types) > 1 else dict(zip(self._types, inputs.values(), strict=True))
        typed: dict[str, NDArray[Any]] = {
            name: np.asarray(value, self._types[name]) for name, value in feed.items()
        }
        results = self._session.run(names, typed)
        return {name: np.asarray(result, np.float32) for name, result in zip(names, results, strict=True)}


def _options(provider: Provider, compute: Compute, scratch: Path | None) -> dict[str, str]:
    """The provider's own options."""
    half = compute.precision == "fp16"
    if compute.precision == "bf16" or (half and provider.name in ("cpu", "cuda", "rocm", "directml")):
        raise _no_precision(compute, provider.name)
    device = {"device_id": str(compute.device_id)}
    match provider.name:
        case "cuda":
            # TF32 has the mantissa of half precision: not what fp32 promises.
            return {**device, "use_tf32": "0", "cudnn_conv_algo_search": "EXHAUSTIVE"}
        case "rocm" | "directml":
            return device
        case "tensorrt":
            kept = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(scratch)} if scratch else {}
            return {**device, **kept, "trt_fp16_enable": str(int(half))}
        case "migraphx":
            return {**device, "migraphx_fp16_enable": str(int(half))}
        case "coreml":
            # Its older form computes in half precision whatever it is asked for.
            units = {"ModelFormat": "MLProgram", "MLComputeUnits": "ALL"}
            return units if half else {**units, "MLComputeUnits": "CPUAndGPU"}
    return {}


def _not_started(provider: Provider, reason: str) -> ModelError:
    return ModelError(
        f"The provider {provider.name} does not start: {reason}.",
        next_step=f"'understudy doctor' looks at each. Install: {provider.install}. Or choose --provider cpu.",
    )


def _no_precision(compute: Compute, where: str) -> ModelError:
    return ModelError(
        f"Nothing computes in {compute.precision} with {where}.",
        next_step="Choose --precision fp32. fp16 is for tensorrt, migraphx and coreml (or take weights in fp16, "
        "such as inswapper_128_fp16); bf16 is for openvino on a processor that has it.",
    )
