"""How a new face looks: the options of swapping, restoring and masking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError

from understudy.core.value import Value

__all__ = ["Look", "MaskKind", "MaskRegion", "changed", "listed", "whole"]

MaskKind = Literal["box", "occlusion", "region", "mouth"]
MaskRegion = Literal["skin", "brows", "eyes", "glasses", "nose", "mouth", "lips"]


def listed(value: Any) -> Any:
    """``"box, region"`` as ``("box", "region")``."""
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _sides(value: Any) -> Any:
    """One number for all sides, two for vertical and horizontal, or four: top, right, bottom, left."""
    values = (value,) if isinstance(value, int) else tuple(listed(value))
    return {1: values * 4, 2: values * 2}.get(len(values), values)


def whole(value: Any) -> Any:
    """``"256"`` as ``256``: a literal number takes no text."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


class Look(Value):
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
    pixel_boost: Annotated[Literal[128, 256, 512, 768, 1024] | None, BeforeValidator(whole)] = Field(
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
        0.5, ge=0, le=1, description="CodeFormer: 0 is the best-looking face, 1 the most faithful one."
    )
    mask: Annotated[tuple[MaskKind, ...], BeforeValidator(listed)] = Field(
        ("box",),
        description="What limits the new face, with commas between; the least counts. 'occlusion' keeps what is in "
        "front of the face, 'region' takes only the parts of --mask-region, 'mouth' keeps the target's open mouth.",
    )
    mask_region: Annotated[tuple[MaskRegion, ...], BeforeValidator(listed)] = Field(
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
    keyframes: Literal["auto"] | Annotated[int, Field(ge=1, le=24)] = Field(
        1,
        description="Neural engines and enhancers, in film: draw a face in every so many frames and carry it to those "
        "between; 'auto' draws where pose, expression or light change. 1 draws every frame.",
    )
    label: str = Field(
        "off",
        max_length=80,
        description="Words in a corner of the picture that say what it is: 'on' for 'AI-edited', your own, or 'off'.",
    )
    watermark: bool = Field(
        False, description="An invisible mark in the picture; 'understudy verify --watermark' looks for it."
    )


_OF_A_FACE: Final = (
    *("swapper", "likeness", "pixel_boost", "color_match", "enhancer", "enhancer_blend", "enhancer_weight"),
    *("mask", "mask_region", "mask_padding", "mask_blur"),
)
"""Options that may be otherwise for one face than for another."""


def changed(look: Look, changes: Mapping[str, str]) -> Look:
    """A look with some options otherwise.

    Args:
        look: It.
        changes: Values by the options' names, as they are typed.

    Raises:
        ValueError: An option is none, or not a face's own, or cannot have that value.
    """
    for name in changes:
        if name not in _OF_A_FACE:
            known = ", ".join(option.replace("_", "-") for option in _OF_A_FACE)
            raise ValueError(f"'for' cannot set {name.replace('_', '-')!r}; it can set {known}")
    try:
        return Look.model_validate({**look.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        name, said = str(first["loc"][0]), first["msg"].removeprefix("Value error, ")
        raise ValueError(f"'for' cannot set {name} to {changes.get(name)!r}: {said}") from None
