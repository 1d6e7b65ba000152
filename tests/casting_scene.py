"""Group photos and crossings made of portraits, and an engine that paints each face in a colour of its actor's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

import graphs_swap
from scenes import Pixels, Portrait
from understudy.models.spec import load_catalog

__all__ = ["Place", "group_photo", "read_film", "tint_at", "write_film", "write_tint_catalog"]

_ROWS = {
    "embedder": """
[[model]]
name = "test-embedder"
family = "arcface"
runtime = "onnx"
file = "test-embedder.onnx"
sources = ["file:test-embedder.onnx"]
input_size = [112, 112]
mean = 0.5
std = 0.5
template = "arcface_112_v2"
licence = "Apache-2.0"
licence_url = "https://www.apache.org/licenses/LICENSE-2.0"
origin = "made by the tests"
""",
    "swapper": """
[[model]]
name = "tint"
family = "conditioned"
runtime = "onnx"
file = "tint.onnx"
sources = ["file:tint.onnx"]
input_size = [128, 128]
mean = 0.0
std = 1.0
template = "arcface_128"
licence = "Apache-2.0"
licence_url = "https://www.apache.org/licenses/LICENSE-2.0"
origin = "made by the tests"
needs = ["test-embedder"]
""",
}


@dataclass(frozen=True)
class Place:
    """Where a face is: its middle, its width and its roll in degrees."""

    x: float
    y: float
    width: float
    roll: float = 0.0


def write_tint_catalog(folder: Path) -> Path:
    """A folder for UNDERSTUDY_CATALOG with the engine ``tint``: half the target, half a colour of the actor's."""
    folder.mkdir(parents=True, exist_ok=True)
    for role, text in _ROWS.items():
        (folder / f"{role}.toml").write_text(text, encoding="utf-8")
    catalog = load_catalog(folder)
    (folder / "test-embedder.onnx").write_bytes(graphs_swap.embedder(catalog["test-embedder"]))
    (folder / "tint.onnx").write_bytes(graphs_swap.tint(catalog["tint"]))
    return folder


def group_photo(people: Mapping[Place, Portrait], size: tuple[int, int]) -> Pixels:
    """(height, width, 3) BGR; the last is in front."""
    width, height = size
    ramp = np.linspace(150, 95, height)[:, None, None] * np.array([1.0, 0.97, 0.92])
    scene = np.broadcast_to(ramp, (height, width, 3)).round().astype(np.uint8).copy()
    for place, portrait in people.items():
        portrait.paste(scene, (place.x, place.y), place.width, place.roll)
    return scene


def tint_at(before: Pixels, after: Pixels, place: Place) -> NDArray[np.float64]:
    """(3,) the colour that ``tint`` has painted there: out = (in + colour) / 2."""
    reach = round(0.2 * place.width)
    x, y = round(place.x), round(place.y)
    there = np.s_[max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach]
    return np.asarray(np.median(2 * after[there].astype(float) - before[there], (0, 1)))


def write_film(frames: Sequence[Pixels], path: Path) -> Path:
    """Without loss, 24 a second."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        for pixels in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="bgr24")))
        out.mux(stream.encode(None))
    return path


def read_film(path: Path) -> list[Pixels]:
    """Its frames as BGR."""
    with av.open(str(path)) as film:
        return [
            np.asarray(cv2.cvtColor(f.to_ndarray(format="rgb24"), cv2.COLOR_RGB2BGR))
            for f in film.decode(video=0)
        ]
