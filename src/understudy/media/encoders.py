"""The encoders that are offered: what each can hold, and one scale of quality for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import av

from understudy.core.errors import EncoderError, PlanError
from understudy.core.system import usable_cpus
from understudy.core.types import MediaInfo
from understudy.media.convert import closest_format
from understudy.media.files import named_format

__all__ = ["ENCODERS", "FILM_SUFFIXES", "Encoding", "choose_encoder", "container_of"]

# suffix: FFmpeg's name of the container
FILM_SUFFIXES = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
_X26_PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow", "placebo"),
)
_DEFAULT_QUALITY = 70
_FEW_CPUS = 4


@dataclass(frozen=True)
class _Encoder:
    """A row of the table.

    Attributes:
        containers: Those that hold it well.
        crf: Constant quality at 0 and at 100 of the common scale; None when it has none.
        presets: Valid values; the first is the default.
        preset_option: FFmpeg's name of that option.
        options: Always set.
        even: Whether subsampled sides must have an even number of pixels.
        alpha: Whether transparency is worth handing over.
    """

    containers: frozenset[str]
    crf: tuple[float, float] | None = None
    presets: tuple[str, ...] = ()
    preset_option: str = "preset"
    options: Mapping[str, str] = field(default_factory=dict)
    even: bool = True
    alpha: bool = False


ENCODERS: Mapping[str, _Encoder] = {
    "libx264": _Encoder(
        frozenset({"mp4", "mov", "matroska"}),
        (46, 6),
        ("veryfast", *(p for p in _X26_PRESETS if p != "veryfast")),
    ),
    "libx265": _Encoder(
        frozenset({"mp4", "mov", "matroska"}),
        (48, 8),
        ("veryfast", *(p for p in _X26_PRESETS if p != "veryfast")),
        options={"x265-params": "log-level=error"},
    ),
    "libsvtav1": _Encoder(
        frozenset({"mp4", "matroska", "webm"}), (63, 8), ("8", *(str(i) for i in range(14) if i != 8))
    ),
    "libvpx-vp9": _Encoder(
        frozenset({"mp4", "matroska", "webm"}),
        (63, 8),
        ("5", *(str(i) for i in range(9) if i != 5)),
        "cpu-used",
        {"b": "0", "row-mt": "1", "deadline": "good"},
        even=False,
    ),
    "prores_ks": _Encoder(
        frozenset({"mov", "matroska"}),
        None,
        ("hq", "proxy", "lt", "standard"),
        "profile",
        {"vendor": "apl0"},
        alpha=True,
    ),
    "ffv1": _Encoder(
        frozenset({"matroska"}), options={"level": "3", "slicecrc": "1"}, even=False, alpha=True
    ),
}


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
    return named_format(path, FILM_SUFFIXES, "film")


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
        name: One of :data:`ENCODERS`, or ``"auto"``: VP9 for WebM, H.264 for the rest.
        info: The source; its depth and chroma are kept where the encoder can.
        container: As :func:`container_of` gives it.
        quality: 0 to 100, 100 is best; the default, 70, is visually lossless.
        crf: The encoder's own scale instead.
        preset: The encoder's own speed setting.

    Raises:
        EncoderError: Unknown, not in this build of FFmpeg, or not for this container.
        PlanError: A preset or crf that it does not have.
    """
    if name == "auto":
        name = "libvpx-vp9" if container == "webm" else "libx264"
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
    # Interleaved chroma (NV12 and the like) has no advantage over planes here.
    planar = [item.name for item in codec.video_formats or () if not item.name.startswith("nv")]
    formats = [item for item in planar if row.alpha or not _traits(item)[0]]
    pixel_format = _pixel_format(closest_format(info.pixel_format), formats)
    options = dict(row.options) | _preset_option(name, row, preset, quality)
    if name == "libx264" and usable_cpus() <= _FEW_CPUS:
        # Its own choice, 1.5 a core, waits for other stages on small machines: 39.5 against 42 fps on two cores.
        options["threads"] = str(2 * usable_cpus())
    if name == "prores_ks" and "444" in pixel_format:
        options["profile"] = "4444"
    if row.crf is not None:
        options["crf"] = f"{_crf(row.crf, quality, crf):g}"
    elif crf is not None:
        raise PlanError(f"{name} has no crf.", next_step="Use --quality, or another --encoder.")
    across, down = _multiples(pixel_format) if row.even else (1, 1)
    return Encoding(
        codec=name,
        container=container,
        pixel_format=pixel_format,
        options=options,
        width=-(-info.stored_width // across) * across,
        height=-(-info.stored_height // down) * down,
    )


def _preset_option(name: str, row: _Encoder, preset: str | None, quality: int | None) -> dict[str, str]:
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
