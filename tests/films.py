"""Films made for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray


def scene(index: int, width: int = 160, height: int = 120) -> NDArray[np.uint8]:
    """A smooth BGR picture that moves."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    blue = 128 + 100 * np.sin((x + 4 * index) / 23)
    green = 128 + 100 * np.cos((y - 3 * index) / 17)
    red = 128 + 100 * np.sin((x + y) / 31)
    picture = np.dstack([blue, green, red]).astype(np.uint8)
    cv2.circle(picture, (20 + 5 * index % width, height // 2), 10, (20, 30, 220), -1)
    return picture


def make_film(
    path: Path,
    *,
    pts: Sequence[int] = tuple(range(24)),
    time_base: Fraction = Fraction(1, 24),
    size: tuple[int, int] = (160, 120),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    container: str | None = None,
    options: dict[str, str] | None = None,
    tags: tuple[int, int, int, int] = (1, 1, 1, 1),
    matrix: Sequence[int] | None = None,
    sar: Fraction | None = None,
    audio: Sequence[str] = (),
    audio_start: float = 0.0,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Encode one; ``tags`` are range, space, primaries, transfer."""
    with av.open(f"file:{path}", "w", format=container, options={}) as out:
        stream = out.add_stream(codec, rate=24, options=options or {}, time_base=time_base)
        context = stream.codec_context
        context.width, context.height = size
        context.pix_fmt = pixel_format
        context.time_base = time_base
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = tags
        if sar:
            context.sample_aspect_ratio = sar
        if matrix is not None:
            stream.set_display_matrix(list(matrix))
        sounds = [out.add_stream(name, rate=48000) for name in audio]
        for number, sound in enumerate(sounds):
            sound.metadata["language"] = ("eng", "deu", "fra")[number]
        out.metadata.update(metadata or {})
        for index, time in enumerate(pts):
            frame = av.VideoFrame.from_ndarray(scene(index, *size), format="bgr24")
            frame = frame.reformat(format=pixel_format, dst_colorspace=tags[1] if tags[1] != 2 else None)
            frame.pts, frame.time_base = time, time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        length = float((pts[-1] + 1) * time_base)
        for number, sound in enumerate(sounds):
            _add_sound(out, sound, length, audio_start, 330 * (number + 1))
    return path


def _add_sound(
    out: av.container.OutputContainer, stream: av.AudioStream, length: float, start: float, hertz: int
) -> None:
    samples = np.arange(int(48000 * max(length - start, 0.2)))
    noise = np.random.default_rng(hertz).normal(0, 0.02, samples.shape)  # makes every packet different
    wave = (0.3 * np.sin(samples * hertz * 2 * np.pi / 48000) + noise).astype(np.float32)
    for begin in range(0, len(wave), 1024):
        block = np.stack([wave[begin : begin + 1024]] * 2)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate = 48000
        frame.pts = begin + round(start * 48000)
        frame.time_base = Fraction(1, 48000)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def video_pts(path: Path) -> list[Fraction]:
    """Times of the pictures as a plain decode gives them."""
    with av.open(f"file:{path}") as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def packets(path: Path, kind: str) -> list[list[tuple[Fraction, bytes]]]:
    """Every stream's packets of a kind: (time, bytes)."""
    with av.open(f"file:{path}") as container:
        streams = [stream for stream in container.streams if stream.type == kind]
        found: dict[int, list[tuple[Fraction, bytes]]] = {stream.index: [] for stream in streams}
        for packet in container.demux(streams) if streams else ():
            if packet.size:
                found[packet.stream_index].append((packet.pts * packet.time_base, bytes(packet)))
        return list(found.values())


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    """Decoded BGR pictures, as stored."""
    with av.open(f"file:{path}") as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
