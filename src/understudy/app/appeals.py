"""Records of what the content gate blocked."""

from __future__ import annotations

from collections.abc import Collection

from understudy.app.settings import Folders
from understudy.core.errors import PlanError
from understudy.safety.appeals import Appeal, list_appeals, remove_appeals

__all__ = ["find_appeals", "forget_appeals"]


def find_appeals(folders: Folders) -> list[Appeal]:
    """All records, the latest first."""
    return list_appeals(folders.appeals)


def forget_appeals(folders: Folders, names: Collection[str]) -> list[Appeal]:
    """Remove records of these names, or all, with their pictures; returns what they were.

    Raises:
        PlanError: There is no record of one of the names.
    """
    unknown = set(names) - {appeal.id for appeal in list_appeals(folders.appeals)}
    if unknown:
        raise PlanError(
            f"There is no record {', '.join(sorted(unknown))}.",
            next_step="'understudy appeals list' names them.",
        )
    return remove_appeals(folders.appeals, set(names) or None)
