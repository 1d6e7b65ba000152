"""What a film costs with a neural engine, beside its network alone, in the same run.

python benchmarks/neural_cost.py ACTOR FILM [--most 1.08] [--small]

The engine has inswapper_128's shape (138 million parameters, 349 GFLOP a face) and random weights, which are made here
and thrown away: it costs what the real one costs and draws nothing of use. Rendering is timed from the first frame
asked for to the last packet, the network alone before and after it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import understudy
from understudy.app.fetch import open_cache
from understudy.app.settings import find_folders, load_settings
from understudy.core.plan import Compute
from understudy.media.read import VideoReader
from understudy.models.pool import SessionPool

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import graphs_swap

ROW = """
[[model]]
name = "{name}"
family = "{family}"
runtime = "onnx"
file = "{name}.onnx"
sha256 = "{sha256}"
bytes = {bytes}
sources = ["file:{name}.onnx"]
input_size = [{side}, {side}]
{more}
licence = "CC0-1.0"
licence_url = "https://creativecommons.org/publicdomain/zero/1.0/"
origin = "made by benchmarks/neural_cost.py"
"""
ENGINE, EMBEDDER = "shaped-like-inswapper", "shaped-like-arcface"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("actor", type=Path)
    parser.add_argument("film", type=Path)
    parser.add_argument("--small", action="store_true", help="a sixteenth of the channels, to try this out")
    parser.add_argument("--most", type=float, help="exit with 1 above this ratio, in fp32 on ONNX Runtime")
    options = parser.parse_args()
    if (load := os.getloadavg()[0]) > 0.5:
        print(f"Others use this machine (load {load:.1f}): the ratio says little.")
    with tempfile.TemporaryDirectory() as folder:
        make_models(Path(folder), not options.small)
        os.environ["UNDERSTUDY_CATALOG"] = folder
        ratio = cost("cpu", "fp32", options, Path(folder))
        exact = draw("cpu", "fp32", options.film)
        if importlib.util.find_spec("openvino") is None:
            print("openvino, bf16: skipped, pip install 'understudy[openvino]'")
        else:
            cost("openvino", "bf16", options, Path(folder))
            noise = np.square(draw("openvino", "bf16", options.film) - exact).mean()
            print(f"openvino, bf16: {-10 * np.log10(max(noise, 1e-12)):.1f} dB PSNR to fp32 on ONNX Runtime")
    if options.most and ratio > options.most:
        raise SystemExit(f"more than {options.most} times the network alone")


def make_models(folder: Path, full_size: bool) -> None:
    signed = 'mean = 0.5\nstd = 0.5\ntemplate = "arcface_112_v2"'
    make_row(folder, "embedder", EMBEDDER, "arcface", 112, signed, graphs_swap.embedder())
    needs = f'template = "arcface_128"\nneeds = ["{EMBEDDER}"]'
    make_row(folder, "swapper", ENGINE, "inswapper", 128, needs, graphs_swap.inswapper_like(full_size))


def make_row(folder: Path, role: str, name: str, family: str, side: int, more: str, data: bytes) -> None:
    (folder / f"{name}.onnx").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    row = ROW.format(name=name, family=family, side=side, more=more, sha256=digest, bytes=len(data))
    (folder / f"{role}.toml").write_text(row, encoding="utf-8")


def cost(provider: str, precision: str, options: argparse.Namespace, folder: Path) -> float:
    """Render the film and say what it took; the ratio to the network alone."""
    alone = network_seconds(provider, precision)
    begin = time.perf_counter()
    result = understudy.swap(
        options.actor,
        options.film,
        folder / f"{provider}.mp4",
        swapper=ENGINE,
        provider=provider,
        precision=precision,
        overwrite=True,
    )
    whole = time.perf_counter() - begin
    alone = statistics.median([*alone, *network_seconds(provider, precision)])
    rendering = result.frames / result.fps
    ratio = rendering / (result.swapped * alone)
    print(
        f"{provider}, {precision} ({result.device[ENGINE]}): network {1000 * alone:.0f} ms a face; "
        f"{result.frames} frames, {result.swapped} faces in {rendering:.2f} s = {ratio:.3f} times the network alone "
        f"({whole:.1f} s with opening the models and publishing)"
    )
    return ratio


def network_seconds(provider: str, precision: str, rounds: int = 5) -> list[float]:
    """Seconds of single runs of the network alone, the first left out."""
    pool = opened(provider, precision)
    session = pool.session(pool.cache.catalog[ENGINE])
    rng = np.random.default_rng(0)
    inputs = {
        "target": rng.random((1, 3, 128, 128), np.float32),
        "source": rng.standard_normal((1, 512), np.float32) / np.float32(np.sqrt(512)),
    }
    taken = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        session.run(inputs)
        taken.append(time.perf_counter() - begin)
    return taken[1:]


def draw(provider: str, precision: str, film: Path) -> np.ndarray:
    """What the network makes of a piece of the film, 0 to 1."""
    frame = next(iter(VideoReader(film)))
    middle = frame.bgr(size=(228, 128))[:, 50:178, ::-1].transpose(2, 0, 1)[None] / np.float32(255)
    source = np.random.default_rng(1).standard_normal((1, 512), np.float32)
    pool = opened(provider, precision)
    session = pool.session(pool.cache.catalog[ENGINE])
    return session.run({"target": middle, "source": source / np.linalg.norm(source)})["output"]


def opened(provider: str, precision: str) -> SessionPool:
    found = find_folders()
    return SessionPool(
        open_cache(load_settings(found), found), Compute(provider=provider, precision=precision)
    )


if __name__ == "__main__":
    main()
