"""What marking costs: milliseconds for a picture, seconds for a gigabyte of MP4, memory, and the share of a render.

    python benchmarks/provenance_cost.py [gigabytes, default 1]

Pictures are measured in milliseconds of CPU, so that what else the machine does counts for less. A process of its own
measures each film, so that its peak memory is its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from films import make_film
from signing import a_claim, signing_key
from understudy.core.system import peak_memory
from understudy.safety.provenance import Marker
from understudy.safety.verification import verify

_PICTURES = ("jpg", "png", "webp", "avif", "tiff", "bmp", "raw.tiff")
"""As the program writes them; a TIFF that was not compressed, as other programs write them, comes last."""

_SAVED = {
    **{name: {"quality": 90} for name in (".jpg", ".webp", ".avif")},
    ".tiff": {"compression": "tiff_adobe_deflate"},
}


def picture(path: Path) -> Path:
    """A frame of 1080p, as rich in detail as a photo."""
    noise = np.random.default_rng(0).normal(128, 30, (135, 240, 3)).astype(np.uint8)
    pixels = cv2.resize(noise, (1920, 1080), interpolation=cv2.INTER_CUBIC)
    Image.fromarray(pixels).save(path, **({} if ".raw" in path.name else _SAVED.get(path.suffix, {})))
    return path


def padded_film(path: Path, size: int) -> Path:
    """A film of this many bytes; what is too much lies in a box that players skip and hashes cover."""
    make_film(path, pts=range(24))
    rest = size - path.stat().st_size
    block = np.random.default_rng(0).bytes(1 << 24)
    with path.open("ab") as file:
        file.write((1).to_bytes(4) + b"mdat" + rest.to_bytes(8))
        for start in range(16, rest, len(block)):
            file.write(block[: min(len(block), rest - start)])
    return path


def time_pictures(folder: Path) -> None:
    target = picture(folder / "target.jpg")
    print(f"{'1080p':9} {'MB':>6} {'mark ms':>8} {'verify ms':>10} {'+ bytes':>8}")
    for kind in _PICTURES:
        path = picture(folder / f"a.{kind}")
        data, times = path.read_bytes(), []
        for _ in range(9):
            path.write_bytes(data)
            start = time.process_time()
            beside = Marker(a_claim(target), signing_key())(path, path)
            times.append(time.process_time() - start)
        if beside is not None:
            beside.replace(path.with_suffix(".c2pa"))
        grown = path.stat().st_size - len(data) + (path.with_suffix(".c2pa").stat().st_size if beside else 0)
        start = time.process_time()
        assert verify(path).state == "valid"
        checked = time.process_time() - start
        print(
            f"{kind:9} {len(data) / 1e6:6.1f} {statistics.median(times) * 1e3:8.1f} {checked * 1e3:10.1f} {grown:8}"
        )


def time_film(path: Path, target: Path) -> None:
    before = time.perf_counter()
    Marker(a_claim(target), signing_key())(path, path)
    signed = time.perf_counter() - before
    before = time.perf_counter()
    assert verify(path).state == "valid"
    checked = time.perf_counter() - before
    size, memory = path.stat().st_size / 1e9, (peak_memory() or 0) / 1e6
    print(
        f"film of {size:.2f} GB: mark {signed / size:.1f} s/GB, verify {checked / size:.1f} s/GB, peak {memory:.0f} MB"
    )


def time_share(folder: Path) -> None:
    """Against the least that any render does: decode and encode again."""
    source, out = make_film(folder / "hd.mp4", pts=range(120), size=(1920, 1080)), folder / "hd-out.mp4"
    start = time.perf_counter()
    with av.open(str(source)) as film, av.open(str(out), "w") as result:
        stream = result.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for frame in film.decode(video=0):
            result.mux(stream.encode(frame))
        result.mux(stream.encode(None))
    encoded = time.perf_counter() - start
    start = time.perf_counter()
    Marker(a_claim(source), signing_key())(out, out)
    marked = time.perf_counter() - start
    print(
        f"5 s of 1080p: transcode alone {encoded:.1f} s, mark {marked * 1e3:.0f} ms: {marked / encoded:.2%}"
    )


def main(gigabytes: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        time_pictures(folder)
        time_share(folder)
        target = make_film(folder / "target.mp4", pts=range(24))
        film = padded_film(folder / "film.mp4", int(gigabytes * 1e9))
        sys.stdout.flush()
        subprocess.run([sys.executable, __file__, str(film), str(target)], check=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        time_film(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
