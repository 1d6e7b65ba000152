"""What the gate's networks saw, picture by picture: values that can be kept and judged again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from understudy.core.verdict import Part, Seen

__all__ = ["Sample", "digest_of", "from_plain", "named", "to_plain"]


@dataclass(frozen=True)
class Sample:
    """One picture that was looked at.

    Attributes:
        part: What it is of.
        name: Of its file.
        frame: Its number, from 0.
        time: When it is shown, in seconds.
        models: The networks that looked.
        views: How many cut-outs each was shown; 0 for a result that is not changed, where the target's sample counts.
        changed: Whether it differs from the target; only then must a result's own pixels have been looked at.
        grown_up: Whether a model of age is sure of everybody in it.
        seen: What counts or might.
    """

    part: Part
    name: str
    frame: int
    time: Fraction
    models: tuple[str, ...]
    views: int
    changed: bool
    grown_up: bool
    seen: tuple[Seen, ...]


def named(samples: Iterable[Sample], name: str) -> tuple[Sample, ...]:
    """The same pictures in a file of another name."""
    return tuple(
        replace(sample, name=name, seen=tuple(replace(seen, name=name) for seen in sample.seen))
        for sample in samples
    )


def to_plain(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    """As JSON has it; names of files are left out."""
    return [_plain(asdict(sample)) for sample in samples]


def from_plain(rows: Iterable[Mapping[str, Any]]) -> tuple[Sample, ...]:
    """Undo :func:`to_plain`.

    Raises:
        ValueError, TypeError, KeyError: It is not what that made.
    """
    return tuple(
        Sample(
            **{
                **row,
                "name": "",
                "time": Fraction(row["time"]),
                "models": tuple(row["models"]),
                "seen": tuple(
                    Seen(
                        **{
                            **seen,
                            "name": "",
                            "time": Fraction(seen["time"]),
                            "box": None if seen["box"] is None else tuple(seen["box"]),
                        }
                    )
                    for seen in row["seen"]
                ),
            }
        )
        for row in rows
    )


def digest_of(samples: Iterable[Sample]) -> str:
    """SHA-256 over samples, whatever their files are called."""
    return hashlib.sha256(json.dumps(to_plain(samples), sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if name != "name"}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Fraction) else value
