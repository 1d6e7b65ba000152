"""Reading only real files, and publishing a result in one step: the old file or the complete new one."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from understudy.core.errors import DiskFull, InputError, OutputError, OutputExists, PlanError
from understudy.core.system import publish_exclusively, sync_directory, sync_file

__all__ = [
    "Seal",
    "check_input",
    "check_output",
    "is_abandoned",
    "named_format",
    "output_error",
    "publish",
    "staged",
    "temporary_in",
]

Seal = Callable[[Path, Path], Path | None]
"""Marks a complete draft in place, the last thing before it is published.

It is called with the draft and the name that this will get, and returns a file that is to lie beside it, if there is
one: ``scene.c2pa`` beside ``scene.mkv``.
"""

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


def named_format(path: Path, suffixes: Mapping[str, str], kind: str) -> str:
    """The format that a file's name asks for.

    Args:
        path: The name.
        suffixes: Lower-case suffix, with its dot, to format.
        kind: What the formats are of, for the error: ``"film"``.

    Raises:
        PlanError: None that is known.
    """
    found = suffixes.get(path.suffix.lower())
    if found is None:
        raise PlanError(
            f"'{path.suffix}' names no {kind} format.", path=path, next_step=f"Use {', '.join(suffixes)}."
        )
    return found


def check_input(path: Path) -> None:
    """Refuse what is not a regular, non-empty, readable file, without opening pipes or devices.

    Raises:
        InputError: With the reason.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise InputError("There is no such file.", path=path, next_step="Check the name.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot be read: {error}.", path=path) from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError("This is a directory.", path=path, next_step="Name one file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(
            "This is a pipe or device, not a file.", path=path, next_step="Save it as a file first."
        )
    if status.st_size == 0:
        raise InputError("The file is empty.", path=path, next_step="Copy or download it again.")
    if not os.access(path, os.R_OK):
        raise InputError("There is no permission to read this file.", path=path)


def check_output(path: Path, *, overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output that cannot or must not be written, before any work is done.

    Raises:
        OutputExists: It is one of the inputs, or exists and ``overwrite`` is off.
        OutputError: Its directory is missing or not writable, or it is not a file.
    """
    try:
        _check_name(path, overwrite, inputs)
        probe = temporary_in(path.parent)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise output_error(error, path) from error
    except ValueError as error:
        raise OutputError(f"Cannot be written: {error}.", path=path) from error


def _check_name(path: Path, overwrite: bool, inputs: Sequence[Path]) -> None:
    for source in inputs:
        if path.exists() and source.exists() and path.samefile(source):
            raise OutputExists(
                "The output is one of the inputs.", path=path, next_step="Choose another name."
            )
    if path.exists() or path.is_symlink():
        if not path.is_file():
            raise OutputError("The output is not a file.", path=path, next_step="Name a file.")
        if not overwrite:
            raise OutputExists(
                "The output exists.", path=path, next_step="Choose another name or pass --overwrite."
            )
    folder = path.parent
    if not folder.is_dir():
        raise OutputError("The output's folder does not exist.", path=path, next_step=f"Create {folder}.")


def output_error(error: OSError, path: Path) -> OutputError:
    """The typed error for a failed write."""
    if error.errno in _NO_SPACE:
        return DiskFull(
            "No space is left on the disk; nothing half-written remains.",
            path=path,
            next_step="Free some space or write elsewhere.",
        )
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return OutputError(f"Cannot be written: {reason}.", path=path, next_step="Choose another folder or name.")


@contextlib.contextmanager
def staged(final: Path, *, overwrite: bool, tag: str = "", seal: Seal | None = None) -> Iterator[Path]:
    """A temporary name beside the final one: published when the block ends well, removed when it does not.

    Args:
        final: The final name.
        overwrite: Whether it may be taken by an older file.
        tag: Makes the temporary name the same every time, so that what a killed process left is written over. Only
            one process at a time may use it.
        seal: Marks the file before it is published.

    Raises:
        OutputExists: The final name was taken meanwhile and ``overwrite`` is off.
        OutputError: It cannot be published.
        UnderstudyError: Whatever ``seal`` raises; nothing is published then.
    """
    temporary = temporary_in(final.parent, tag)
    beside: Path | None = None
    try:
        # It may be the final file's second name, if a process was killed between giving and taking away.
        temporary.unlink(missing_ok=True)
        yield temporary
        beside = seal(temporary, final) if seal is not None else None
        if beside is None:
            publish(temporary, final, overwrite=overwrite)
        else:
            _publish_both(temporary, final, beside, overwrite=overwrite)
    finally:
        for path in filter(None, (temporary, beside)):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _publish_both(temporary: Path, final: Path, beside: Path, *, overwrite: bool) -> None:
    """What lies beside a file comes first: the file never has its name without it."""
    companion = final.with_suffix(beside.suffix)
    publish(beside, companion, overwrite=overwrite or is_abandoned(companion))
    try:
        publish(temporary, final, overwrite=overwrite)
    except BaseException:
        if not overwrite:
            companion.unlink(missing_ok=True)
        raise


def is_abandoned(companion: Path) -> bool:
    """Whether nothing lies beside a sidecar: a process was killed before its file had its name."""
    names = companion.parent.glob(f"{glob.escape(companion.stem)}.*") if companion.is_file() else ()
    return companion.is_file() and all(path == companion for path in names)


def publish(temporary: Path, final: Path, *, overwrite: bool) -> None:
    """Give a complete file its final name, durably.

    Raises:
        OutputExists: The name is taken and ``overwrite`` is off.
        OutputError: It cannot be synced or renamed.
    """
    try:
        sync_file(temporary)
        if overwrite:
            temporary.replace(final)
        else:
            publish_exclusively(temporary, final)
    except FileExistsError as error:
        raise OutputExists(
            "The output appeared meanwhile.", path=final, next_step="Choose another name or pass --overwrite."
        ) from error
    except OSError as error:
        raise output_error(error, final) from error
    sync_directory(final.parent)


def temporary_in(folder: Path, tag: str = "") -> Path:
    """A name for what is not complete yet; the same every time with a tag."""
    # Short whatever the final name's length, hidden, and unlike anything a user would write.
    return folder / f".understudy-{tag or secrets.token_hex(6)}.part"
