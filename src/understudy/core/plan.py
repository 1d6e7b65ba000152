"""What was asked (:class:`Plan`) and what will be done (:class:`ResolvedPlan`).

This is the only place where an option is declared. Command-line flags, settings and, later, OpenAPI and web forms
are generated from these fields and their descriptions. A plan goes through JSON and back unchanged::

    >>> plan = Plan(
    ...     source=VideoSource(path="scene.mp4"),
    ...     casting=Casting(actor=("ada.jpg",)),
    ...     output=VideoOutput(path="out.mp4"),
    ... )
    >>> Plan.model_validate_json(plan.model_dump_json()) == plan
    True
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "ActorImage",
    "Casting",
    "Content",
    "Look",
    "ModelRef",
    "Output",
    "PhotoOutput",
    "PhotoSource",
    "Plan",
    "ResolvedPlan",
    "Source",
    "VideoOutput",
    "VideoSource",
]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PhotoSource(_Value):
    """A single picture as the target."""

    kind: Literal["photo"] = "photo"
    path: Path = Field(description="The target picture.")


class VideoSource(_Value):
    """A film as the target."""

    kind: Literal["video"] = "video"
    path: Path = Field(description="The target film.")
    trim_start: float | None = Field(None, ge=0, description="Start at this many seconds into the target.")
    trim_end: float | None = Field(None, gt=0, description="Stop at this many seconds into the target.")

    @model_validator(mode="after")
    def _ordered(self) -> VideoSource:
        if self.trim_start is not None and self.trim_end is not None and self.trim_end <= self.trim_start:
            raise ValueError("trim_end must be later than trim_start")
        return self


Source = Annotated[PhotoSource | VideoSource, Field(discriminator="kind")]


class Casting(_Value):
    """Who plays whom."""

    actor: tuple[Path, ...] = Field(min_length=1, description="Photo(s) of the person whose face goes in.")
    actor_face: Literal["largest", "left"] | Annotated[int, Field(ge=1)] = Field(
        "largest",
        description="Which face of the actor's photo: 'largest', 'left' (leftmost), or its number from "
        "'understudy faces' (1 is the first from the left).",
    )
    faces: Literal["one", "many"] = Field(
        "one",
        description="Replace one face (the largest and most frontal of each frame) or every face.",
    )


class Look(_Value):
    """How the new face is made."""

    swapper: str = Field(
        "auto",
        description="Engine: 'mesh' is built in; 'auto' takes the best that is installed.",
    )
    likeness: float = Field(
        1.0,
        ge=0,
        le=1,
        description="How much of the actor's own facial proportions to apply: 0 keeps the target's exactly, "
        "1 is the actor's in full.",
    )


class _FileOutput(_Value):
    path: Path | None = Field(None, description="Where the result goes (default: beside the target).")
    overwrite: bool = Field(False, description="Replace the output if it exists.")
    quality: int | None = Field(
        None, ge=0, le=100, description="Quality of the result, 100 is best (default: visually lossless)."
    )


class PhotoOutput(_FileOutput):
    """A picture as the result."""

    kind: Literal["photo"] = "photo"


class VideoOutput(_FileOutput):
    """A film as the result."""

    kind: Literal["video"] = "video"
    encoder: str = Field(
        "auto",
        description="Video encoder: auto, libx264, libx265, libsvtav1, libvpx-vp9, prores_ks, ffv1.",
    )
    crf: float | None = Field(
        None, ge=0, le=63, description="The encoder's own constant quality, 0 is best (instead of --quality)."
    )
    preset: str | None = Field(None, description="The encoder's speed preset, such as veryfast or slow.")
    fps: float | None = Field(
        None, gt=0, le=1000, description="Resample to this frame rate (keeps the duration)."
    )
    skip_audio: bool = Field(False, description="Leave the sound out.")
    keep_frames: Path | None = Field(
        None, description="Also write every frame as a numbered PNG to this folder."
    )

    @model_validator(mode="after")
    def _one_quality(self) -> VideoOutput:
        if self.crf is not None and self.quality is not None:
            raise ValueError("crf and quality say the same thing; give one of them")
        return self


Output = Annotated[PhotoOutput | VideoOutput, Field(discriminator="kind")]


class Plan(_Value):
    """A request: what to swap, into what, and how. Paths and names are as the user gave them."""

    version: Literal[1] = 1
    source: Source
    casting: Casting
    look: Look = Look()
    output: Output

    @model_validator(mode="after")
    def _same_kind(self) -> Plan:
        if self.source.kind != self.output.kind:
            raise ValueError(f"a {self.source.kind} target cannot become a {self.output.kind} output")
        return self


class Content(_Value):
    """A content address: what a file holds, wherever it lies."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    media_type: str


class ActorImage(_Value):
    """One face of one original picture."""

    content: Content
    bbox: tuple[float, float, float, float] = Field(description="Left, top, right, bottom in upright pixels.")


class ModelRef(_Value):
    """The exact weights that take part."""

    name: str
    role: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ResolvedPlan(_Value):
    """What will be done: nothing left to look up, nothing that depends on where files lie.

    Hash, store, resume and send this one. The caller keeps the map from content address to path.
    """

    version: Literal[1] = 1
    target: Content
    source: Source
    actor: tuple[ActorImage, ...] = Field(min_length=1)
    faces: Literal["one", "many"]
    look: Look
    models: tuple[ModelRef, ...]
    output: Output
    encoder: str | None = Field(None, description="The concrete encoder, for film.")
    software: str = Field(description="Name and version of what made the plan.")
