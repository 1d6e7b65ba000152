"""Which encoder makes a film and how: one scale of quality for all, and the pixel format that loses least."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import av

from understudy.core.errors import EncoderError, PlanError
from understudy.core.system import usable_cpus
from understudy.core.types import MediaInfo
from understudy.media.animation import ANIMATIONS
from understudy.media.convert import closest_format
from understudy.media.encoder_rows import ENCODERS, Encoder
from understudy.media.files import named_format
from understudy.media.hardware import HARDWARE, working
from understudy.media.numbered import is_numbered
from understudy.media.sequence import SEQUENCE

__all__ = ["ENCODERS", "FILM_SUFFIXES", "Encoding", "choose_encoder", "container_of"]

# suffix: FFmpeg's name of the container
FILM_SUFFIXES = {
    **{".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"},
    **{".gif": "gif", ".webp": "webp", ".apng": "apng", ".png": "apng"},
}
_DEFAULT_QUALITY = 70
_FEW_CPUS = 4
_HARDWARE_FORMATS = ("yuv420p", "nv12", "p010le", "yuv444p")
_LEAST_SIDE = 160  # graphics processors refuse smaller pictures


@dataclass(frozen=True)
class Encoding:
    """How a film will be encoded.

    Attributes:
        codec: FFmpeg's name of the encoder.
        container: FFmpeg's name of the container.
        pixel_format: What the encoder gets.
        options: Of the encoder.
        width, height: Stored size, made even where the encoder must have it so.
    """

    codec: str
    container: str
    pixel_format: str
    options: Mapping[str, str]
    width: int
    height: int


def container_of(path: Path) -> str:
    """The container that a file's name asks for.

    Raises:
        PlanError: None that is known.
    """
    return SEQUENCE if is_numbered(path) else named_format(path, FILM_SUFFIXES, "film")


def choose_encoder(
    name: str,
    info: MediaInfo,
    container: str,
    *,
    quality: int | None = None,
    crf: float | None = None,
    preset: str | None = None,
) -> Encoding:
    """Settle everything about the encoder.

    Args:
        name: One of :data:`ENCODERS`, or ``"auto"``: VP9 for WebM, the format's own for animations, H.264 for the
            rest, by the graphics processor if that was tried and works.
        info: The source; its depth and chroma are kept where the encoder can.
        container: As :func:`container_of` gives it.
        quality: 0 to 100, 100 is best; the default, 70, is visually lossless.
        crf: The encoder's own scale instead.
        preset: The encoder's own speed setting.

    Raises:
        EncoderError: Unknown, not in this build of FFmpeg, or not for this container.
        PlanError: A preset or crf that it does not have.
    """
    if container in (*ANIMATIONS, SEQUENCE) and name in ("auto", container):
        if crf is not None or preset is not None:
            raise PlanError(
                f"{container} has neither crf nor presets.", next_step="Use --quality, or -o NAME.mp4."
            )
        pixel_format = "rgba" if _traits(info.pixel_format)[0] else "rgb24"
        return Encoding(container, container, pixel_format, {}, info.stored_width, info.stored_height)
    if name == "auto":
        name = "libvpx-vp9" if container == "webm" else _fastest(info)
    row = ENCODERS.get(name)
    if row is None:
        raise EncoderError(f"'{name}' is no known encoder.", next_step=f"Use auto, {', '.join(ENCODERS)}.")
    if container not in row.containers:
        suffixes = ", ".join(suffix for suffix, kind in FILM_SUFFIXES.items() if kind in row.containers)
        raise EncoderError(f"{name} does not fit into {container}.", next_step=f"Name the output {suffixes}.")
    try:
        codec = av.Codec(name, "w")
    except (av.FFmpegError, ValueError) as error:
        raise EncoderError(f"{name} is not in this build of FFmpeg.", next_step="Try libx264.") from error
    wanted = closest_format(info.pixel_format)
    if info.container in (*ANIMATIONS, SEQUENCE) and name not in ("prores_ks", "ffv1"):
        # What pictures are turned into films for, players and sites, knows no other.
        wanted = "yuva420p" if _traits(wanted)[0] else "yuv420p"
    pixel_format = _pixel_format(wanted, _formats(name, row, codec))
    if crf is not None and (row.crf is None or "videotoolbox" in name):
        raise PlanError(f"{name} has no crf.", next_step="Use --quality, or another --encoder.")
    across, down = _multiples(pixel_format) if row.even else (1, 1)
    return Encoding(
        codec=name,
        container=container,
        pixel_format=pixel_format,
        options={**row.options, **_options(name, row, info, pixel_format, quality, crf, preset)},
        width=-(-info.stored_width // across) * across,
        height=-(-info.stored_height // down) * down,
    )


def _formats(name: str, row: Encoder, codec: av.Codec) -> list[str]:
    """The pixel formats that are worth handing to an encoder."""
    offered = [item.name for item in codec.video_formats or ()]
    if row.hardware:
        formats = [item for item in _HARDWARE_FORMATS if item in offered and working(name, item)]
        if not formats:
            raise EncoderError(
                f"{name} does not work on this machine: its hardware or driver is missing.",
                next_step="Use --encoder auto, which takes what works.",
            )
        return formats
    # Interleaved chroma (NV12 and the like) has no advantage over planes here.
    planar = [item for item in offered if not item.startswith("nv")]
    return [item for item in planar if row.alpha or not _traits(item)[0]]


def _options(
    name: str,
    row: Encoder,
    info: MediaInfo,
    pixel_format: str,
    quality: int | None,
    crf: float | None,
    preset: str | None,
) -> dict[str, str]:
    """What is said to an encoder of this very film."""
    options = _preset_option(name, row, preset, quality)
    if name == "libx264" and usable_cpus() <= _FEW_CPUS:
        # Its own choice, 1.5 a core, waits for other stages on small machines: 39.5 against 42 fps on two cores.
        options["threads"] = str(2 * usable_cpus())
    if name == "libx265":
        said = [f"{key}={value}" for key, value in info.mastering.items()]
        options["x265-params"] = ":".join([row.options["x265-params"], *said])
    if name == "prores_ks" and "444" in pixel_format:
        options["profile"] = "4444"
    if row.crf is not None:
        options |= dict.fromkeys(row.quality_options, f"{_crf(row.crf, quality, crf):g}")
    return options


def _fastest(info: MediaInfo) -> str:
    """An encoder of the graphics processor that was tried and loses nothing of this film, or else libx264."""
    if info.bit_depth > 8 or min(info.stored_width, info.stored_height) < _LEAST_SIDE:
        return "libx264"
    if closest_format(info.pixel_format) not in ("yuv420p", "yuvj420p", "nv12"):
        return "libx264"
    return next((name for name in HARDWARE if working(name, "yuv420p") or working(name, "nv12")), "libx264")


def _preset_option(name: str, row: Encoder, preset: str | None, quality: int | None) -> dict[str, str]:
    if not row.presets:
        if preset is not None:
            raise PlanError(f"{name} has no presets.", next_step="Leave --preset out.")
        return {}
    if preset is None and name == "prores_ks" and quality is not None:
        preset = ("proxy", "lt", "standard", "hq")[min(quality // 25, 3)]
    if preset is not None and preset not in row.presets:
        raise PlanError(f"{name} has no preset '{preset}'.", next_step=f"It has {', '.join(row.presets)}.")
    return {row.preset_option: preset or row.presets[0]}


def _crf(scale: tuple[float, float], quality: int | None, crf: float | None) -> float:
    if crf is not None:
        return crf
    worst, best = scale
    return round(worst + (best - worst) * (_DEFAULT_QUALITY if quality is None else quality) / 100)


def _multiples(pixel_format: str) -> tuple[int, int]:
    parts = av.VideoFormat(pixel_format)
    return 16 // parts.chroma_width(16), 16 // parts.chroma_height(16)


def _pixel_format(wanted: str, offered: list[str]) -> str:
    """The offered format that loses least: alpha, then depth, then chroma; and no larger than needed."""
    if wanted in offered:
        return wanted
    source = _traits(wanted)

    def loss(name: str) -> tuple[float, ...]:
        traits = _traits(name)
        missing = [max(a - b, 0) for a, b in zip(source, traits, strict=True)]
        extra = [max(b - a, 0) for a, b in zip(source, traits, strict=True)]
        return *missing, *extra

    return min(offered, key=loss)


def _traits(name: str) -> tuple[float, ...]:
    """Alpha, bits, share of chroma samples, RGB; the dearest to lose first."""
    parts = av.VideoFormat(name)
    count = len(parts.components)
    depth = min(max(component.bits for component in parts.components), 16)
    chroma = 0.0 if count <= 2 else 1 / (_multiples(name)[0] * _multiples(name)[1])
    return float(count in (2, 4)), depth, chroma, float(parts.is_rgb)
