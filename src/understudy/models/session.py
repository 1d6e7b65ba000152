"""One way to run a network, whatever runs it (``runtimes/``).

Arrays go in and come out as float32 with the channels second (N, C, H, W), as ONNX has them; where a runtime
wants them last, its session turns them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ModelCorrupt, ModelError
from understudy.core.plan import Compute
from understudy.core.system import usable_cpus
from understudy.models.spec import ModelSpec

__all__ = ["Arrays", "Session", "open_session", "verified_bytes"]

Arrays = Mapping[str, NDArray[np.float32]]


class Session(Protocol):
    """A loaded network. Safe to share between threads."""

    @property
    def device(self) -> str:
        """Where it really runs, such as ``"cpu (OpenCV)"``."""

    def run(self, inputs: Arrays, outputs: Sequence[str] = ()) -> dict[str, NDArray[np.float32]]:
        """Run once.

        Args:
            inputs: Name to float32 array. A network with one input takes it under any name.
            outputs: Names of the results wanted; none (ONNX only) is all, in the graph's order.
        """


def open_session(
    path: Path, spec: ModelSpec, compute: Compute | None = None, scratch: Path | None = None
) -> Session:
    """Load a network after checking its bytes.

    Args:
        path: The file.
        spec: Its catalogue row with its digest, which says what runs it.
        compute: Where ONNX graphs run. OpenCV's threads are the application's to set, process-wide.
        scratch: A folder where a runtime may keep what it has compiled.

    Raises:
        ModelCorrupt: The bytes differ from the catalogue's.
        DependencyMissing: The runtime, or the provider asked for, is not installed.
        ModelError: It cannot be run there.
    """
    data = verified_bytes(path, spec)
    compute = compute or Compute()
    match spec.runtime:
        case "opencv":
            from understudy.models.runtimes.opencv import OpenCvSession

            return OpenCvSession(path, spec)
        case "litert":
            from understudy.models.runtimes.litert import LiteRtSession

            return LiteRtSession(data, compute.threads or usable_cpus())
        case "onnx":
            from understudy.models.runtimes.onnx import open_graph

            return open_graph(data, compute, scratch)
        case "dlib":
            raise ModelError(f"{spec.name} is not a network graph; its family loads it by itself.")


def verified_bytes(path: Path, spec: ModelSpec) -> bytes:
    """The file's bytes when they have the digest of ``spec``, else ModelCorrupt."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != spec.sha256:
        raise ModelCorrupt(
            f"The weights of {spec.name} differ from the expected digest; they were not loaded.",
            path=path,
            next_step=f"Get them again: understudy models pull {spec.name}",
        )
    return data
