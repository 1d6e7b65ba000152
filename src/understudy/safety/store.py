"""Evidence that is kept, so that the same thing is not looked at twice: small readable files, and no picture in them.

A key is made of what was looked at (by content, never by path), of the networks and of the policy. A file that was
damaged is not evidence: it is looked at again. So is what was removed because nobody used it for long, or because there
was too much of it: evidence can make a job cheaper, and its absence can never allow anything.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from understudy.safety.evidence import Sample, from_plain, named, to_plain

__all__ = ["Bounds", "EvidenceStore"]

_SCHEMA: Final = 2
_OWN: Final = re.compile(r"[0-9a-f]{64}\.json|\.[0-9a-f]{12}\.part")
_DAY: Final = 86400.0


@dataclass(frozen=True)
class Bounds:
    """How much is kept. What was used last stays.

    Attributes:
        records: How many; a film has two for each ten seconds.
        bytes: How much space they take together.
        days: For how long something stays that is not used.
    """

    records: int = 20_000
    bytes: int = 64 << 20
    days: float = 180


class EvidenceStore:
    """A folder of evidence.

    Args:
        folder: Made when something is put there.
        bounds: How much is kept in it; seen to once, when the first evidence is put there.
    """

    def __init__(self, folder: Path, bounds: Bounds | None = None) -> None:
        self._folder, self._bounds, self._tidied = folder, bounds or Bounds(), False

    def key(self, **parts: Any) -> str:
        """The name of what is known of these things: everything that the evidence depends on, as JSON has it."""
        return _digest({"schema": _SCHEMA, **parts})

    def get(self, key: str, name: str) -> tuple[Sample, ...] | None:
        """What is known, told of a file called ``name``; None if nothing is."""
        path = self._folder / f"{key}.json"
        try:
            kept = json.loads(path.read_text("utf-8"))
            if kept["key"] != key or kept["digest"] != _digest(kept["samples"]):
                return None
            samples = named(from_plain(kept["samples"]), name)
        except (OSError, ValueError, TypeError, KeyError, ZeroDivisionError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return samples

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
        if not self._tidied:
            self._tidied = True
            self._tidy()

    def _tidy(self) -> None:
        """Remove what is too much, of what was not used for the longest time first."""
        bounds, now = self._bounds, time.time()
        records, size = 0, 0
        for path, used, length in sorted(self._files(), key=lambda file: -file[1]):
            old = now - used > (bounds.days if path.suffix == ".json" else 1) * _DAY
            if old or records + 1 > bounds.records or size + length > bounds.bytes:
                with contextlib.suppress(OSError):
                    path.unlink()
            else:
                records, size = records + 1, size + length

    def _files(self) -> Iterator[tuple[Path, float, int]]:
        """Each file of the store's own: its path, when it was used last, and its length."""
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if _OWN.fullmatch(entry.name):
                    with contextlib.suppress(OSError):
                        state = entry.stat(follow_symlinks=False)
                        yield Path(entry.path), state.st_mtime, state.st_size


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
