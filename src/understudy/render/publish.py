"""From committed segments to the one file under its final name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from understudy.media.files import check_output, staged

__all__ = ["staged_film"]


@contextmanager
def staged_film(output: Path, *, overwrite: bool) -> Iterator[Path]:
    """A temporary name to render to; when the block ends well it is synced and gets its final name.

    However else the block ends, nothing is left, and what was there before is untouched. (A film is one
    segment for now; joining several, and signing, will happen here, between the block's end and the rename.)

    Args:
        output: The final name.
        overwrite: Whether it may be taken by an older file.

    Raises:
        OutputExists: It is taken and ``overwrite`` is off.
        OutputError: It cannot be written.
    """
    check_output(output, overwrite=overwrite)
    with staged(output, overwrite=overwrite) as temporary:
        yield temporary
