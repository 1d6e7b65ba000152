"""The encoders that are offered, and what each can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ENCODERS", "Encoder"]

_X26_PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow", "placebo"),
)


@dataclass(frozen=True)
class Encoder:
    """A row of the table.

    Attributes:
        containers: Those that hold it well.
        crf: Constant quality at 0 and at 100 of the common scale; None when it has none.
        quality_options: FFmpeg's names of the options that take it.
        presets: Valid values; the first is the default.
        preset_option: FFmpeg's name of that option.
        options: Always set.
        even: Whether subsampled sides must have an even number of pixels.
        alpha: Whether transparency is worth handing over.
        hardware: Whether it is a graphics processor's, and so must be tried first.
    """

    containers: frozenset[str]
    crf: tuple[float, float] | None = None
    quality_options: tuple[str, ...] = ("crf",)
    presets: tuple[str, ...] = ()
    preset_option: str = "preset"
    options: Mapping[str, str] = field(default_factory=dict)
    even: bool = True
    alpha: bool = False
    hardware: bool = False


_ANYWHERE = frozenset({"mp4", "mov", "matroska"})
_NVENC = Encoder(
    _ANYWHERE,
    (48, 8),
    ("cq",),
    ("p4", *(f"p{number}" for number in (1, 2, 3, 5, 6, 7))),
    options={"rc": "vbr", "b": "0"},
    hardware=True,
)
# Its scale goes from 1 to 100; FFmpeg counts in units of 118 (FF_QP2LAMBDA).
_VIDEOTOOLBOX = Encoder(
    _ANYWHERE, (118, 118 * 100), ("global_quality",), options={"flags": "+qscale"}, hardware=True
)
_QSV = Encoder(
    _ANYWHERE,
    (48, 8),
    ("global_quality",),
    ("veryfast", *(p for p in _X26_PRESETS[3:9] if p != "veryfast")),
    hardware=True,
)
_AMF = Encoder(
    _ANYWHERE,
    (48, 8),
    ("qp_i", "qp_p", "qp_b"),
    ("balanced", "speed", "quality"),
    "quality",
    options={"rc": "cqp"},
    hardware=True,
)

ENCODERS: Mapping[str, Encoder] = {
    "libx264": Encoder(
        frozenset({"mp4", "mov", "matroska"}),
        (46, 6),
        presets=("veryfast", *(p for p in _X26_PRESETS if p != "veryfast")),
    ),
    "libx265": Encoder(
        frozenset({"mp4", "mov", "matroska"}),
        (48, 8),
        presets=("veryfast", *(p for p in _X26_PRESETS if p != "veryfast")),
        options={"x265-params": "log-level=error"},
    ),
    "libsvtav1": Encoder(
        frozenset({"mp4", "matroska", "webm"}), (63, 8), presets=("8", *(str(i) for i in range(14) if i != 8))
    ),
    "libvpx-vp9": Encoder(
        frozenset({"mp4", "matroska", "webm"}),
        (63, 8),
        presets=("5", *(str(i) for i in range(9) if i != 5)),
        preset_option="cpu-used",
        options={"b": "0", "row-mt": "1", "deadline": "good"},
        even=False,
    ),
    "prores_ks": Encoder(
        frozenset({"mov", "matroska"}),
        presets=("hq", "proxy", "lt", "standard"),
        preset_option="profile",
        options={"vendor": "apl0"},
        alpha=True,
    ),
    "ffv1": Encoder(frozenset({"matroska"}), options={"level": "3", "slicecrc": "1"}, even=False, alpha=True),
    **{f"{codec}_nvenc": _NVENC for codec in ("h264", "hevc")},
    **{f"{codec}_videotoolbox": _VIDEOTOOLBOX for codec in ("h264", "hevc")},
    **{f"{codec}_qsv": _QSV for codec in ("h264", "hevc")},
    **{f"{codec}_amf": _AMF for codec in ("h264", "hevc")},
}
