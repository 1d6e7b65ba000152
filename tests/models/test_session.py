"""Sessions: the same file gives the same numbers whatever runs it."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from understudy.core.errors import DependencyMissing, ModelError
from understudy.models.pool import SessionPool
from understudy.models.session import open_session

OUTPUTS = {
    "facemesh-468": ("conv2d_21", "conv2d_31"),
    "blazeface-short": ("regressors", "classificators"),
}
has_litert = importlib.util.find_spec("ai_edge_litert") is not None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not has_litert, reason="ai-edge-litert, the independent reference, is not installed")
@pytest.mark.parametrize("name", OUTPUTS)
def test_opencv_agrees_with_litert(sessions: SessionPool, name: str) -> None:
    spec = sessions.cache.catalog[name]
    assert spec.input_size is not None
    width, height = spec.input_size
    value = np.random.default_rng(0).random((1, 3, height, width), np.float32)
    reference = open_session(sessions.cache.ensure(spec), spec.model_copy(update={"runtime": "litert"}))
    ours = sessions.session(spec).run({"image": value}, OUTPUTS[name])
    theirs = reference.run({"image": value}, OUTPUTS[name])
    for output in OUTPUTS[name]:
        scale = max(1.0, float(np.abs(theirs[output]).max()))
        assert np.abs(ours[output].ravel() - theirs[output].ravel()).max() < 1e-3 * scale


def test_a_session_is_opened_once_and_shared(sessions: SessionPool) -> None:
    spec = sessions.cache.catalog["facemesh-468"]
    assert sessions.session(spec) is sessions.session(spec)
    assert sessions.session(spec).device == "cpu (OpenCV)"


def test_threads_share_a_session(sessions: SessionPool) -> None:
    session = sessions.session(sessions.cache.catalog["facemesh-468"])
    values = np.random.default_rng(0).random((8, 1, 3, 192, 192), np.float32)
    alone = [session.run({"image": value}, ["conv2d_21"])["conv2d_21"] for value in values]
    with ThreadPoolExecutor(4) as pool:
        together = list(
            pool.map(lambda value: session.run({"image": value}, ["conv2d_21"])["conv2d_21"], values)
        )
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_an_onnx_graph(tmp_path: Path, sessions: SessionPool) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    node = onnx.helper.make_node("Add", ["x", "x"], ["y"])
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3]) for name in "xy"]
    graph = onnx.helper.make_graph([node], "twice", ends[:1], ends[1:])
    opset = onnx.helper.make_opsetid("", 17)
    data = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
    path = tmp_path / "twice.onnx"
    path.write_bytes(data)
    row = sessions.cache.catalog["facemesh-468"]
    spec = row.model_copy(update={"runtime": "onnx", "sha256": hashlib.sha256(data).hexdigest()})
    value = np.array([[1, 2, 3]], np.float32)
    assert np.array_equal(open_session(path, spec).run({"image": value}, ["y"])["y"], 2 * value)


def test_a_missing_runtime_says_how_to_get_it(sessions: SessionPool, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = sessions.cache.catalog["blazeface-short"]
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(DependencyMissing, match=r"understudy\[litert\]"):
        open_session(sessions.cache.ensure(spec), spec.model_copy(update={"runtime": "litert"}))


def test_a_file_that_is_no_network(sessions: SessionPool, tmp_path: Path) -> None:
    path = tmp_path / "nothing.tflite"
    path.write_bytes(b"nothing")
    row = sessions.cache.catalog["facemesh-468"]
    spec = row.model_copy(update={"sha256": hashlib.sha256(b"nothing").hexdigest()})
    with pytest.raises(ModelError, match="OpenCV cannot open"):
        open_session(path, spec)
