"""Who plays whom: the options of a casting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from understudy.core.value import Value

__all__ = ["Casting", "FaceOrder", "Role"]

FaceOrder = Literal["frontal", "large", "small", "left", "right", "top", "bottom", "score"]


def _span(value: Any) -> Any:
    """``"20-40"`` as ``(20, 40)``."""
    return tuple(part.strip() for part in value.split("-")) if isinstance(value, str) else value


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


class Role(Value):
    """One person of the target and who plays them."""

    reference: Path = Field(description="A picture of the person in the target.")
    actor: tuple[Path, ...] = Field(min_length=1, description="Photo(s) of who goes in.")


class Casting(Value):
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
