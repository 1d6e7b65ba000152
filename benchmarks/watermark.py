"""What the invisible mark survives, what it costs, and how often it is read where there is none.

Portraits and frames of a film are marked as a render marks them, changed as the world changes pictures, and read again.
A mark counts as read when so many bits fit that it is hardly by chance (``safety/invisible_mark.py``).

python benchmarks/watermark.py PORTRAITS FILM [--frames 8] [--look FOLDER]
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from understudy.app.fetch import fetch, open_cache
from understudy.app.settings import find_folders, load_settings
from understudy.core.plan import Compute
from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.media.read import VideoReader
from understudy.models.pool import SessionPool
from understudy.safety.invisible_mark import ENOUGH, MARK, read_mark, write_mark
from understudy.vision.mark.families import mark_spec, open_mark, open_reader, reader_spec
from understudy.vision.roles import Mark, MarkReader

Pixels = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("portraits", type=Path)
    parser.add_argument("film", type=Path)
    parser.add_argument("--frames", type=int, default=8, help="of the film")
    parser.add_argument("--look", type=Path, help="write before, after and ten times the difference here")
    options = parser.parse_args()
    folders = find_folders()
    cache = open_cache(load_settings(folders), folders)
    specs = mark_spec(cache.catalog), reader_spec(cache.catalog)
    for _ in fetch(cache, specs):
        pass
    pool = SessionPool(cache, Compute(provider="cpu"))
    mark, reader = open_mark(specs[0], pool), open_reader(specs[1], pool)

    every = [frame for frame, _ in zip(VideoReader(options.film), range(200), strict=False)]
    frames = every[:: max(len(every) // options.frames, 1)][: options.frames]
    _cost(frames[0], mark, reader)
    plain = [read_image(path).frame.bgr() for path in sorted(options.portraits.glob("*.jpg"))]
    plain += [frame.bgr() for frame in frames]
    marked = [_marked(pixels, mark) for pixels in plain]
    print(
        f"{len(plain)} pictures; PSNR {np.mean([cv2.PSNR(*pair) for pair in zip(plain, marked, strict=True)]):.1f} dB"
    )
    if options.look:
        _draw(options.look, plain, marked)
    print(f"\n| Change | Bits that fit, mean (least) of {MARK.size} | Marks read |\n|---|---|---|")
    for name, change in CHANGES.items():
        _row(name, marked, change, reader)
    for crf in (18, 23, 28):
        _film_row(crf, every[:24], mark, reader)
    print("\nWithout a mark:\n")
    for name in ("nothing", "JPEG, quality 75", "cropped by a fifth"):
        _row(name, plain, CHANGES[name], reader)
    _by_chance(plain, reader)


def _cost(frame: Frame, mark: Mark, reader: MarkReader) -> None:
    spent: dict[str, list[float]] = {"write": [], "lay on": [], "read": []}
    for _ in range(6):
        start = time.process_time()
        change = mark.change(frame, MARK)
        drawn = time.process_time()
        frame.copied(0, frame.time_base).shift(change)
        laid = time.process_time()
        reader.read(frame)
        for name, seconds in zip(
            spent, (drawn - start, laid - drawn, time.process_time() - laid), strict=True
        ):
            spent[name].append(seconds)
    times = ", ".join(f"{name} {np.median(seconds[1:]):.2f}" for name, seconds in spent.items())
    print(f"seconds of CPU for a frame of {frame.width}×{frame.height}: {times}")


def _marked(pixels: Pixels, mark: Mark) -> Pixels:
    frame = Frame.from_bgr(pixels)
    write_mark(frame, mark)
    return frame.bgr()


def _fitting(pixels: Pixels, reader: MarkReader) -> int:
    return read_mark([Frame.from_bgr(pixels)], reader).bits


def _row(
    name: str, pictures: Sequence[Pixels], change: Callable[[Pixels], Pixels], reader: MarkReader
) -> None:
    _say(name, [_fitting(np.ascontiguousarray(change(pixels)), reader) for pixels in pictures])


def _film_row(crf: int, frames: Sequence[Frame], mark: Mark, reader: MarkReader) -> None:
    """Each frame by itself, and all of them together."""
    marked = [frame.copied(frame.pts, frame.time_base) for frame in frames]
    for frame in marked:
        write_mark(frame, mark)
    decoded = list(_through_x264(marked, crf))
    _say(f"x264, CRF {crf}, each frame", [_fitting(pixels, reader) for pixels in decoded[::3]])
    together = read_mark(map(Frame.from_bgr, decoded[::3]), reader)
    _say(f"x264, CRF {crf}, eight frames together", [together.bits])


def _say(name: str, fitting: Sequence[int]) -> None:
    found = sum(bits >= ENOUGH for bits in fitting)
    share = f"{found} of {len(fitting)}"
    print(f"| {name} | {np.mean(fitting):.1f} ({min(fitting)}) | {share} |", flush=True)


def _through_x264(frames: Sequence[Frame], crf: int) -> Iterator[Pixels]:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=24, options={"crf": str(crf), "preset": "medium"})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        for index, frame in enumerate(frames):
            native = frame.native
            assert native is not None
            native.pts, native.time_base = index, Fraction(1, 24)
            out.mux(stream.encode(native))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as film:
        for decoded in film.decode(video=0):
            yield np.asarray(decoded.to_ndarray(format="bgr24"), np.uint8)


def _by_chance(plain: Sequence[Pixels], reader: MarkReader) -> None:
    """How often other marks would be read out of pictures that have none: each picture is asked for many."""
    rng = np.random.default_rng(0)
    parts = [pixels[place] for pixels in plain for place in _corners(pixels)]
    read = np.array([reader.read(Frame.from_bgr(np.ascontiguousarray(part))) for part in parts]) > 0
    others = rng.permuted(np.broadcast_to(MARK > 0, (20_000, MARK.size)), axis=1)
    fitting = 2 * (read @ others.T.astype(np.int64)) + MARK.size - read.sum(1)[:, None] - others.sum(1)
    own = (read == (MARK > 0)).sum(1)
    print(
        f"\n{len(parts)} parts of them: at most {own.max()} bits fit; of {fitting.size:,} other marks "
        f"{1e6 * (fitting >= ENOUGH).mean():.0f} in a million would be read"
    )


def _corners(pixels: Pixels) -> Iterator[Any]:
    height, width = (side * 2 // 3 for side in pixels.shape[:2])
    for rows in (slice(0, height), slice(-height, None)):
        for columns in (slice(0, width), slice(-width, None)):
            yield rows, columns


def _draw(folder: Path, plain: Sequence[Pixels], marked: Sequence[Pixels]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index in (0, len(plain) // 2, len(plain) - 1):
        before, after = plain[index], marked[index]
        difference = np.clip(128 + 10 * (after.astype(int) - before), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"mark-{index}.png"), np.hstack([before, after, difference]))


def _encoded(suffix: str, *parameters: int) -> Callable[[Pixels], Pixels]:
    def change(pixels: Pixels) -> Pixels:
        data = cv2.imencode(suffix, pixels, parameters)[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)

    return change


def _jpeg(quality: int) -> Callable[[Pixels], Pixels]:
    return _encoded(".jpg", cv2.IMWRITE_JPEG_QUALITY, quality)


def _scaled(pixels: Pixels, scale: float) -> Pixels:
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def _there_and_back(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    return np.asarray(
        cv2.resize(_scaled(pixels, 0.5), (width, height), interpolation=cv2.INTER_CUBIC), np.uint8
    )


def _cropped(share: float) -> Callable[[Pixels], Pixels]:
    def change(pixels: Pixels) -> Pixels:
        top, left = (round(side * share / 2) for side in pixels.shape[:2])
        return pixels[top : pixels.shape[0] - top, left : pixels.shape[1] - left]

    return change


def _screenshot(pixels: Pixels) -> Pixels:
    """Shown at 73 % on a desktop that is 8 % larger to each side, and saved as a JPEG."""
    shown = _scaled(pixels, 0.73)
    rim = round(0.08 * shown.shape[0])
    desktop = cv2.copyMakeBorder(shown, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(60, 50, 45))
    return _jpeg(80)(np.asarray(desktop, np.uint8))


def _gif(pixels: Pixels) -> Pixels:
    few = Image.fromarray(pixels[..., ::-1]).quantize(256)
    return np.asarray(few.convert("RGB"), np.uint8)[..., ::-1]


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "nothing": lambda pixels: pixels,
    "JPEG, quality 95": _jpeg(95),
    "JPEG, quality 75": _jpeg(75),
    "JPEG, quality 50": _jpeg(50),
    "WebP, quality 80": _encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 80),
    "256 colours": _gif,
    "half the size": lambda pixels: _scaled(pixels, 0.5),
    "half the size and back": _there_and_back,
    "480 pixels high, JPEG 75": lambda pixels: _jpeg(75)(_scaled(pixels, 480 / pixels.shape[0])),
    "cropped by a tenth": _cropped(0.1),
    "cropped by a fifth": _cropped(0.2),
    "cropped by two fifths": _cropped(0.4),
    "screenshot with a rim": _screenshot,
    "20 % brighter": lambda pixels: cv2.convertScaleAbs(pixels, alpha=1.2),
    "blurred, sigma 3": lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), 3), np.uint8),
    "grey": lambda pixels: cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
    "mirrored": lambda pixels: pixels[:, ::-1],
    "turned by 5 degrees": lambda pixels: cv2.warpAffine(
        pixels, cv2.getRotationMatrix2D((pixels.shape[1] / 2, pixels.shape[0] / 2), 5, 1), pixels.shape[1::-1]
    ),
}


if __name__ == "__main__":
    main()
