"""What the content gate says of a picture or a film: the only key to whatever writes a file with a swapped face.

::

    Verdict = Allow | Block | Undetermined

Every writer of an output takes an :class:`Allow`, and nothing but ``safety/gate.py`` can make one: the class has no
instances of its own, and refuses subclasses of any other module. So a route that forgets the gate does not type-check,
and does not run either.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

__all__ = ["Allow", "Block", "Seen", "Undetermined", "Verdict", "check_allowed"]

_ISSUER: Final = "understudy.safety.gate"

Part = Literal["actor", "target", "output"]


@dataclass(frozen=True)
class Seen:
    """What the gate saw somewhere.

    Attributes:
        part: Whether it was in an actor's photo, in the target, or in the result.
        name: Of the file.
        frame: Number of the frame since the start of its segment; 0 for a photo.
        time: When it is shown, in seconds from the start of the film.
        model: Which network says so.
        label: What it calls it.
        score: How sure it is, 0 to 1.
        box: Left, top, right, bottom in upright pixels; None is the whole picture.
    """

    part: Part
    name: str
    frame: int
    time: Fraction
    model: str
    label: str
    score: float
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Allow:
    """It may be written. Only the gate makes one.

    Attributes:
        evidence: SHA-256 over everything that was seen.
        policy: SHA-256 of the policy that it was judged by.
        models: (name, SHA-256) of the networks that looked.
        samples: In how many pictures they looked.
    """

    evidence: str
    policy: str
    models: tuple[tuple[str, str], ...]
    samples: int

    def __init_subclass__(cls) -> None:
        if cls.__module__ != _ISSUER:
            raise TypeError("Only the gate issues an Allow.")

    def __post_init__(self) -> None:
        if type(self) is Allow:
            raise TypeError("Only the gate issues an Allow: see understudy.safety.gate.decide.")


@dataclass(frozen=True)
class Block:
    """It may not be written.

    Attributes:
        seen: What decided it, the strongest first.
        hard: Whether no policy can allow it: nudity, and nobody who is surely grown up.
        policy: SHA-256 of the policy.
    """

    seen: tuple[Seen, ...]
    hard: bool
    policy: str


@dataclass(frozen=True)
class Undetermined:
    """Nobody can say, so it may not be written either.

    Attributes:
        reason: Why, as one sentence.
        next_step: What the user can do.
    """

    reason: str
    next_step: str = ""


Verdict = Allow | Block | Undetermined


def check_allowed(allow: object) -> None:
    """Refuse to write without the gate's leave. Every writer calls this first.

    Raises:
        TypeError: It is no :class:`Allow`.
    """
    if not isinstance(allow, Allow):
        raise TypeError(f"An output needs the gate's Allow, not {type(allow).__name__}.")
