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
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

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


FaceOrder = Literal["frontal", "large", "small", "left", "right", "top", "bottom", "score"]
ImageFormat = Literal["png", "jpg", "tif", "webp"]
MaskKind = Literal["box", "occlusion", "region", "mouth"]
MaskRegion = Literal["skin", "brows", "eyes", "glasses", "nose", "mouth", "lips"]


def _listed(value: Any) -> Any:
    """``"box, region"`` as ``("box", "region")``."""
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _sides(value: Any) -> Any:
    """One number for all sides, two for vertical and horizontal, or four: top, right, bottom, left."""
    values = (value,) if isinstance(value, int) else tuple(_listed(value))
    return {1: values * 4, 2: values * 2}.get(len(values), values)


def _span(value: Any) -> Any:
    """``"20-40"`` as ``(20, 40)``."""
    return tuple(part.strip() for part in value.split("-")) if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    """``"256"`` as ``256``: a literal number takes no text."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


def _one_or_more(value: Any) -> Any:
    """What may be given several times, given once."""
    return (value,) if isinstance(value, str) else value


def _pair(value: Any) -> Any:
    """``"role.png=actor.png"`` as the fields of a :class:`Role`."""
    if not isinstance(value, str):
        return value
    reference, equals, actor = value.partition("=")
    if not (reference and equals and actor):
        raise ValueError("it must be ROLE=ACTOR: a picture of who is replaced, and a photo of who goes in")
    return {"reference": reference, "actor": tuple(actor.split(","))}


class Role(_Value):
    """One person of the target and who plays them."""

    reference: Path = Field(description="A picture of the person in the target.")
    actor: tuple[Path, ...] = Field(min_length=1, description="Photo(s) of who goes in.")


class Casting(_Value):
    """Who plays whom."""

    actor: tuple[Path, ...] = Field(
        (), description="Photo(s), folders or facesets (.fsz) of the person whose face goes in."
    )
    cast: Annotated[tuple[Annotated[Role, BeforeValidator(_pair)], ...], BeforeValidator(_one_or_more)] = (
        Field(
            (),
            description="ROLE=ACTOR: the person in picture ROLE is played by the one in picture ACTOR. May be given "
            "several times, for several people.",
        )
    )
    actor_face: Literal["largest", "left"] | Annotated[int, Field(ge=1)] = Field(
        "largest",
        description="Which face of the actor's photo: 'largest', 'left' (leftmost), or its number from "
        "'understudy faces' (1 is the first from the left).",
    )
    actor_mix: Literal["mean", "median", "quality"] = Field(
        "quality",
        description="How several photos of the actor become one likeness: plain mean, median, or mean weighted by "
        "the photos' quality.",
    )
    faces: Literal["one", "many"] = Field(
        "one",
        description="Replace one face of each frame (see --face-order) or every face.",
    )
    face_order: FaceOrder | None = Field(
        None,
        description="Which one face: the leftmost, the largest, ...; among equals the more frontal. Default: the "
        "largest and most frontal.",
    )
    face_position: int = Field(
        1, ge=1, description="With --face-order: the first in that order, the second, ..."
    )
    reference: Path | None = Field(
        None,
        description="Replace only the person in this picture (a photo, or a film with --reference-frame).",
    )
    reference_frame: int | None = Field(
        None,
        ge=0,
        description="Replace only the person in this frame of the target (or of the film given as --reference); "
        "0 is the first.",
    )
    reference_face: int = Field(
        1, ge=1, description="Which face of the reference: its number from 'understudy faces'."
    )
    similarity: float | None = Field(
        None,
        ge=-1,
        le=1,
        description="How like the reference a face must be: cosine of the embeddings, 1 is the same picture. "
        "Default: the embedder's own bound. roop's similar-face-distance D is 1 - D / 2 here.",
    )
    gender: Literal["female", "male"] | None = Field(None, description="Replace only faces that look so.")
    age: Annotated[tuple[int, int], BeforeValidator(_span)] | None = Field(
        None, description="Replace only faces that look this old, in years: 20-40."
    )
    require_consent: bool = Field(
        False,
        description="Refuse unless a valid consent of every actor is on record ('understudy consent add').",
    )


class Look(_Value):
    """How the new face is made."""

    swapper: str = Field(
        "auto",
        description="Engine: 'mesh' is built in; 'auto' takes the best that is installed; 'none' leaves the face, "
        "for enhancing alone; 'understudy models list' names the others.",
    )
    likeness: float = Field(
        1.0,
        ge=0,
        le=1,
        description="How much of the actor: for 'mesh' how much of the facial proportions (0 keeps the target's "
        "exactly), for neural engines how much of the embedding (0 is the target's own).",
    )
    pixel_boost: Annotated[Literal[128, 256, 512, 768, 1024] | None, BeforeValidator(_whole)] = Field(
        None, description="Neural engines: swap at this size in pixels, a multiple of the engine's own."
    )
    color_match: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Neural engines: how far the new face takes on the colours of the target's light. Default: 0.",
    )
    enhancer: str | None = Field(None, description="Restore the face with this model after the swap.")
    enhancer_blend: float = Field(0.8, ge=0, le=1, description="How much of the restored face to take.")
    enhancer_weight: float = Field(
        0.5,
        ge=0,
        le=1,
        description="CodeFormer: 0 is the best-looking face, 1 the most faithful to its input.",
    )
    mask: Annotated[tuple[MaskKind, ...], BeforeValidator(_listed)] = Field(
        ("box",),
        description="What limits the new face, with commas between; the least counts. 'occlusion' keeps what is in "
        "front of the face, 'region' takes only the parts of --mask-region, 'mouth' keeps the target's open mouth.",
    )
    mask_region: Annotated[tuple[MaskRegion, ...], BeforeValidator(_listed)] = Field(
        ("skin", "brows", "eyes", "glasses", "nose", "mouth", "lips"),
        description="With --mask region: the parts of the face that are replaced.",
    )
    mask_padding: Annotated[tuple[int, int, int, int], BeforeValidator(_sides)] = Field(
        (0, 0, 0, 0),
        description="Neural engines: percent of the face's box to leave as they are: one number, or top,right,"
        "bottom,left.",
    )
    mask_blur: float = Field(0.3, ge=0, le=1, description="Neural engines: softness of the box's edge.")
    upscaler: str | None = Field(None, description="Enlarge the whole picture with this model at the end.")
    label: str = Field(
        "off",
        max_length=80,
        description="Words in a corner of the picture that say what it is: 'on' for 'AI-edited', your own, or 'off'.",
    )


class Seeing(_Value):
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
        tuple[Annotated[Literal[0, 90, 180, 270], BeforeValidator(_whole)], ...], BeforeValidator(_listed)
    ] = Field(
        (0,),
        description="Also look at the picture turned by these angles, with commas between: 0,90,180,270.",
    )
    max_faces: int | None = Field(None, ge=1, description="Look at no more faces of a frame than this.")
    landmarker: str = Field("auto", description="Model that places the points a neural engine aligns by.")
    embedder: str = Field("auto", description="Model that tells people apart.")


class Compute(_Value):
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


Output = Annotated[PhotoOutput | VideoOutput, Field(discriminator="kind")]


class Plan(_Value):
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


class ReferenceImage(ActorImage):
    """One face of a picture, or of a film's frame, by which a person of the target is known."""

    frame: int | None = Field(None, description="Number of a film's frame, 0 is the first.")


class CastRole(_Value):
    """An actor and whom they play."""

    actor: tuple[ActorImage, ...] = Field(min_length=1)
    reference: ReferenceImage | None = Field(None, description="None is whoever the casting chooses.")


class ModelRef(_Value):
    """The exact weights that take part."""

    name: str
    role: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ConsentRef(_Value):
    """A record of consent, without what it says of people."""

    id: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the record as it was made.")


class ResolvedPlan(_Value):
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
    seeing: Seeing = Seeing()
    look: Look
    precision: str = "auto"
    models: tuple[ModelRef, ...]
    output: Output
    sound: Content | None = Field(None, description="What replaces the target's sound.")
    encoder: str | None = Field(None, description="The concrete encoder, for film.")
    consent: tuple[ConsentRef, ...] = Field((), description="What is on record of the actors' consent.")
    software: str = Field(description="Name and version of what made the plan.")
