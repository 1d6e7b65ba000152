"""Networks with the interfaces of enhancers, maskers and upscalers: tiny, and with right answers that are known.

What they expect is written here as their authors published it, and not read from the catalogue's rows: a row that is
wrong gives a wrong picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from understudy.models.spec import ModelSpec

__all__ = [
    "ARCFACE_128",
    "FFHQ_512",
    "GAMMA",
    "GRAPHS",
    "PALETTE",
    "WEIGHT_LEVELS",
    "Points",
    "broken",
    "occluder",
    "parser_of_colours",
    "parser_of_places",
    "restorer",
    "upscaler",
    "xseg",
]

GAMMA = (2.0, 1.0, 0.5)
"""What happens to red, green and blue of 0 to 1: something else to each, and nothing that survives another range."""
WEIGHT_LEVELS = 25.5
"""By how many grey levels a weight of 1 brightens a restored face."""

# In shares of the crop: both eyes, nose, corners of the mouth.
FFHQ_512 = ((0.377, 0.469), (0.623, 0.469), (0.501, 0.613), (0.393, 0.725), (0.612, 0.725))
ARCFACE_128 = ((0.362, 0.404), (0.637, 0.402), (0.500, 0.560), (0.387, 0.722), (0.615, 0.720))

PALETTE = np.array(
    [[(index % 3) * 110 + 10, (index // 3 % 3) * 110 + 10, (index // 9) * 110 + 10] for index in range(19)],
    np.uint8,
)
"""(19, 3) RGB: the colour that :func:`parser_of_colours` takes for each class."""

Points = Sequence[tuple[float, float]]


def restorer(
    side: int,
    points: Points = FFHQ_512,
    weight: str = "",
    kind: int = TensorProto.FLOAT,
    radius: int | None = None,
) -> bytes:
    """A restorer: (1, 3, side, side) RGB of −1 to 1 goes through the powers of :data:`GAMMA`.

    Where it expects the five points it paints dots that are far too bright (they must be cut to 255).

    Args:
        side: Of its crop.
        points: Where it was taught that they are.
        weight: Name of the second input: ``"w"`` is CodeFormer's, one float64; ``"fidelity_ratio"`` is VQFR's, a
            scalar, whose face is the last of four outputs.
        kind: Of the numbers in the graph.
        radius: Of the dots.
    """
    reach = max(side // 100, 2) if radius is None else radius
    dots = np.zeros((side, side), np.float32)
    for x, y in points:
        cv2.circle(dots, (round(x * side), round(y * side)), reach, 1.0, -1)
    nodes = [
        _node("Mul", "x", _half, to="scaled"),
        _node("Add", "scaled", _half, to="share"),
        _node("Clip", "share", "zero", to="positive"),
        _node("Pow", "positive", "gamma", to="powered"),
        _node("Sub", "powered", _half, to="centred"),
        _node("Div", "centred", _half, to="signed"),
        _node("Add", "signed", "dots", to="dotted"),
    ]
    stored: dict[str, Any] = {"gamma": _per_channel(GAMMA), "dots": 4 * dots[None, None]}
    inputs = {"x": (kind, [1, 3, side, side])}
    outputs = {"y": [1, 3, side, side]}
    if weight:
        shape: list[int] = [] if weight == "fidelity_ratio" else [1]
        inputs[weight] = (TensorProto.FLOAT if shape == [] else TensorProto.DOUBLE, shape)
        nodes += [
            _node("Cast", weight, to="number", to_=kind),
            _node("Mul", "number", "step", to="more"),
            _node("Add", "dotted", "more", to="y"),
        ]
        stored["step"] = np.float32(WEIGHT_LEVELS / 127.5)
    else:
        nodes.append(_node("Identity", "dotted", to="y"))
    if weight == "fidelity_ratio":
        for name in ("enc_feat", "quant_logit", "texture_dec"):
            nodes.append(_node("Neg", "x", to=name))
        nodes.append(_node("Identity", "y", to="main_dec"))
        outputs = {key: [1, 3, side, side] for key in ("enc_feat", "quant_logit", "texture_dec", "main_dec")}
    return _graph(nodes, inputs, outputs, stored, kind)


def broken(side: int) -> bytes:
    """A restorer that gives no numbers."""
    nodes = [_node("Sub", "x", "x", to="zeros"), _node("Div", "zeros", "zeros", to="y")]
    shape = [1, 3, side, side]
    return _graph(nodes, {"x": (TensorProto.FLOAT, shape)}, {"y": shape}, {})


def xseg(side: int = 256) -> bytes:
    """XSeg: (1, side, side, 3) BGR of 0 to 1; whatever is blue hides the face. Its answers overshoot 0 to 1."""
    nodes = [
        _node("Slice", "x", "first", "second", "last", to="blue"),
        _node("Less", "blue", _half, to="is_face"),
        _node("Cast", "is_face", to="face", to_=TensorProto.FLOAT),
        _node("Mul", "face", "gain", to="more"),
        _node("Sub", "more", "shift", to="y"),
    ]
    stored = {
        "first": np.array([0]),
        "second": np.array([1]),
        "last": np.array([3]),
        "gain": np.float32(1.4),
        "shift": np.float32(0.2),
    }
    return _graph(nodes, {"x": (TensorProto.FLOAT, [1, side, side, 3])}, {"y": [1, side, side, 1]}, stored)


def occluder(side: int = 256) -> bytes:
    """The occluder: (1, 3, side, side) RGB of 0 to 1; whatever is red hides the face; above 0 is face."""
    nodes = [
        _node("Slice", "x", "first", "second", "axis", to="red"),
        _node("Sub", _half, "red", to="y"),
    ]
    stored = {"first": np.array([0]), "second": np.array([1]), "axis": np.array([1])}
    return _graph(nodes, {"x": (TensorProto.FLOAT, [1, 3, side, side])}, {"y": [1, 1, side, side]}, stored)


def parser_of_colours(side: int = 512) -> bytes:
    """A face parser: RGB by ImageNet's mean and deviation; the class is the nearest colour of :data:`PALETTE`.

    Its second output, as in the published graphs, is something else.
    """
    share = PALETTE.astype(np.float32) / 255
    nodes = [
        _node("Mul", "x", "deviation", to="scaled"),
        _node("Add", "scaled", "mean", to="share"),
        _node("Conv", "share", "colours", "lengths", to="y"),
        _node("Neg", "y", to="other"),
    ]
    # −|p − c|² = 2 p·c − |c|² − |p|², of which the last is the same for all.
    stored = {
        "deviation": _per_channel((0.229, 0.224, 0.225)),
        "mean": _per_channel((0.485, 0.456, 0.406)),
        "colours": 2 * share[:, :, None, None],
        "lengths": -(share**2).sum(1),
    }
    return _graph(
        nodes,
        {"x": (TensorProto.FLOAT, [1, 3, side, side])},
        {"y": [1, 19, side, side], "other": [1, 19, side, side]},
        stored,
    )


def parser_of_places(places: Mapping[int, NDArray[np.bool_]]) -> bytes:
    """A face parser that always sees the same.

    Args:
        places: (side, side) where each class is; elsewhere is background.
    """
    side = len(next(iter(places.values())))
    scores = np.zeros((1, 19, side, side), np.float32)
    scores[0, 0] = 1
    for number, place in places.items():
        scores[0, number, place] = 2
    nodes = [
        _node("ReduceMean", "x", to="grey", axes=[1], keepdims=1),
        _node("Mul", "grey", "nothing", to="zeros"),
        _node("Add", "zeros", "scores", to="y"),
    ]
    stored = {"nothing": np.float32(0), "scores": scores}
    return _graph(nodes, {"x": (TensorProto.FLOAT, [1, 3, side, side])}, {"y": [1, 19, side, side]}, stored)


def upscaler(scale: int, kind: int = TensorProto.FLOAT) -> bytes:
    """An upscaler of any size: RGB of 0 to 1, blurred 3×3 (with zeros around), enlarged, to the powers of GAMMA.

    It makes everything a little too bright and too dark, which must be cut.
    """
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    for channel in range(3):
        kernel[channel, channel] = np.outer((0.25, 0.5, 0.25), (0.25, 0.5, 0.25))
    nodes = [
        _node("Clip", "x", "zero", to="positive"),
        _node("Conv", "positive", "kernel", to="soft", pads=[1, 1, 1, 1]),
        _node(
            "Resize",
            "soft",
            "",
            "scales",
            to="large",
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
        _node("Pow", "large", "gamma", to="powered"),
        _node("Mul", "powered", "gain", to="more"),
        _node("Sub", "more", "shift", to="y"),
    ]
    stored = {
        "kernel": kernel,
        "gamma": _per_channel(GAMMA),
        "gain": np.float32(1.1),
        "shift": np.float32(0.05),
        "scales": np.array([1, 1, scale, scale], np.float32),
    }
    return _graph(nodes, {"x": (kind, [1, 3, "h", "w"])}, {"y": [1, 3, "H", "W"]}, stored, kind, {"scales"})


_half = "half"


def _node(kind: str, *inputs: str, to: str, to_: int | None = None, **attributes: Any) -> onnx.NodeProto:
    if to_ is not None:
        attributes["to"] = to_
    return helper.make_node(kind, list(inputs), [to], **attributes)


def _per_channel(values: Sequence[float]) -> NDArray[np.float32]:
    return np.array(values, np.float32).reshape(1, 3, 1, 1)


def _graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, Sequence[Any]]],
    outputs: Mapping[str, Sequence[Any]],
    stored: Mapping[str, Any],
    kind: int = TensorProto.FLOAT,
    always_float32: frozenset[str] | set[str] = frozenset(),
) -> bytes:
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    used = {name for node in nodes for name in node.input}
    constants = {"half": np.float32(0.5), "zero": np.float32(0), **stored}
    tensors = []
    for name, value in constants.items():
        if name in used:
            array = np.asarray(value)
            deep = array.dtype == np.float32 and name not in always_float32
            tensors.append(numpy_helper.from_array(array.astype(dtype) if deep else array, name))
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(name, *about) for name, about in inputs.items()],
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in outputs.items()],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _restorer_of(spec: ModelSpec) -> bytes:
    assert spec.input_size is not None
    weights = {"codeformer": "w", "vqfr_v2": "fidelity_ratio"}
    points = ARCFACE_128 if spec.name == "gpen_bfr_256" else FFHQ_512
    return restorer(spec.input_size[0], points, weights.get(spec.name, ""))


def _occlusion_of(spec: ModelSpec) -> bytes:
    return occluder() if spec.name == "occluder" else xseg()


GRAPHS: dict[str, Callable[[ModelSpec], bytes]] = {
    "restorer": _restorer_of,
    "occlusion": _occlusion_of,
    "region": lambda _spec: parser_of_colours(),
    "esrgan": lambda spec: upscaler(2 if "x2" in spec.name else 4),
}
"""Family to the graph of a row's declared interface."""
