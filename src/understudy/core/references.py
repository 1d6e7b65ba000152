"""What a resolved plan says of files, models and people: contents, not where they lie."""

from __future__ import annotations

from pydantic import Field

from understudy.core.value import Value

__all__ = [
    "ActorImage",
    "CastRole",
    "ConsentRef",
    "Content",
    "ModelRef",
    "PersonRef",
    "ReferenceImage",
    "VariationRef",
]


class Content(Value):
    """A content address: what a file holds, wherever it lies."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    media_type: str


class ActorImage(Value):
    """One face of one original picture."""

    content: Content
    bbox: tuple[float, float, float, float] = Field(description="Left, top, right, bottom in upright pixels.")


class ReferenceImage(ActorImage):
    """One face of a picture, or of a film's frame, by which a person of the target is known."""

    frame: int | None = Field(None, description="Number of a film's frame, 0 is the first.")


class PersonRef(Value):
    """Somebody in the target, who is found again however a later analysis numbers them."""

    analysis: str = Field(description="Key of the analysis that numbered them.")
    number: int = Field(ge=1)
    pts: int = Field(description="Of a frame that they are in, on the target's own clock.")
    bbox: tuple[float, float, float, float] = Field(description="Of their face there, in upright pixels.")


class CastRole(Value):
    """An actor and whom they play: by a picture, by the people of the target, or whoever the casting chooses."""

    actor: tuple[ActorImage, ...] = Field(min_length=1)
    reference: ReferenceImage | None = None
    people: tuple[PersonRef, ...] = ()


class VariationRef(Value):
    """A look for somebody, or for some time."""

    person: PersonRef | None = Field(None, description="None is everybody.")
    start: float | None = None
    stop: float | None = None
    look: int | None = Field(
        None, description="Number of the look, 0 is the plan's own; None leaves the face."
    )


class ModelRef(Value):
    """The exact weights that take part."""

    name: str
    role: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ConsentRef(Value):
    """A record of consent, without what it says of people."""

    id: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the record as it was made.")
