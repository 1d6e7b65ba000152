"""Renders that were not finished."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from understudy.render.journal import MANIFEST, committed_lines

__all__ = ["Leftover", "clean", "leftovers"]


@dataclass(frozen=True)
class Leftover:
    """A render that was not finished.

    Attributes:
        folder: Its journal's.
        target, output: Where they lie.
        segments, frames, bytes: What is committed.
        modified: When something was last committed, in seconds since the epoch.
        busy: Whether a process is at work on it.
    """

    folder: Path
    target: str
    output: str
    segments: int
    frames: int
    bytes: int
    modified: float
    busy: bool


def leftovers(root: Path) -> list[Leftover]:
    """The renders that could be taken up again, the latest first."""
    found = []
    for manifest in root.glob(f"*/{MANIFEST}") if root.is_dir() else ():
        folder = manifest.parent
        try:
            said = json.loads(manifest.read_text("utf-8"))
            lines = list(committed_lines(folder))
            bytes_ = sum(path.stat().st_size for path in folder.iterdir())
            frames = sum(len(line.pts) for line in lines)
            modified = max(path.stat().st_mtime for path in folder.iterdir())
            found.append(
                Leftover(
                    folder,
                    said["target"],
                    said["output"],
                    len(lines),
                    frames,
                    bytes_,
                    modified,
                    _busy(folder),
                )
            )
        except (OSError, ValueError, KeyError):
            continue
    return sorted(found, key=lambda each: -each.modified)


def _busy(folder: Path) -> bool:
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        with lock:
            return False
    except Timeout:
        return True


def clean(root: Path, before: float) -> list[Leftover]:
    """Remove what no process is at work on, and return what that was.

    Args:
        root: Folder of all journals.
        before: Only what was last worked on before this time, in seconds since the epoch.
    """
    removed = [each for each in leftovers(root) if not each.busy and each.modified <= before]
    for each in removed:
        shutil.rmtree(each.folder, ignore_errors=True)
    # A crash while a journal was being forgotten leaves a folder that means nothing.
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.is_dir() and not (folder / MANIFEST).exists() and not _busy(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return removed
