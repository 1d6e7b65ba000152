"""What differs between operating systems; the only module with calls that some of them lack."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

__all__ = ["peak_memory", "publish_exclusively", "sync_directory", "sync_file", "usable_cpus"]


def usable_cpus() -> int:
    """Cores that this process may use; at least 1."""
    if sys.platform == "linux":
        return max(len(os.sched_getaffinity(0)), 1)
    return max(os.cpu_count() or 1, 1)


def sync_file(path: Path) -> None:
    """Push a file's bytes to the disk.

    Raises:
        OSError: A write that was only buffered until now failed, for want of space above all.
    """
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Push a directory's entries to the disk where the system can (not on Windows)."""
    if sys.platform == "win32":
        return
    # Some network file systems refuse to sync a directory; the rename itself has happened.
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def publish_exclusively(temporary: Path, final: Path) -> None:
    """Give a file its final name unless that name is taken.

    Raises:
        FileExistsError: The name is taken; the temporary file is left.
    """
    if sys.platform == "win32":
        temporary.rename(final)  # refuses to replace, on this system
        return
    try:
        os.link(temporary, final)
    except FileExistsError:
        raise
    except OSError:
        # No hard links on this file system (FAT, some network shares).
        if final.exists():
            raise FileExistsError(final) from None
        temporary.rename(final)
        return
    temporary.unlink()


def peak_memory() -> int | None:
    """Peak resident bytes of this process so far, None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
