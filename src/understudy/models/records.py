"""What the store has to remember beside the weights: digests seen first, and what the user accepted.

It lies in ``records.json`` in the folder of the weights, for people to read::

    {"digests": {"simswap_256": {"sha256": "...", "bytes": 220162570, "origin": "https://...", "date": "2026-11-21"}},
     "licences": [{"licence": "CC-BY-NC-4.0", "url": "https://...", "date": "2026-11-21"}],
     "unpinned": {"simswap_256": "2026-11-21"}}
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from understudy.core.errors import ModelError
from understudy.models.spec import ModelSpec

__all__ = ["Accepted", "Records", "Seen"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Seen(_Entry):
    """A file whose digest nobody has published, as it was when it first came."""

    sha256: str
    bytes: int
    origin: str
    date: datetime.date


class Accepted(_Entry):
    """A licence that the user accepted."""

    licence: str
    url: str
    date: datetime.date


class _Content(_Entry):
    digests: Mapping[str, Seen] = {}
    licences: tuple[Accepted, ...] = ()
    unpinned: Mapping[str, datetime.date] = {}


class Records:
    """The file of records of one folder; made when something is written. Safe between processes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.path = root / "records.json"

    def digest(self, spec: ModelSpec) -> Seen | None:
        """The digest that was recorded when this model first came; for a file of the user's, this file's."""
        seen = self._read().digests.get(spec.name)
        return None if seen and spec.local and seen.origin != str(spec.local) else seen

    def keep_digest(self, spec: ModelSpec, sha256: str, size: int, origin: str) -> None:
        """Remember which bytes this model is from now on."""
        seen = Seen(sha256=sha256, bytes=size, origin=origin, date=_today())
        self._change(
            lambda content: content.model_copy(update={"digests": {**content.digests, spec.name: seen}})
        )

    def forget_digest(self, spec: ModelSpec) -> None:
        """Let the next file of this model be another one."""
        self._change(
            lambda content: content.model_copy(
                update={"digests": {k: v for k, v in content.digests.items() if k != spec.name}}
            )
        )

    def licence(self, spec: ModelSpec) -> Accepted | None:
        """When the user accepted the model's licence."""
        return next(
            (
                accepted
                for accepted in self._read().licences
                if (accepted.licence, accepted.url) == (spec.licence, spec.licence_url)
            ),
            None,
        )

    def accept_licence(self, spec: ModelSpec) -> None:
        """Remember that the user accepts this model's licence; the same licence is not asked about again."""
        accepted = Accepted(licence=spec.licence, url=spec.licence_url, date=_today())
        if self.licence(spec) is None:
            self._change(
                lambda content: content.model_copy(update={"licences": (*content.licences, accepted)})
            )

    def unpinned(self, spec: ModelSpec) -> bool:
        """Whether the user accepted that nobody can say which bytes will come."""
        return spec.name in self._read().unpinned

    def accept_unpinned(self, spec: ModelSpec) -> None:
        """Remember that the user accepts that."""
        self._change(
            lambda content: content.model_copy(update={"unpinned": {**content.unpinned, spec.name: _today()}})
        )

    def _read(self) -> _Content:
        try:
            return _Content.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return _Content()
        except ValidationError as error:
            raise ModelError(
                "The store's records cannot be read; nothing was changed.",
                path=self.path,
                next_step="Mend it, or remove it: licences are then asked about again.",
            ) from error

    def _change(self, change: Callable[[_Content], _Content]) -> None:
        (self._root / ".locks").mkdir(parents=True, exist_ok=True)
        with FileLock(self._root / ".locks" / "records.lock"):
            part = self.path.with_suffix(".part")
            part.write_text(change(self._read()).model_dump_json(indent=1) + "\n", encoding="utf-8")
            part.replace(self.path)


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()
