"""What the gate looks at and from when on it refuses: a table that a deployer can read, and change within bounds.

There is no switch in it: at least one network that knows nudity must look, every kind of nudity that it knows must be
listed, and no number can be set so that nothing is ever found.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from understudy.core.errors import Undetermined

__all__ = ["Counted", "Policy", "load_policy"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Counted(_Table):
    """From which score on a label of a network counts."""

    model: str
    label: str
    threshold: float = Field(ge=0.05, le=0.95)


class Sampling(_Table):
    """Which frames are looked at."""

    per_second: Annotated[float, Field(ge=2, le=1000)] | Literal["all"] = 2.0


class Views(_Table):
    """The longer side of what is looked at, in pixels."""

    frame: int = Field(640, ge=640, le=4096)
    person: int = Field(384, ge=320, le=4096)
    changed: int = Field(224, ge=224, le=4096)

    @property
    def of_people(self) -> int:
        """How many pixels are shown of the people of a frame who take turns: two who are two thirds as wide as high."""
        return round(2 * self.person * self.person * 0.7)


class Vote(_Table):
    """How many networks must agree, and within how many seconds."""

    rule: Literal["any", "majority", "all"] = "any"
    window: float = Field(2.0, ge=0, le=60)


class Policy(_Table):
    """A policy file.

    Attributes:
        version: Of this form.
        name: For people.
        models: Name of each network that looks to whether it must.
        sampling, views, vote: See there.
        counted: The classes (``[[class]]`` in the file).
    """

    version: Literal[1]
    name: str
    models: Mapping[str, Literal["required", "if installed"]]
    sampling: Sampling = Sampling()
    views: Views = Views()
    vote: Vote = Vote()
    counted: tuple[Counted, ...] = Field(alias="class", min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Policy:
        if "required" not in self.models.values():
            raise ValueError("no model is required, so nobody would look")
        strangers = {row.model for row in self.counted} - set(self.models)
        if strangers:
            raise ValueError(
                f"there are classes of {', '.join(sorted(strangers))}, which is not among the models"
            )
        if len({(row.model, row.label) for row in self.counted}) < len(self.counted):
            raise ValueError("a class is listed twice")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of what it says; comments and order do not matter."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def threshold(self, model: str, label: str) -> float | None:
        """From which score on this counts; None is never."""
        return next((row.threshold for row in self.counted if (row.model, row.label) == (model, label)), None)


def load_policy(path: Path | None = None) -> Policy:
    """Read a deployer's policy, or the package's own.

    Raises:
        Undetermined: It cannot be read, or is no policy. Nothing falls back to another one.
    """
    source = resources.files("understudy.safety") / "policy.toml" if path is None else path
    try:
        return Policy.model_validate(tomllib.loads(source.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        cause = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".lstrip(": ")
    except (OSError, ValueError) as error:
        cause = str(error)
    raise Undetermined(
        f"The gate's policy cannot be read: {cause}.",
        path=path,
        next_step="Mend the file that the setting 'policy' names; docs/safety.md shows its form.",
    )
