"""What is to be rendered of a film, settled before the work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from understudy.core.errors import PlanError
from understudy.core.plan import ResolvedPlan, VideoOutput, VideoSource
from understudy.core.types import MediaInfo
from understudy.media.animate import slowed
from understudy.media.animation import ANIMATIONS
from understudy.media.deinterlace import deinterlaced
from understudy.media.encoders import Encoding, choose_encoder, container_of
from understudy.media.frame import Frame
from understudy.media.picture import enlarged, scaled
from understudy.media.resample import as_rate, resampled
from understudy.media.sequence import SEQUENCE
from understudy.media.source import MovingSource, open_moving

__all__ = ["Shoot", "prepare_shoot"]


@dataclass(frozen=True, eq=False)
class Shoot:
    """What comes in, and how it is to go out.

    Attributes:
        target: Where the film lies.
        reader: It.
        frames: Its frames, as they are to be rendered.
        rate: Frames per second, if they were resampled.
        info: What the frames are when they are rendered.
        encoding: Of the result.
        wanted: What the plan says of the result.
        sound: Where what replaces the target's sound lies.
    """

    target: Path
    reader: MovingSource
    frames: Iterable[Frame]
    rate: Fraction | None
    info: MediaInfo
    encoding: Encoding
    wanted: VideoOutput
    sound: Path | None

    @property
    def committed(self) -> Encoding:
        """How segments are encoded: as the film will be, but without loss when that will be made of pictures."""
        if self.encoding.container in (*ANIMATIONS, SEQUENCE):
            return choose_encoder("ffv1", self.info, "matroska")
        return self.encoding

    @property
    def total(self) -> int | None:
        """How many frames there will be, if that can be told."""
        count, own = self.reader.expected_frames, self.reader.info.average_rate
        if self.rate is None or count is None or own is None:
            return count
        return round(count * self.rate / own)

    @property
    def begin(self) -> Fraction:
        """When the first frame that is wanted may be shown, in seconds on the source's clock."""
        start, _ = self.reader.window
        info = self.reader.info
        return (info.start or 0) * (info.time_base or Fraction(1)) if start is None else start


def prepare_shoot(plan: ResolvedPlan, target: Path, output: Path, sound: Path | None, scale: int) -> Shoot:
    """Open the target and settle what becomes of it.

    Args:
        plan: What to do.
        target: Where the plan's target lies.
        output: Where the result goes.
        sound: Where what replaces the target's sound lies.
        scale: How much larger an upscaler makes the frames.

    Raises:
        PlanError: The plan is not for a film.
        UnderstudyError: See :func:`open_moving` and :func:`choose_encoder`.
    """
    source, wanted = plan.source, plan.output
    if not isinstance(source, VideoSource) or not isinstance(wanted, VideoOutput):
        raise PlanError("The plan is not for a film.")
    rate = as_rate(wanted.fps) if wanted.fps else None
    reader = open_moving(
        target, trim_start=_exact(source.trim_start), trim_end=_exact(source.trim_end), rate=rate
    )
    info = scaled(enlarged(reader.info, scale), wanted.scale)
    encoding = choose_encoder(
        plan.encoder or wanted.encoder,
        info,
        container_of(output),
        quality=wanted.quality,
        crf=wanted.crf,
        preset=wanted.preset,
    )
    if rate is None and encoding.container in ANIMATIONS:
        rate = slowed(info, encoding.container)
    frames = deinterlaced(reader) if wanted.deinterlace else reader
    return Shoot(
        target=target,
        reader=reader,
        frames=frames if rate is None else resampled(frames, rate),
        rate=rate,
        info=info,
        encoding=encoding,
        wanted=wanted,
        sound=sound,
    )


def _exact(seconds: float | None) -> Fraction | None:
    return None if seconds is None else Fraction(seconds).limit_denominator(1_000_000)
