"""What was asked (:class:`Plan`) and what will be done (:class:`ResolvedPlan`).

Its sections (here, in ``core/casting.py``, ``core/look.py`` and ``core/output.py``) are the only place where an option
is declared. Command-line flags, settings and, later, OpenAPI and web forms are generated from their fields and
descriptions. A plan goes through JSON and back unchanged::

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

from pydantic import BeforeValidator, Field, model_validator

from understudy.core.casting import Casting, FaceOrder, Role
from understudy.core.look import Look, MaskKind, MaskRegion, changed, listed, whole
from understudy.core.output import ImageFormat, PhotoOutput, VideoOutput
from understudy.core.references import (
    ActorImage,
    CastRole,
    ConsentRef,
    Content,
    ModelRef,
    PersonRef,
    ReferenceImage,
    VariationRef,
)
from understudy.core.value import Value

__all__ = [
    "ActorImage",
    "CastRole",
    "Casting",
    "Compute",
    "ConsentRef",
    "Content",
    "FaceOrder",
    "ImageFormat",
    "Look",
    "MaskKind",
    "MaskRegion",
    "ModelRef",
    "Output",
    "PersonRef",
    "PhotoOutput",
    "PhotoSource",
    "Plan",
    "ReferenceImage",
    "ResolvedPlan",
    "Role",
    "Seeing",
    "Source",
    "VideoOutput",
    "VideoSource",
]


class PhotoSource(Value):
    """A single picture as the target."""

    kind: Literal["photo"] = "photo"
    path: Path = Field(description="The target picture.")


class VideoSource(Value):
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


class Seeing(Value):
    """How faces are found and measured."""

    detector: str = Field("auto", description="Model that finds faces.")
    detector_size: int | None = Field(
        None,
        ge=64,
        le=4096,
        description="Side in pixels at which a neural detector sees a picture. Default: its own.",
    )
    detector_score: float | None = Field(
        None, ge=0, le=1, description="Least score of a face. Default: the detector's own."
    )
    detector_angles: Annotated[
        tuple[Annotated[Literal[0, 90, 180, 270], BeforeValidator(whole)], ...], BeforeValidator(listed)
    ] = Field(
        (0,),
        description="Also look at the picture turned by these angles, with commas between: 0,90,180,270.",
    )
    max_faces: int | None = Field(None, ge=1, description="Look at no more faces of a frame than this.")
    landmarker: str = Field("auto", description="Model that places the points a neural engine aligns by.")
    embedder: str = Field("auto", description="Model that tells people apart.")


class Compute(Value):
    """Where networks run. 'understudy doctor' says what this machine has."""

    provider: Literal[
        "auto", "cpu", "cuda", "tensorrt", "rocm", "migraphx", "directml", "coreml", "openvino"
    ] = Field(
        "auto", description="What runs neural engines; 'auto' is the fastest that is installed and works."
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto", description="Arithmetic of neural engines; 'auto' is fp32 unless the weights say otherwise."
    )
    threads: int | None = Field(
        None, ge=1, description="Threads of a neural engine on the CPU. Default: all."
    )
    device_id: int = Field(0, ge=0, description="Which accelerator, when there are several.")
    max_memory: float | None = Field(
        None,
        gt=0,
        description="Gigabytes that a film's render may take, by letting fewer frames wait. What a network allocates "
        "while it runs is not bounded.",
    )


Output = Annotated[PhotoOutput | VideoOutput, Field(discriminator="kind")]


class Plan(Value):
    """A request: what to swap, into what, and how. Paths and names are as the user gave them."""

    version: Literal[1] = 1
    source: Source
    casting: Casting = Casting()
    seeing: Seeing = Seeing()
    look: Look = Look()
    compute: Compute = Compute()
    output: Output

    @model_validator(mode="after")
    def _somebody(self) -> Plan:
        if self.look.swapper == "none":
            if not (self.look.enhancer or self.look.upscaler):
                raise ValueError("swapper 'none' leaves nothing to do without an enhancer or an upscaler")
        elif not (self.casting.actor or self.casting.cast):
            raise ValueError("an actor is needed: a photo of the person whose face goes in")
        return self

    @model_validator(mode="after")
    def _varied(self) -> Plan:
        _ = self.variants
        return self

    @property
    def variants(self) -> tuple[Look | None, ...]:
        """For each variation of the casting, the look that it asks for; None leaves the face as it is.

        Raises:
            ValueError: It asks for what cannot be.
        """
        return tuple(None if each.skip else changed(self.look, each.changes) for each in self.casting.for_)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Every look that is asked for, once; the first is the plan's own."""
        looks = [self.look]
        for look in self.variants:
            if look is not None and look not in looks:
                looks.append(look)
        return tuple(looks)

    @model_validator(mode="after")
    def _same_kind(self) -> Plan:
        if self.source.kind != self.output.kind:
            raise ValueError(f"a {self.source.kind} target cannot become a {self.output.kind} output")
        return self


class ResolvedPlan(Value):
    """What will be done: nothing left to look up, nothing that depends on where files lie.

    Hash, store, resume and send this one. The caller keeps the map from content address to path.
    """

    version: Literal[1] = 1
    target: Content
    source: Source
    roles: tuple[CastRole, ...] = Field((), description="In the order in which a face's actor is numbered.")
    casting: Casting = Field(
        Casting(), description="How faces are chosen; whatever was a path in it is in 'roles'."
    )
    reference: ReferenceImage | None = Field(
        None, description="Whom alone to enhance, when nobody plays anybody."
    )
    people: tuple[PersonRef, ...] = Field((), description="Whom alone to enhance, likewise.")
    excluded: tuple[PersonRef, ...] = Field((), description="Who stays as they are.")
    seeing: Seeing = Seeing()
    look: Look
    looks: tuple[Look, ...] = Field((), description="Others than that one, by number from 1.")
    variations: tuple[VariationRef, ...] = Field((), description="Who gets which of them; the last counts.")
    precision: str = "auto"
    models: tuple[ModelRef, ...]
    output: Output
    sound: Content | None = Field(None, description="What replaces the target's sound.")
    encoder: str | None = Field(None, description="The concrete encoder, for film.")
    consent: tuple[ConsentRef, ...] = Field((), description="What is on record of the actors' consent.")
    software: str = Field(description="Name and version of what made the plan.")
