"""Evidence that is kept, so that the same thing is not looked at twice: small readable files, and no picture in them.

A key is made of what was looked at (by content, never by path), of the networks and of the policy. A file that was
damaged is not evidence: it is looked at again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from understudy.safety.evidence import Sample, from_plain, named, to_plain

__all__ = ["EvidenceStore"]

_SCHEMA: Final = 2


class EvidenceStore:
    """A folder of evidence.

    Args:
        folder: Made when something is put there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self, **parts: Any) -> str:
        """The name of what is known of these things: everything that the evidence depends on, as JSON has it."""
        return _digest({"schema": _SCHEMA, **parts})

    def get(self, key: str, name: str) -> tuple[Sample, ...] | None:
        """What is known, told of a file called ``name``; None if nothing is."""
        try:
            kept = json.loads((self._folder / f"{key}.json").read_text("utf-8"))
            if kept["key"] != key or kept["digest"] != _digest(kept["samples"]):
                return None
            return named(from_plain(kept["samples"]), name)
        except (OSError, ValueError, TypeError, KeyError, ZeroDivisionError):
            return None

    def put(self, key: str, samples: Sequence[Sample]) -> None:
        """Keep evidence. Where that is not possible it is looked for again next time."""
        plain = to_plain(samples)
        text = json.dumps({"key": key, "digest": _digest(plain), "samples": plain}, indent=1)
        part = self._folder / f".{secrets.token_hex(6)}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_text(text, encoding="utf-8")
            part.replace(self._folder / f"{key}.json")
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
