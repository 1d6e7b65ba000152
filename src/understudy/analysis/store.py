"""Analyses that outlive the process: a folder each, named by what was measured and how.

An analysis is written into a folder of its own and gets its name when it is whole; one that is damaged is thrown away
when it is opened. What was last used longest ago goes first when there is too much of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from understudy.analysis.observed import Observed
from understudy.analysis.people import Group
from understudy.analysis.shelf import HEADER, FolderShelf, Unsound
from understudy.core.people import Exemplar

__all__ = ["AnalysisStore", "Draft", "KeptAnalysis"]

_MOST: Final = 64  # analyses
_MOST_BYTES: Final = 2_000_000_000
_DAYS: Final = 30.0
_DRAFT: Final = "draft-"
_ABANDONED: Final = 86_400.0  # seconds after which a draft is nobody's any more
_NAMES: Final = "-names.json"


@dataclass(frozen=True)
class KeptAnalysis:
    """What is kept of one film.

    Attributes:
        folder: Where.
        name: Of the film's file.
        frames: Of the film.
        bytes: On the disk.
        used: When it was last used, in seconds since the epoch.
    """

    folder: Path
    name: str
    frames: int
    bytes: int
    used: float


class Draft:
    """A folder that is being written.

    Args:
        folder: It.
        final: Its name when it is whole.
    """

    def __init__(self, folder: Path, final: Path) -> None:
        self._folder, self._final = folder, final
        self.shelf = FolderShelf(folder)

    def commit(self) -> None:
        """Give it its name, in place of what has it.

        Raises:
            OSError: That is not possible.
        """
        if self._final.exists():
            shutil.rmtree(self._final)
        self._folder.replace(self._final)

    def discard(self) -> None:
        """Remove it, unless it has its name."""
        shutil.rmtree(self._folder, ignore_errors=True)


class AnalysisStore:
    """The folder of all kept analyses.

    Args:
        root: It; made when the first is kept.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, key: str) -> Observed | None:
        """The analysis of that key, if one is kept; one that is damaged is removed."""
        folder = self.root / key
        if not (folder / HEADER).exists():
            return None
        try:
            observed = Observed(FolderShelf(folder))
        except Unsound:
            shutil.rmtree(folder, ignore_errors=True)
            return None
        with contextlib.suppress(OSError):  # a disk that cannot be written can be read from all the same
            os.utime(folder / HEADER)
        return observed

    def draft(self, key: str) -> Draft:
        """A folder for an analysis that is about to be made.

        Raises:
            OSError: It cannot be made.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self._prune()
        return Draft(Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self.root)), self.root / key)

    def forget(self, key: str) -> None:
        """Remove the analysis of that key, if there is one."""
        shutil.rmtree(self.root / key, ignore_errors=True)

    def groups(self, key: str, digest: str) -> tuple[Group, ...] | None:
        """The people of an analysis as an embedder has told them apart, if that is kept.

        Args:
            key: Of the analysis.
            digest: Of the embedder.
        """
        try:
            said = json.loads((self.root / key / _people(digest)).read_text("utf-8"))
            return tuple(Group(tuple(map(int, tracks)), float(sure)) for tracks, sure in said)
        except (OSError, ValueError, TypeError):
            return None

    def keep_groups(self, key: str, digest: str, groups: Sequence[Group]) -> None:
        """Keep who is who; of nobody's face anything is written (arguments: as :meth:`groups`).

        Raises:
            OSError: It cannot be written.
        """
        _write(self.root / key / _people(digest), [[each.tracks, each.confidence] for each in groups])

    def names(self, target: str) -> dict[str, Exemplar]:
        """How the user calls the people of a target, each by one sight of them, however it is analysed.

        Args:
            target: SHA-256 of its content.
        """
        path = self.root / f"{target}{_NAMES}"
        try:
            said = json.loads(path.read_text("utf-8"))
            os.utime(path)
            return {name: Exemplar(int(pts), tuple(bbox)) for name, (pts, bbox) in said.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def name(self, target: str, names: dict[str, Exemplar]) -> None:
        """Keep these names, in place of those before (arguments: as :meth:`names`).

        Raises:
            OSError: They cannot be written.
        """
        path = self.root / f"{target}{_NAMES}"
        if names:
            said = {name: [exemplar.pts, exemplar.bbox] for name, exemplar in names.items()}
            _write(path, said)
        else:
            path.unlink(missing_ok=True)

    def kept(self) -> list[KeptAnalysis]:
        """All that are kept, the latest used first."""
        found = []
        for header in self.root.glob(f"*/{HEADER}"):
            folder = header.parent
            if folder.name.startswith(_DRAFT):
                continue
            try:
                said = json.loads(header.read_text("utf-8"))
                size = sum(path.stat().st_size for path in folder.iterdir())
                used = header.stat().st_mtime
                found.append(KeptAnalysis(folder, str(said["name"]), int(said["frames"]), size, used))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return sorted(found, key=lambda each: -each.used)

    def clean(self, before: float) -> list[KeptAnalysis]:
        """Remove what was last used before a time, in seconds since the epoch; returns what that was."""
        removed = [each for each in self.kept() if each.used <= before]
        for each in removed:
            shutil.rmtree(each.folder, ignore_errors=True)
        for names in self.root.glob(f"*{_NAMES}"):
            with contextlib.suppress(OSError):
                if names.stat().st_mtime <= before:
                    names.unlink()
        self._sweep()
        return removed

    def _prune(self) -> None:
        """Make room for one more."""
        self.clean(time.time() - _DAYS * 86_400)
        total = 0
        for count, each in enumerate(self.kept(), 1):
            total += each.bytes
            if count >= _MOST or total > _MOST_BYTES:
                shutil.rmtree(each.folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove drafts that nobody works on any more."""
        for folder in self.root.glob(f"{_DRAFT}*"):
            try:
                latest = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            except OSError:
                continue
            if time.time() - latest > _ABANDONED:
                shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, content: object) -> None:
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(content), "utf-8")
    temporary.replace(path)


def _people(digest: str) -> str:
    """Name of the piece that says who is who to an embedder."""
    return f"people-{digest[:16]}.json"
