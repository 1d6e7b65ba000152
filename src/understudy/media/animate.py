"""Writing animated GIF, WebP and PNG."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from numpy.typing import NDArray
from PIL import Image

from understudy.core.errors import EncoderError
from understudy.core.types import MediaInfo
from understudy.core.verdict import Allow, check_allowed
from understudy.media.files import output_error
from understudy.media.frame import Frame
from understudy.media.orientation import to_upright

__all__ = ["delays_of", "rgba_of", "slowed", "write_animation"]

Pictures = Callable[[], Iterable[NDArray[np.uint8]]]
"""Gives all pictures from the start, each time that it is called: (height, width, 3 or 4) red, green, blue[, alpha]."""

_LOOPS = {"GIF": 65535, "WEBP": 65535, "PNG": 2**31 - 1}
# Pixels that Pillow may hold until the file is complete: one byte each for a GIF, up to four for a PNG.
_MOST_PIXELS = {"gif": 1 << 30, "apng": 1 << 28}
_TRANSPARENT_BELOW = 128
# Milliseconds; browsers show less as a hundred.
_LEAST = {"gif": 20, "webp": 11, "apng": 11}
_TICK = Fraction(1, 100)


def delays_of(times: Sequence[Fraction], last: Fraction, kind: str) -> list[int]:
    """Milliseconds that each picture is shown, in steps that the format has, without drift.

    Args:
        times: When each is shown, in seconds.
        last: How long the last one is.
        kind: ``"gif"`` counts in hundredths of a second, the others in thousandths.
    """
    step = 10 if kind == "gif" else 1
    ends = [*times[1:], times[-1] + last]
    marks = [round((time - times[0]) * 1000 / step) for time in (times[0], *ends)]
    return [max((end - start) * step, _LEAST[kind]) for start, end in itertools.pairwise(marks)]


def slowed(info: MediaInfo, kind: str) -> Fraction | None:
    """The rate to resample a film to because its own is more than the format can show; None when it is not."""
    rate, most = info.average_rate, Fraction(1000, _LEAST[kind])
    if rate is None or rate <= most:
        return None
    while rate > most:
        rate /= 2
    return rate


def rgba_of(frame: Frame) -> NDArray[np.uint8]:
    """A frame as (height, width, 3 or 4) uint8, upright: red, green, blue, and alpha if it has any."""
    pixels = cv2.cvtColor(frame.bgr(), cv2.COLOR_BGR2RGB)
    if frame.layout.alpha:
        alpha = to_upright(frame.planes[-1], frame.orientation)
        if frame.layout.bits > 8:
            alpha = cv2.convertScaleAbs(alpha, alpha=255 / (2**frame.layout.bits - 1))
        pixels = np.dstack([pixels, alpha])
    return np.ascontiguousarray(pixels, np.uint8)


def write_animation(
    pictures: Pictures,
    delays: Sequence[int],
    path: Path,
    kind: str,
    allow: Allow,
    *,
    plays: int = 0,
    quality: int | None = None,
) -> None:
    """Write a file.

    Args:
        pictures: In order of time, upright and alike in shape; taken twice for a GIF, whose palette is made of
            all of them, and whose transparency is on or off.
        delays: Milliseconds for each.
        path: Where, usually a temporary name.
        kind: ``"gif"``, ``"webp"`` or ``"apng"``.
        allow: The content gate's leave for all of them.
        plays: How often it is shown; 0 is for ever.
        quality: 0 to 100 for WebP, 100 is without loss; the default is visually lossless.

    Raises:
        EncoderError: It is too large for this kind, or the encoder failed.
        OutputError: It cannot be written.
    """
    check_allowed(allow)
    images: Iterator[Image.Image] = (_indexed if kind == "gif" else _coloured)(pictures)
    first = next(images)
    if first.width * first.height * len(delays) > _MOST_PIXELS.get(kind, math.inf):
        raise EncoderError(
            f"{len(delays)} pictures of {first.width}×{first.height} are too much for one {kind}.",
            next_step="Use --trim-end, --fps, --scale, or write a film: -o NAME.mp4.",
        )
    options: dict[str, Any] = {"duration": list(delays), **_loop(kind, plays)}
    if kind == "gif":
        # What is cleared after each picture can be transparent in the next one.
        options |= {"disposal": 2 if next(iter(pictures())).shape[2] == 4 else 1, "optimize": False}
    elif kind == "webp":
        lossless = quality == 100
        options |= {"lossless": lossless, "quality": 90 if quality is None else quality, "method": 4}
    try:
        first.save(
            path,
            "PNG" if kind == "apng" else kind.upper(),
            save_all=True,
            # Pillow looks at all pictures of a PNG before it writes the first.
            append_images=list(images) if kind == "apng" else images,
            **options,
        )
    except OSError as error:
        raise output_error(error, path) from error
    except (ValueError, SystemError, struct.error, av.FFmpegError) as error:
        raise EncoderError(
            f"{kind} failed: {error}.", next_step="Write a film instead: -o NAME.mp4."
        ) from error


def _loop(kind: str, plays: int) -> dict[str, int]:
    if kind == "gif":
        # It says how often it is repeated, and nothing when it is not.
        return {} if plays == 1 else {"loop": 0 if plays == 0 else min(plays - 1, _LOOPS["GIF"])}
    return {"loop": min(plays, _LOOPS["PNG" if kind == "apng" else "WEBP"])}


def _coloured(pictures: Pictures) -> Iterator[Image.Image]:
    return map(Image.fromarray, pictures())


def _indexed(pictures: Pictures) -> Iterator[Image.Image]:
    """All with one palette, so that what does not move does not flicker; dithered where it is too coarse."""
    palette = _palette(map(_native, pictures()))
    dithering: _Dithering | None = None
    for frame in map(_native, pictures()):
        dithering = dithering or _Dithering(frame, palette)
        yield dithering.indexed(frame)


def _native(pixels: NDArray[np.uint8]) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(pixels, format="rgba" if pixels.shape[2] == 4 else "rgb24")


def _palette(frames: Iterable[av.VideoFrame]) -> av.VideoFrame:
    graph = Graph()
    source: FilterContext | None = None
    for number, frame in enumerate(frames):
        if source is None:
            source = _buffer(graph, frame)
            generator = graph.add("palettegen", f"reserve_transparent={int(frame.format.name == 'rgba')}")
            graph.link_nodes(source, generator, graph.add("buffersink")).configure()
        frame.pts, frame.time_base = number, _TICK
        source.push(frame)
    if source is not None:
        source.push(None)
    palette = graph.pull()
    assert isinstance(palette, av.VideoFrame)
    return palette


class _Dithering:
    """Takes pictures to the nearest colours of a palette, by error diffusion."""

    def __init__(self, like: av.VideoFrame, palette: av.VideoFrame) -> None:
        graph = Graph()
        self._source, colours = _buffer(graph, like), _buffer(graph, palette)
        mapping = graph.add("paletteuse", f"dither=sierra2_4a:alpha_threshold={_TRANSPARENT_BELOW}")
        self._sink = graph.add("buffersink")
        self._source.link_to(mapping, 0, 0)
        colours.link_to(mapping, 0, 1)
        mapping.link_to(self._sink)
        graph.configure()
        palette.pts, palette.time_base = 0, _TICK
        colours.push(palette)
        colours.push(None)
        self._graph, self._number = graph, 0

    def indexed(self, frame: av.VideoFrame) -> Image.Image:
        """The picture as indices into the palette."""
        frame.pts, frame.time_base = self._number, _TICK
        self._number += 1
        self._source.push(frame)
        mapped = self._sink.pull()
        assert isinstance(mapped, av.VideoFrame)
        indices, colours = mapped.to_ndarray()
        image = Image.fromarray(np.ascontiguousarray(indices), "P")
        image.putpalette(np.ascontiguousarray(colours[:, 1:]).tobytes(), "RGB")
        clear = np.flatnonzero(colours[:, 0] == 0)
        if len(clear) and (indices == clear[0]).any():
            image.info["transparency"] = int(clear[0])
        return image


def _buffer(graph: Graph, like: av.VideoFrame) -> FilterContext:
    return graph.add_buffer(width=like.width, height=like.height, format=like.format, time_base=_TICK)
