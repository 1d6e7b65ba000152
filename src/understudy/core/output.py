"""What is written: the options of a result."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from understudy.core.value import Value

__all__ = ["ImageFormat", "PhotoOutput", "VideoOutput"]

ImageFormat = Literal["png", "jpg", "tif", "webp"]


class _FileOutput(Value):
    path: Path | None = Field(None, description="Where the result goes (default: beside the target).")
    overwrite: bool = Field(False, description="Replace the output if it exists.")
    quality: int | None = Field(
        None, ge=0, le=100, description="Quality of the result, 100 is best (default: visually lossless)."
    )
    report: Path | None = Field(
        None,
        description="Also write a page (.html) that says how far the result can be trusted, and where to look at it.",
    )

    @field_validator("report")
    @classmethod
    def _page(cls, report: Path | None) -> Path | None:
        if report is not None and report.suffix.lower() != ".html":
            raise ValueError("the name of a report must end in .html")
        return report


class PhotoOutput(_FileOutput):
    """A picture as the result."""

    kind: Literal["photo"] = "photo"


class VideoOutput(_FileOutput):
    """A film as the result."""

    kind: Literal["video"] = "video"
    encoder: str = Field(
        "auto",
        description="Video encoder: libx264, libx265, libsvtav1, libvpx-vp9, prores_ks, ffv1, h264_ or hevc_ with "
        "nvenc, videotoolbox, qsv or amf; 'auto' takes the graphics processor's if it works and loses nothing.",
    )
    crf: float | None = Field(
        None, ge=0, le=63, description="The encoder's own constant quality, 0 is best (instead of --quality)."
    )
    preset: str | None = Field(None, description="The encoder's speed preset, such as veryfast or slow.")
    fps: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Resample to this frame rate (keeps the duration); of numbered pictures: their rate.",
    )
    scale: str | None = Field(
        None,
        pattern=r"^([0-9]+(\.[0-9]+)?%|(-1|[0-9]+)x(-1|[0-9]+))$",
        description="Size of the result: 1280x720, -1x720 (the other side follows) or 50%.",
    )
    deinterlace: bool = Field(
        False, description="Make whole frames of interlaced film (default: kept as it is)."
    )
    restart: bool = Field(False, description="Forget what an interrupted run has rendered, and begin anew.")
    audio: Literal["copy", "transcode", "none"] | Path = Field(
        "copy",
        description="The sound: 'copy' where the container takes it, 'transcode' encodes it anew, 'none', or a file "
        "that replaces it, from the picture's beginning to its end.",
    )
    audio_volume: float | None = Field(
        None, ge=0, le=10, description="How loud the sound is: 1 is as it is, 0.5 half; encodes it anew."
    )
    skip_audio: bool = Field(False, description="Leave the sound out, as --audio none does.")
    keep_frames: Path | None = Field(
        None, description="Also write every frame as a numbered picture to this folder."
    )
    image_format: ImageFormat | None = Field(
        None,
        description="Of numbered pictures: those of --keep-frames (png), or the result's when OUT is a folder.",
    )

    @model_validator(mode="after")
    def _one_quality(self) -> VideoOutput:
        if self.crf is not None and self.quality is not None:
            raise ValueError("crf and quality say the same thing; give one of them")
        return self

    @model_validator(mode="after")
    def _one_sound(self) -> VideoOutput:
        if self.skip_audio and self.audio not in ("copy", "none"):
            raise ValueError("skip_audio leaves the sound out, and audio wants it; give one of them")
        if not self.has_sound and self.audio_volume is not None:
            raise ValueError("audio_volume is of no use when the sound is left out")
        return self

    @property
    def has_sound(self) -> bool:
        """Whether there is to be any."""
        return not self.skip_audio and self.audio != "none"

    @property
    def sound_file(self) -> Path | None:
        """What replaces the target's sound."""
        return self.audio if isinstance(self.audio, Path) else None
