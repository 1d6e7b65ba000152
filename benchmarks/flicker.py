"""How much a swapped face flickers: ours, ours without tracking, and processing frame by frame as roop does it.

The flicker index is the root mean square, in levels of brightness over the face's oval and all pairs of successive
frames, of what changes after motion is compensated, in excess of what the unmodified target's own change is:
sqrt(mean(change of result^2) - mean(change of target^2)). Motion is dense optical flow between the target's frames
(DIS; Kroeger et al., "Fast Optical Flow using Dense Inverse Search", 2016), the same for everyone, and so is the oval.
A result that is quieter than the target, because its grain is weaker, has a negative index: then the square root of the
difference with a minus sign. "Soft" is the same with both blurred by 3 pixels, which leaves grain out.

Two engines draw: the mesh, and a network shaped like inswapper (128 x 128, made here, nothing learnt) that lays the
actor's aligned portrait half over what it is given, so that every tremble of the alignment shows.

    python benchmarks/flicker.py [--shared ../shared] [--least 2]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import graphs_swap
from neural_cost import EMBEDDER, ENGINE, make_row
from people import Studio, arguments, landmarks_of, say_where
from understudy.app.actor import read_actor
from understudy.app.engine import Engine
from understudy.app.settings import find_folders, load_settings
from understudy.core.plan import Look, Seeing
from understudy.core.types import Face, TrackedFace
from understudy.media.frame import Frame
from understudy.media.read import VideoReader
from understudy.render.steps import Row, Work, swap_frame
from understudy.vision.align import cut, fit
from understudy.vision.canonical import load_canonical

Plane = NDArray[np.float32]
SOFT = 3.0
ACTOR = "roop-source.jpg"
PEER = "yunet_dynamic"  # a detector with five points of its own, as peers align by


@dataclass(frozen=True, eq=False)
class Pair:
    """Two successive frames of the target.

    Attributes:
        maps: (h, w, 2) where in the earlier frame what each pixel shows was.
        oval: (h, w) the face in the later one.
    """

    maps: NDArray[np.float32]
    oval: NDArray[np.bool_]

    def change(self, earlier: Plane, later: Plane, soft: float) -> float:
        """Mean square of what changed besides moving."""
        moved = cv2.remap(earlier, self.maps, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        change = later - moved
        if soft:
            change = cv2.GaussianBlur(change, (0, 0), soft)
        return float(np.mean(change[self.oval] ** 2))


def pairs_of(rows: Sequence[Row]) -> list[Pair]:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    result = []
    for (before, _), (now, faces) in pairwise(rows):
        planes = [np.ascontiguousarray(frame.planes[0]) for frame in (now, before)]
        height, width = planes[0].shape
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        maps = np.stack([x, y], 2) + flow.calc(*planes, None)
        oval = np.zeros((height, width), np.uint8)
        outline = landmarks_of(faces[0])[load_canonical().oval, :2]
        cv2.fillPoly(oval, [np.round(outline).astype(np.int32)], 1)
        result.append(Pair(maps, oval > 0))
    return result


def luma(frame: Frame) -> Plane:
    return np.asarray(frame.planes[0], np.float32)


def change_of(pairs: Sequence[Pair], films: Sequence[Plane], soft: float) -> float:
    return float(np.mean([pair.change(*two, soft) for pair, two in zip(pairs, pairwise(films), strict=True)]))


def tracked(studio: Studio, frames: Sequence[Frame]) -> list[Row]:
    return list(studio.engine.analysis()(list(frames)))


def alone(studio: Studio, frames: Sequence[Frame]) -> list[Row]:
    """Each frame analysed as if it were a photo."""
    return [(frame, studio.rows(frame)) for frame in frames]


def per_frame(engine: Engine, frames: Sequence[Frame], own_points: bool) -> Iterator[Row]:
    """Detected and swapped frame by frame; by the detector's own five points, as roop does, or the landmarker's."""
    for frame in frames:
        found = max(engine.detector.detect(frame), key=lambda face: face.size)
        face: Face = engine.landmarker.locate(frame, found)[0]
        yield frame, (TrackedFace(0, replace(face, keypoints=found.keypoints) if own_points else face),)


def draw(rows: Sequence[Row], work: Work) -> list[Plane]:
    """What comes out, before any encoder."""
    return [
        luma(swap_frame((frame.copied(frame.pts, frame.time_base), faces[:1]), work).frame)
        for frame, faces in rows
    ]


def make_engine(folder: Path, actor: Sequence[tuple[Any, Face]]) -> None:
    """Rows and files of the network that stands in for inswapper."""
    picture, face = actor[0]
    crop = cut(picture, fit(face.keypoints, "arcface_128", 128))[..., ::-1].transpose(2, 0, 1)[None]
    data = half_over(np.asarray(crop, np.float32) / 255)
    signed = 'mean = 0.5\nstd = 0.5\ntemplate = "arcface_112_v2"'
    make_row(folder, "embedder", EMBEDDER, "arcface", 112, signed, graphs_swap.embedder())
    make_row(
        folder, "swapper", ENGINE, "inswapper", 128, f'template = "arcface_128"\nneeds = ["{EMBEDDER}"]', data
    )


def half_over(portrait: NDArray[np.float32]) -> bytes:
    """A network with inswapper's ports: the mean of its target and of one aligned portrait."""
    from onnx import TensorProto, helper, numpy_helper

    shape = (1, 3, 128, 128)
    stored = {"half": np.float32(0.5), "portrait": portrait * np.float32(0.5), "zero": np.float32(0)}
    nodes = [
        helper.make_node("Mul", ["target", "half"], ["below"]),
        helper.make_node("Add", ["below", "portrait"], ["drawn"]),
        helper.make_node("ReduceMean", ["source"], ["mean"], keepdims=0),
        helper.make_node(
            "Mul", ["mean", "zero"], ["nothing"]
        ),  # the interface has a source; it changes nothing
        helper.make_node("Add", ["drawn", "nothing"], ["output"]),
    ]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in stored.items()]
    tensors.append(numpy_helper.from_array(graphs_swap.emap(), "emap"))
    ports = {"target": shape, "source": (1, 512)}
    graph = helper.make_graph(
        nodes,
        "stand-in",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in ports.items()],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def index(result: float, target: float) -> float:
    excess = result - target
    return float(np.copysign(np.sqrt(abs(excess)), excess))


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument(
        "--least", type=float, help="exit with 1 when per frame, mesh, is not so many times ours"
    )
    options = parser.parse_args()
    media = options.shared / "media"
    say_where()
    studio = Studio()
    photos = read_actor([media / "portraits" / ACTOR], "largest", studio.engine)[0].faces
    frames = list(VideoReader(media / "clips" / "car-1080p.mp4"))
    ours, single = tracked(studio, frames), alone(studio, frames)
    landmarks = list(per_frame(studio.engine, frames, own_points=False))
    detector = list(per_frame(studio.engine, frames, own_points=True))
    found = find_folders()
    peer = Engine(load_settings(found), found, Seeing(detector=PEER))
    for _ in peer.prepare(()):
        pass
    as_peers = list(per_frame(peer, frames, own_points=True))
    pairs = pairs_of(ours)
    target = [luma(frame) for frame in frames]
    own = {soft: change_of(pairs, target, soft) for soft in (0.0, SOFT)}
    print(f"\nThe target's own: {np.sqrt(own[0.0]):.2f} levels, soft {np.sqrt(own[SOFT]):.2f}\n")
    print("| engine | rows | change | flicker index | times ours | soft change | soft index | times ours |")
    print("|---|---|---|---|---|---|---|---|")
    ratio = 0.0
    with tempfile.TemporaryDirectory() as folder:
        make_engine(Path(folder), photos)
        os.environ["UNDERSTUDY_CATALOG"] = folder
        neural = Engine(load_settings(found), found)
        looks: dict[str, Callable[[], Work]] = {
            "mesh": lambda: studio.engine.work(studio.look, [photos]),
            "stand-in": lambda: neural.work(Look(swapper=ENGINE), [photos]),
        }
        for engine, make in looks.items():
            work, first = make(), None
            methods = {"ours": ours, "ours without tracking": single, "per frame, landmarker": landmarks}
            if engine == "stand-in":
                methods["per frame, BlazeFace's points"] = detector
                methods["per frame, YuNet's points"] = as_peers
            for name, rows in methods.items():
                drawn = draw(rows, work)
                changes = [change_of(pairs, drawn, soft) for soft in (0.0, SOFT)]
                values = [index(change, own[soft]) for change, soft in zip(changes, own, strict=True)]
                first = first or values
                times = [
                    f"{value / least:.2f}" if least > 0 else "–"
                    for value, least in zip(values, first, strict=True)
                ]
                print(
                    f"| {engine} | {name} | {np.sqrt(changes[0]):.2f} | {values[0]:.2f} | {times[0]} | "
                    f"{np.sqrt(changes[1]):.2f} | {values[1]:.2f} | {times[1]} |"
                )
                if engine == "mesh" and name == "per frame, landmarker":
                    ratio = values[0] / first[0] if first[0] > 0 else float("inf")
    if options.least and ratio < options.least:
        sys.exit(f"per frame flickers only {ratio:.2f} times as much as ours")


if __name__ == "__main__":
    main()
