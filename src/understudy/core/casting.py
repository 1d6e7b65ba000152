"""Who plays whom: the options of a casting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from understudy.core.value import Value
from understudy.core.variation import Variation, as_variation

__all__ = ["Casting", "FaceOrder", "Role"]

FaceOrder = Literal["frontal", "large", "small", "left", "right", "top", "bottom", "score"]


def _span(value: Any) -> Any:
    """``"20-40"`` as ``(20, 40)``."""
    return tuple(part.strip() for part in value.split("-")) if isinstance(value, str) else value


def _one_or_more(value: Any) -> Any:
    """What may be given several times, given once."""
    return (value,) if isinstance(value, str) else value


def _names(value: Any) -> Any:
    """``"2, Ada"``, or several of these, as ``("2", "Ada")``."""
    texts = (str(value),) if isinstance(value, str | int) else value
    if not all(isinstance(text, str | int) for text in texts):
        return value
    return tuple(part.strip() for text in texts for part in str(text).split(",") if part.strip())


def _pair(value: Any) -> Any:
    """``"role.png=actor.png"`` as the fields of a :class:`Role`."""
    if not isinstance(value, str):
        return value
    reference, equals, actor = value.partition("=")
    if not (reference and equals and actor):
        raise ValueError(
            "it must be ROLE=ACTOR: who is replaced (a picture of them, or their number or name from 'understudy "
            "analyse'), and a photo of who goes in"
        )
    return {"reference": reference, "actor": tuple(actor.split(","))}


People = Annotated[tuple[Annotated[str, "PERSON"], ...], BeforeValidator(_names)]

Variations = Annotated[
    tuple[Annotated[Variation, "WHO@FROM-TO: OPTION=VALUE", BeforeValidator(as_variation)], ...],
    BeforeValidator(_one_or_more),
]


class Role(Value):
    """One person of the target and who plays them."""

    reference: Path = Field(
        description="A picture of the person in the target, or their number or name from 'understudy analyse'."
    )
    actor: tuple[Path, ...] = Field(min_length=1, description="Photo(s) of who goes in.")

    @property
    def by_picture(self) -> bool:
        """Whether the reference is a picture: a number, or a word without a suffix or a folder, is a person's."""
        return len(self.reference.parts) > 1 or bool(self.reference.suffix)


class Casting(Value):
    """Who plays whom."""

    actor: tuple[Path, ...] = Field(
        (), description="Photo(s), folders or facesets (.fsz) of the person whose face goes in."
    )
    cast: Annotated[tuple[Annotated[Role, BeforeValidator(_pair)], ...], BeforeValidator(_one_or_more)] = (
        Field(
            (),
            description="ROLE=ACTOR: the person ROLE, by a picture or by their number or name from 'understudy "
            "analyse', is played by the one in picture ACTOR. May be given several times, for several people.",
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
    person: People = Field(
        (),
        description="Replace only these people, by number or name from 'understudy analyse'; with commas between, or "
        "given several times.",
    )
    exclude: People = Field(
        (), description="Never replace these people, by number or name from 'understudy analyse'."
    )
    for_: Variations = Field(
        (),
        description="Other settings for somebody or for some time, 'WHO@FROM-TO: OPTION=VALUE, ...': '2@10-20: "
        "likeness=0.5', '@1:05-1:20: enhancer-blend=0.3', '3: skip'. May be given several times; the last counts.",
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

    @property
    def knows_by_picture(self) -> bool:
        """Whether somebody in the target is known by a picture."""
        by_reference = self.reference is not None or self.reference_frame is not None
        return by_reference or any(role.by_picture for role in self.cast)

    @property
    def knows_people(self) -> bool:
        """Whether it has to be known who is who, and so the whole target before anything of it is rendered."""
        return (
            bool(self.cast or self.person or self.exclude or self.for_)
            or self.knows_by_picture
            or self.by_looks
        )

    @property
    def by_looks(self) -> bool:
        """Whether it matters how somebody looks."""
        return self.gender is not None or self.age is not None
