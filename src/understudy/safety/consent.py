"""Consent as data: who agreed to what until when, bound to the photos of their face.

The records lie in one file of JSON lines that only its user can read, and leave it by ``understudy consent export``
alone. What a result carries is a record's number and its digest, so that whoever holds the record can show it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import numpy as np
from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from understudy.core.errors import InputError, PlanError
from understudy.core.plan import ConsentRef
from understudy.core.system import sync_file
from understudy.core.types import FloatArray
from understudy.media.files import output_error

__all__ = ["Consent", "ConsentStore", "FacePrint", "Likeness", "covering"]


class FacePrint(BaseModel):
    """What a network makes of a face; prints of different networks never mix."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedder: str = Field(description="SHA-256 of its weights.")
    vector: tuple[float, ...]


class Consent(BaseModel):
    """A record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{12}$")
    who: str = Field(min_length=1, description="Whose face it is.")
    scope: str = Field(min_length=1, description="What they agreed to.")
    given: datetime
    until: date | None = Field(None, description="The last day on which it counts; None is until revoked.")
    photos: tuple[str, ...] = Field(min_length=1, description="SHA-256 of each photo.")
    prints: tuple[FacePrint, ...] = Field((), description="Of the same faces, when a network was there.")
    document: str | None = Field(None, description="SHA-256 of what was signed.")
    revoked: datetime | None = None

    @property
    def state(self) -> Literal["valid", "revoked", "expired"]:
        """Whether it counts today."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.until is not None and self.until < datetime.now(UTC).date() else "valid"

    @property
    def reference(self) -> ConsentRef:
        """How a result names it. The digest is of the record as it was given."""
        text = json.dumps(self.model_dump(mode="json", exclude={"revoked"}), sort_keys=True)
        return ConsentRef(id=self.id, sha256=hashlib.sha256(text.encode()).hexdigest())


class Likeness:
    """How a face of an actor is known to a record.

    Args:
        photo: SHA-256 of the picture.
        embedder: SHA-256 of the network's weights; None when there is none.
        vector: (d,) of length 1, what that makes of the face.
        same_person: Cosine from which two count as one person's.
    """

    def __init__(
        self,
        photo: str,
        embedder: str | None = None,
        vector: FloatArray | None = None,
        same_person: float = 1.0,
    ) -> None:
        self._photo, self._embedder, self._vector, self._bound = photo, embedder, vector, same_person

    def in_record(self, record: Consent) -> bool:
        """Whether the record is of this face: of the very photo, or of one that looks the same."""
        if self._photo in record.photos:
            return True
        return self._vector is not None and any(
            each.embedder == self._embedder and float(np.dot(each.vector, self._vector)) >= self._bound
            for each in record.prints
        )


def covering(records: Iterable[Consent], faces: Sequence[Likeness]) -> tuple[ConsentRef, ...]:
    """The valid records that cover an actor; none unless every face of the actor is in one of them."""
    valid = [record for record in records if record.state == "valid"]
    used: dict[str, ConsentRef] = {}
    for face in faces:
        found = [record for record in valid if face.in_record(record)]
        if not found:
            return ()
        used |= {record.id: record.reference for record in found}
    return tuple(used.values())


class ConsentStore:
    """The records of this user.

    Args:
        path: The file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def records(self) -> list[Consent]:
        """All of them, in the order in which they were added.

        Raises:
            InputError: The file cannot be read; no part of it counts then, for a revocation might be in the other.
        """
        try:
            text = self.path.read_text("utf-8") if self.path.exists() else ""
            return [Consent.model_validate_json(line) for line in text.splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise InputError(
                "The records of consent cannot be read.",
                path=self.path,
                next_step="Restore that file from a copy, or move it away to begin anew.",
            ) from error

    def add(self, record: Consent) -> None:
        """Keep a record.

        Raises:
            InputError, OutputError: The file cannot be read or written.
        """
        with self._lock():
            self._write([*self.records(), record])

    def revoke(self, number: str) -> Consent:
        """Take a consent back, from now on.

        Args:
            number: The record's, or as much of its beginning as is unlike every other's.

        Raises:
            PlanError: There is no such record, or more than one.
            InputError, OutputError: The file cannot be read or written.
        """
        with self._lock():
            records = self.records()
            found = [index for index, each in enumerate(records) if each.id.startswith(number)]
            if len(found) != 1 or not number:
                raise PlanError(
                    f"{'More than one record begins' if found else 'No record begins'} with {number!r}.",
                    next_step="'understudy consent list' shows their numbers.",
                )
            (index,) = found
            if records[index].revoked is None:
                records[index] = records[index].model_copy(update={"revoked": datetime.now(UTC)})
                self._write(records)
            return records[index]

    def _lock(self) -> FileLock:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(error, self.path) from error
        return FileLock(self.path.with_suffix(".lock"))

    def _write(self, records: Sequence[Consent]) -> None:
        """All or nothing, and readable for nobody else at any moment."""
        part = self.path.with_suffix(".part")
        try:
            part.unlink(missing_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.writelines(f"{record.model_dump_json()}\n" for record in records)
            sync_file(part)
            part.replace(self.path)
        except OSError as error:
            raise output_error(error, self.path) from error
