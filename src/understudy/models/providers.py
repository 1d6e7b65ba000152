"""What may run ONNX graphs, as it is called here and there, and how it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType

__all__ = ["AUTOMATIC", "PROVIDERS", "Provider", "mixed_builds"]


@dataclass(frozen=True)
class Provider:
    """One way to run a graph.

    Attributes:
        name: As ``--provider`` has it.
        onnxruntime: ONNX Runtime's name for it; empty for OpenVINO, which is used directly.
        device: Where it runs.
        install: The line that installs it. Builds of ONNX Runtime share one module: there may be one only.
    """

    name: str
    onnxruntime: str
    device: str
    install: str


def _instead(package: str) -> str:
    return f"pip uninstall -y onnxruntime && pip install {package} onnx"


_PROVIDERS = (
    Provider("cpu", "CPUExecutionProvider", "cpu", "pip install 'understudy[onnx]'"),
    Provider("cuda", "CUDAExecutionProvider", "cuda", _instead("'onnxruntime-gpu[cuda,cudnn]'")),
    Provider(
        "tensorrt", "TensorrtExecutionProvider", "cuda", _instead("'onnxruntime-gpu[cuda,cudnn]' tensorrt")
    ),
    Provider("rocm", "ROCMExecutionProvider", "rocm", _instead("onnxruntime-rocm")),
    Provider("migraphx", "MIGraphXExecutionProvider", "rocm", _instead("onnxruntime-migraphx")),
    Provider("directml", "DmlExecutionProvider", "gpu", _instead("onnxruntime-directml")),
    Provider("coreml", "CoreMLExecutionProvider", "apple", "pip install 'understudy[onnx]'  (on macOS)"),
    Provider("openvino", "", "cpu", "pip install 'understudy[openvino]'"),
)

PROVIDERS: Mapping[str, Provider] = MappingProxyType({provider.name: provider for provider in _PROVIDERS})

AUTOMATIC = ("cuda", "migraphx", "rocm", "directml", "coreml", "cpu", "openvino")
"""The order in which ``auto`` tries what is installed. TensorRT builds an engine for minutes: only when asked for."""

_BUILDS = (
    *("onnxruntime", "onnxruntime-gpu", "onnxruntime-rocm", "onnxruntime-migraphx", "onnxruntime-directml"),
    *("onnxruntime-openvino", "onnxruntime-silicon", "onnxruntime-qnn", "onnxruntime-training"),
)


def mixed_builds() -> list[str]:
    """The builds of ONNX Runtime that are installed over each other; empty when there is one or none."""
    found = []
    for name in _BUILDS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found if len(found) > 1 else []
