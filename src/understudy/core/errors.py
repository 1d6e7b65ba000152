"""Every error that Understudy raises on purpose, as one tree.

::

    UnderstudyError                 exit code
    ├── PlanError                   2   the request contradicts itself or names something unknown
    │   └── OutputExists            2   the output is there already, or is one of the inputs
    ├── InputError                  3   a file cannot be read as what it should be
    │   └── UnsupportedMedia        3   readable, but a kind we refuse or do not know
    ├── FaceError                   4   no usable face where one is needed
    ├── ModelError                  5   weights are missing, corrupt or refused
    │   ├── ModelMissing            5   not cached and may not be fetched
    │   ├── ModelCorrupt            5   bytes differ from the catalogue's digest
    │   └── ModelNotAccepted        9   not cached, and the user has not agreed to the licence (or unknown digest)
    ├── OutputError                 6   the result cannot be written
    │   └── DiskFull                6   no space left while writing
    ├── EncoderError                7   the encoder is unknown, unavailable or failed
    ├── DependencyMissing           8   an optional package is not installed
    ├── OutOfMemory                 10  the system gave no more memory
    ├── SigningError                13  the result cannot be marked, and so there is none
    ├── ConsentMissing              14  consent is required, and none is on record
    ├── SafetyError                 11  the content gate does not let it pass
    │   ├── Blocked                 11  it saw what the policy does not allow
    │   └── Undetermined            12  it cannot say, and therefore refuses
    └── Cancelled                   130 the user stopped it

Each says what happened to which file, why, and what to do next. Only ``cli/`` turns them into exit codes.
"""

from __future__ import annotations

import os
from typing import ClassVar

__all__ = [
    "Blocked",
    "Cancelled",
    "ConsentMissing",
    "DependencyMissing",
    "DiskFull",
    "EncoderError",
    "FaceError",
    "InputError",
    "ModelCorrupt",
    "ModelError",
    "ModelMissing",
    "ModelNotAccepted",
    "OutOfMemory",
    "OutputError",
    "OutputExists",
    "PlanError",
    "SafetyError",
    "SigningError",
    "UnderstudyError",
    "Undetermined",
    "UnsupportedMedia",
]


class UnderstudyError(Exception):
    """Base of the tree.

    Args:
        message: One sentence that names the cause.
        path: The file that it is about, when there is one.
        next_step: What the user can do now, as one sentence or command.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self, message: str, *, path: str | os.PathLike[str] | None = None, next_step: str = ""
    ) -> None:
        self.message = message
        self.path = os.fspath(path) if path is not None else None
        self.next_step = next_step
        super().__init__(message)

    @property
    def code(self) -> str:
        """The error's stable name for machines, such as ``"ModelMissing"``."""
        return type(self).__name__

    def __str__(self) -> str:
        head = f"{self.path}: {self.message}" if self.path else self.message
        return f"{head} {self.next_step}".rstrip()


class PlanError(UnderstudyError):
    """The request contradicts itself or names something unknown."""

    exit_code = 2


class OutputExists(PlanError):
    """The output is there already, or is one of the inputs."""


class InputError(UnderstudyError):
    """A file cannot be read as what it should be."""

    exit_code = 3


class UnsupportedMedia(InputError):
    """The file is readable, but of a kind that is refused or unknown."""


class FaceError(UnderstudyError):
    """There is no usable face where one is needed."""

    exit_code = 4


class ModelError(UnderstudyError):
    """Weights are missing, corrupt or refused."""

    exit_code = 5


class ModelMissing(ModelError):
    """The weights are not in the cache and may not (or could not) be fetched."""


class ModelCorrupt(ModelError):
    """The bytes differ from the digest in the catalogue; they are never loaded."""


class ModelNotAccepted(ModelError):
    """The weights are not in the cache, and the user has not agreed to what their use or their origin asks for."""

    exit_code = 9


class OutputError(UnderstudyError):
    """The result cannot be written."""

    exit_code = 6


class DiskFull(OutputError):
    """No space was left while writing; nothing half-written remains."""


class EncoderError(UnderstudyError):
    """The encoder is unknown, unavailable here, or failed."""

    exit_code = 7


class DependencyMissing(UnderstudyError):
    """An optional package is not installed; ``next_step`` is its install line."""

    exit_code = 8


class OutOfMemory(UnderstudyError):
    """The system gave no more memory; nothing half-written remains."""

    exit_code = 10


class SafetyError(UnderstudyError):
    """The content gate does not let it pass; nothing of it was kept."""

    exit_code = 11


class Blocked(SafetyError):
    """The gate saw what the policy does not allow."""


class Undetermined(SafetyError):
    """The gate cannot say whether it may be written, and therefore refuses."""

    exit_code = 12


class SigningError(UnderstudyError):
    """The result cannot be marked as what it is, and so there is none."""

    exit_code = 13


class ConsentMissing(UnderstudyError):
    """Consent is required, and none that counts is on record."""

    exit_code = 14


class Cancelled(UnderstudyError):
    """The user stopped it; nothing half-written remains."""

    exit_code = 130
