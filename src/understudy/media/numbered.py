"""Numbered pictures as a result: their names, and their appearance all at once."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from understudy.core.errors import OutputError, OutputExists
from understudy.core.system import sync_directory
from understudy.media.files import check_output, output_error, temporary_in
from understudy.media.sequence import NUMBER, SUFFIXES, sequence_files

__all__ = [
    "check_result",
    "is_numbered",
    "numbered",
    "numbers_of",
    "own_pattern",
    "staged_pictures",
]

_NAME = re.compile(r"(.*?)(\d+)\.\w+", re.DOTALL)


def is_numbered(path: Path) -> bool:
    """Whether a name is a pattern for numbered pictures, such as ``%04d.png``."""
    return path.suffix.lower() in SUFFIXES and NUMBER.search(path.name) is not None


def numbered(pattern: Path, number: int) -> Path:
    """The picture of this number."""
    return pattern.with_name(NUMBER.sub(lambda match: match[0] % number, pattern.name, count=1))


def own_pattern(source: Path, suffix: str) -> str:
    """A pattern that gives pictures the names that a sequence has already; six digits for what is none.

    Args:
        source: The target.
        suffix: Of the new pictures.
    """
    matches = [match for file in sequence_files(source) if (match := _NAME.fullmatch(file.name))]
    if not matches:
        return f"%06d{suffix}"
    widths = {len(match[2]) for match in matches}
    digits = f"%0{widths.pop()}d" if len(widths) == 1 else "%d"
    # A name that looks like a pattern itself would be taken for one.
    return f"{NUMBER.sub('', matches[0][1])}{digits}{suffix}"


def numbers_of(source: Path) -> list[int] | None:
    """The numbers of a sequence's pictures in their order; None of what is none, or has a number twice."""
    found = [int(match[2]) for file in sequence_files(source) if (match := _NAME.fullmatch(file.name))]
    return found if found and len(set(found)) == len(found) else None


def check_result(path: Path, *, overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    """Refuse a result, file or pattern, that cannot or must not be written, before any work is done.

    Args:
        path: Its name.
        overwrite: Whether there may be files of that name.
        inputs: Files, folders and patterns that are read.

    Raises:
        OutputExists: There are, and they are inputs or may not be replaced.
        OutputError: The folder cannot be made or written, or is none.
    """
    (_check_numbered if is_numbered(path) else check_output)(path, overwrite=overwrite, inputs=inputs)


def _check_numbered(pattern: Path, *, overwrite: bool, inputs: Sequence[Path] = ()) -> None:
    folder = pattern.parent
    if not folder.exists():
        check_output(folder, overwrite=False)
        return
    if not folder.is_dir():
        raise OutputError("This is not a folder.", path=folder, next_step="Name another.")
    check_output(pattern, overwrite=overwrite)
    taken = {file.resolve() for file in sequence_files(pattern)}
    for source in inputs:
        read = {file.resolve() for file in (*sequence_files(source), source)}
        if taken & read or folder.resolve() in read:
            raise OutputExists(
                "The output is one of the inputs.", path=pattern, next_step="Choose another folder."
            )
    if taken and not overwrite:
        raise OutputExists(
            "There are pictures of such names.",
            path=pattern,
            next_step="Choose another folder or name, or pass --overwrite.",
        )


@contextlib.contextmanager
def staged_pictures(pattern: Path, *, overwrite: bool, tag: str) -> Iterator[Path]:
    """A folder beside the final one, whose pictures get their place when the block ends well.

    A new folder appears in one step; in an old one each picture does.

    Args:
        pattern: Their final name.
        overwrite: Whether there may be pictures of such names.
        tag: Makes the temporary name the same every time, so that what a killed process left is removed.

    Raises:
        OutputExists: There are now, and there may not be.
        OutputError: They cannot be written.
    """
    folder = pattern.parent
    is_new = not folder.exists()
    temporary = temporary_in(folder.parent if is_new else folder, tag)
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        yield temporary
        if is_new:
            temporary.rename(folder)
            sync_directory(folder.parent)
            return
        _check_numbered(pattern, overwrite=overwrite)
        for picture in sorted(temporary.iterdir()):
            picture.replace(folder / picture.name)
        sync_directory(folder)
    except OSError as error:
        raise output_error(error, folder) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
