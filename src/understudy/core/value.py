"""What every value that crosses a boundary is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Value"]


class Value(BaseModel):
    """Frozen, and without fields that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")
