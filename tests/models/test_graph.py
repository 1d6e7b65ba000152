"""What is read of a graph without running it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from test_catalog import load_catalog

from graphs_catalog import pool_with
from understudy.core.errors import DependencyMissing, ModelCorrupt, ModelError
from understudy.core.plan import Compute
from understudy.models.graph import read_graph
from understudy.models.runtimes.onnx import open_graph

EMAP = np.random.default_rng(0).normal(size=(512, 512)).astype(np.float32)


def graph(steps: list[str], stored: list[np.ndarray] | None = None) -> onnx.ModelProto:
    """A chain of these operators on the input; each that takes a second value gets the number 2."""
    nodes, name = [], "x"
    for index, step in enumerate(steps):
        extra = ["two"] if step in ("Sub", "Mul", "Div", "Add") else []
        extra = ["one", "one", "one", "one"] if step == "BatchNormalization" else extra
        nodes.append(helper.make_node(step, [name, *extra], [f"v{index}"]))
        name = f"v{index}"
    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, [1, 3, 4, 4]) for end in ("x", name)]
    initializers = [
        numpy_helper.from_array(np.float32(2), "two"),
        numpy_helper.from_array(np.ones(3, np.float32), "one"),
        *(numpy_helper.from_array(value, f"stored{index}") for index, value in enumerate(stored or [])),
    ]
    made = helper.make_graph(nodes, "g", ends[:1], ends[1:], initializers)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_the_last_stored_tensor(kind: type) -> None:
    last = read_graph(graph(["Relu"], [EMAP[:2], EMAP.astype(kind)]).SerializeToString()).last_initializer()
    assert last.dtype == np.float32
    assert np.array_equal(last, EMAP.astype(kind).astype(np.float32))


@pytest.mark.parametrize(
    ("steps", "normalises"),
    [
        (["Sub", "Mul", "Relu"], True),
        (["Identity", "Sub", "Div"], True),
        (["BatchNormalization", "Relu"], True),
        (["Relu", "Sub", "Mul"], False),
        (["Sub", "Relu"], False),
        (["Mul", "Sub"], False),
    ],
)
def test_whether_it_normalises_its_input(steps: list[str], normalises: bool) -> None:
    assert read_graph(graph(steps).SerializeToString()).normalises_input is normalises


def test_numbers_in_another_file_are_refused(tmp_path: Path) -> None:
    model = graph(["Relu"], [EMAP])
    onnx.save_model(model, tmp_path / "net.onnx", save_as_external_data=True, location="numbers.bin")
    data = (tmp_path / "net.onnx").read_bytes()
    for read in (read_graph, lambda data: open_graph(data, Compute(provider="cpu"))):
        with pytest.raises(ModelError, match=r"'stored0' in another file"):
            read(data)


def test_a_word_that_only_looks_like_it_is_no_harm() -> None:
    model = graph(["Relu"])
    model.doc_string = "\n\x08location"
    open_graph(model.SerializeToString(), Compute(provider="cpu"))


def test_what_is_no_graph() -> None:
    with pytest.raises(ModelError, match="not an ONNX graph"):
        read_graph(b"\xff\xff nonsense")
    empty = graph(["Relu"])
    del empty.graph.initializer[:]
    with pytest.raises(ModelError, match="no tensors"):
        read_graph(empty.SerializeToString()).last_initializer()


def test_the_pool_reads_verified_bytes_once(tmp_path: Path) -> None:
    data = graph(["Sub", "Mul"], [EMAP]).SerializeToString()
    pool = pool_with({"inswapper_128": data}, tmp_path)
    spec = pool.cache.catalog["inswapper_128"]
    assert spec.sha256 == hashlib.sha256(data).hexdigest()
    assert pool.graph(spec) is pool.graph(spec)
    other = pool_with({"inswapper_128": data}, tmp_path)
    other.cache.path(spec).write_bytes(data[:-1] + b"x")
    with pytest.raises(ModelCorrupt):
        other.graph(spec)
    assert load_catalog()["inswapper_128"].sha256 != spec.sha256


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(DependencyMissing, match=r"understudy\[onnx\]"):
        read_graph(b"")
