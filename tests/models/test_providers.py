"""Where graphs run: what was asked for or an error, never quietly another provider, never nonsense."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from pydantic import ValidationError

from understudy.core.errors import DependencyMissing, ModelError
from understudy.core.plan import Compute
from understudy.models.providers import PROVIDERS, mixed_builds
from understudy.models.runtimes.guard import Guarded
from understudy.models.runtimes.onnx import installed_providers, open_graph

onnxruntime = pytest.importorskip("onnxruntime")

VALUE = np.random.default_rng(0).normal(size=(1, 3, 16, 16)).astype(np.float32)


def graph(bias: float = 0.0) -> bytes:
    """A convolution and a rectifier; a large negative bias makes every answer 0."""
    weights = numpy_helper.from_array(
        np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32), "w"
    )
    shift = numpy_helper.from_array(np.full(4, bias, np.float32), "b")
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["c"]), helper.make_node("Relu", ["c"], ["y"])]
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
    ]
    made = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weights, shift])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


class FakeSession:
    """ONNX Runtime as it is on a machine with an accelerator: computes on the CPU, says otherwise."""

    real = onnxruntime.InferenceSession
    made: list[Any]

    def __init__(self, data: bytes, options: Any, providers: Sequence[Any]) -> None:
        self.asked = [entry if isinstance(entry, str) else entry[0] for entry in providers]
        self.options = {} if isinstance(providers[0], str) else providers[0][1]
        self.threads = options.intra_op_num_threads
        type(self).made.append(self)
        if self.asked[0] in self.broken:
            raise RuntimeError("CUDA failure 35: driver too old")
        self._session = FakeSession.real(data, options, providers=["CPUExecutionProvider"])
        self.get_inputs, self.get_outputs = self._session.get_inputs, self._session.get_outputs

    broken: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    factor: float | None = None

    def get_providers(self) -> list[str]:
        return self.asked[-1:] if self.asked[0] in self.silent else self.asked

    def run(self, names: list[str], feed: dict[str, Any]) -> list[Any]:
        results = self._session.run(names, feed)
        if self.factor is not None and self.asked[0] != "CPUExecutionProvider":
            with np.errstate(invalid="ignore"):
                results = [result * np.float32(self.factor) for result in results]
        return results


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> type[FakeSession]:
    """Everything that ONNX Runtime could have is installed."""
    names = [provider.onnxruntime for provider in PROVIDERS.values() if provider.onnxruntime]

    class Session(FakeSession):
        made: list[Any] = []  # noqa: RUF012 (a new class for each test)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)
    return Session


def test_here_it_runs_on_the_processor() -> None:
    assert "cpu" in installed_providers()
    session = open_graph(graph(), Compute())
    assert session.device == "cpu (ONNX Runtime)"
    assert session.run({"x": VALUE})["y"].shape == (1, 4, 14, 14)


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name not in ("cpu", "coreml", "openvino")])
def test_what_is_not_installed_says_how_to_install_it(name: str) -> None:
    if name in installed_providers():
        pytest.skip(f"{name} is here")
    with pytest.raises(DependencyMissing) as caught:
        open_graph(graph(), Compute.model_validate({"provider": name}))
    assert PROVIDERS[name].install in caught.value.next_step


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name != "openvino"])
def test_each_provider_is_asked_for_by_its_name(machine: type[FakeSession], name: str) -> None:
    session = open_graph(graph(), Compute.model_validate({"provider": name, "device_id": 1, "threads": 3}))
    [made] = machine.made
    assert made.asked[0] == PROVIDERS[name].onnxruntime
    assert made.threads == 3
    if name not in ("cpu", "coreml"):
        assert made.options["device_id"] == "1"
        assert session.device.startswith(f"{PROVIDERS[name].device}:1 (ONNX Runtime")
    assert np.isfinite(session.run({"x": VALUE})["y"]).all()


def test_auto_takes_the_best_that_works(machine: type[FakeSession]) -> None:
    assert open_graph(graph(), Compute()).device == "cuda:0 (ONNX Runtime)"
    machine.broken = ("CUDAExecutionProvider", "MIGraphXExecutionProvider")
    session = open_graph(graph(), Compute())
    assert session.device.startswith("rocm:0 (ONNX Runtime, rocm); ")
    assert "cuda does not start: CUDA failure 35" in session.device


def test_a_provider_that_fails_is_an_error(machine: type[FakeSession]) -> None:
    machine.broken = ("CUDAExecutionProvider",)
    with pytest.raises(ModelError, match=r"cuda does not start: CUDA failure 35.*--provider cpu"):
        open_graph(graph(), Compute(provider="cuda"))


def test_a_quiet_fall_to_the_processor_is_an_error(machine: type[FakeSession]) -> None:
    machine.silent = ("CUDAExecutionProvider",)
    with pytest.raises(ModelError, match="CPUExecutionProvider instead"):
        open_graph(graph(), Compute(provider="cuda"))


@pytest.mark.parametrize(("factor", "complaint"), [(np.nan, "NaN"), (np.inf, "NaN"), (0.0, "same number")])
def test_nonsense_is_an_error(machine: type[FakeSession], factor: float, complaint: str) -> None:
    machine.factor = factor
    session = open_graph(graph(), Compute(provider="cuda"))
    with pytest.raises(ModelError, match=complaint):
        session.run({"x": VALUE})


def test_an_answer_may_be_flat_when_it_is_so_on_the_processor(machine: type[FakeSession]) -> None:
    session = open_graph(graph(bias=-1000), Compute(provider="cuda"))
    assert not session.run({"x": VALUE})["y"].any()
    assert [made.asked[0] for made in machine.made] == ["CUDAExecutionProvider", "CPUExecutionProvider"]
    session.run({"x": VALUE})
    assert len(machine.made) == 2


def test_infinity_is_noticed_in_every_run() -> None:
    answers = iter([np.arange(4.0), np.array([1.0, np.inf])])

    class Session:
        device = "cuda:0"

        def run(self, *_: Any) -> dict[str, Any]:
            return {"y": next(answers)}

    guarded = Guarded(Session(), "cuda:0", Session)
    guarded.run({})
    with pytest.raises(ModelError):
        guarded.run({})


@pytest.mark.parametrize(
    ("name", "precision"), [("cuda", "fp16"), ("cpu", "bf16"), ("cpu", "fp16"), ("tensorrt", "bf16")]
)
@pytest.mark.usefixtures("machine")
def test_a_precision_that_a_provider_lacks_is_an_error(name: str, precision: str) -> None:
    with pytest.raises(ModelError, match=precision):
        open_graph(graph(), Compute.model_validate({"provider": name, "precision": precision}))


def test_half_precision_is_asked_for(machine: type[FakeSession], tmp_path: Path) -> None:
    open_graph(graph(), Compute(provider="tensorrt", precision="fp16"), tmp_path)
    assert machine.made[0].options["trt_fp16_enable"] == "1"
    assert machine.made[0].options["trt_engine_cache_path"] == str(tmp_path)


def test_an_unknown_provider_is_refused_by_the_plan() -> None:
    with pytest.raises(ValidationError):
        Compute.model_validate({"provider": "voodoo"})


def test_a_broken_graph() -> None:
    with pytest.raises(ModelError, match="does not start"):
        open_graph(b"nonsense", Compute(provider="cpu"))


@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="openvino is not installed")
class TestOpenVino:
    def test_it_computes_what_the_processor_does(self, tmp_path: Path) -> None:
        session = open_graph(graph(), Compute(provider="openvino"), tmp_path)
        assert session.device.endswith("(OpenVINO)")
        expected = open_graph(graph(), Compute(provider="cpu")).run({"x": VALUE})["y"]
        first = session.run({"x": VALUE})["y"]
        assert np.abs(first - expected).max() < 1e-4
        session.run({"x": -VALUE})
        assert np.abs(first - expected).max() < 1e-4  # the next run does not write into it
        assert list(tmp_path.iterdir())  # what it compiled

    def test_ports_keep_their_names_when_steps_are_joined(self) -> None:
        """Two outputs whose last steps change nothing, and an input whose first step does not."""
        names = ["x", "n"]
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in (*names, "s", "d")]
        stored = [numpy_helper.from_array(np.float32(value), f"c{value}") for value in (0, 1)]
        nodes = [
            helper.make_node("Add", ["x", "c0"], ["a"]),
            helper.make_node("Mul", ["a", "c1"], ["b"]),
            helper.make_node("Add", ["b", "n"], ["e"]),
            helper.make_node("Add", ["e", "c0"], ["s"]),
            helper.make_node("Sub", ["b", "n"], ["f"]),
            helper.make_node("Mul", ["f", "c1"], ["d"]),
        ]
        made = helper.make_graph(nodes, "g", ends[:2], ends[2:], stored)
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        inputs = {"n": np.full((1, 4), 2, np.float32), "x": np.full((1, 4), 5, np.float32)}
        for provider in ("cpu", "openvino"):
            session = open_graph(model.SerializeToString(), Compute.model_validate({"provider": provider}))
            results = session.run(inputs)
            assert list(results) == ["s", "d"]
            assert (results["s"][0, 0], results["d"][0, 0]) == (7, 3)
            assert session.run(inputs, ["d"])["d"][0, 0] == 3

    def test_bf16_only_where_it_was_asked_for(self) -> None:
        from understudy.models.runtimes.openvino import open_core

        if "BF16" not in open_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            with pytest.raises(ModelError, match="bf16"):
                open_graph(graph(), Compute(provider="openvino", precision="bf16"))
            pytest.skip("this processor has no bf16")
        session = open_graph(graph(), Compute(precision="bf16"))
        assert session.device == "cpu (OpenVINO, bf16)"
        expected = open_graph(graph(), Compute(provider="cpu")).run({"x": VALUE})["y"]
        error = np.abs(session.run({"x": VALUE})["y"] - expected).max()
        assert 1e-4 < error < 0.1

    def test_another_device_than_asked_for_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from understudy.models.runtimes import openvino as ours

        core = ours.open_core()

        class Core:
            available_devices = ("CPU", "GPU.0", "GPU.1")
            read_model = staticmethod(core.read_model)
            get_property = staticmethod(core.get_property)

            def compile_model(self, model: Any, _device: str, _config: Any) -> Any:
                return core.compile_model(model, "CPU")

        monkeypatch.setattr(ours, "open_core", Core)
        with pytest.raises(ModelError, match=r"on CPU instead of GPU\.1"):
            open_graph(graph(), Compute(provider="openvino", device_id=1))
        with pytest.raises(ModelError, match="no device 2"):
            open_graph(graph(), Compute(provider="openvino", device_id=2))

    def test_it_sends_nothing_and_writes_nothing_down(self, tmp_path: Path) -> None:
        """Left alone, importing it makes up an id of the user and starts a thread that sends."""
        home, file = tmp_path / "home", tmp_path / "graph.onnx"
        home.mkdir()
        file.write_bytes(graph())
        program = (
            "import sys, threading\nfrom pathlib import Path\n"
            "from understudy.core.plan import Compute\n"
            "from understudy.models.runtimes.onnx import open_graph\n"
            "open_graph(Path(sys.argv[1]).read_bytes(), Compute(provider='openvino'))\n"
            "print([thread.name for thread in threading.enumerate()])\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(file)],
            env={**os.environ, "HOME": str(home), "USERPROFILE": str(home)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "['MainThread']\n"
        assert list(home.rglob("*")) == []

    def test_a_graph_that_it_does_not_take(self) -> None:
        with pytest.raises(ModelError, match="does not take"):
            open_graph(b"nonsense", Compute(provider="openvino"))


def test_without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(DependencyMissing, match=r"understudy\[openvino\]"):
        open_graph(graph(), Compute(provider="openvino"))


def test_builds_over_each_other_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"onnxruntime": "1.31.1"}

    def version(name: str) -> str:
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr("understudy.models.providers.version", version)
    assert mixed_builds() == []
    installed["onnxruntime-gpu"] = "1.30.0"
    assert mixed_builds() == ["onnxruntime 1.31.1", "onnxruntime-gpu 1.30.0"]
