"""What is kept of films that were not finished."""

from __future__ import annotations

import time

from understudy.app.settings import Folders
from understudy.render.leftovers import Leftover, clean, leftovers

__all__ = ["clean_renders", "list_renders"]


def list_renders(folders: Folders) -> list[Leftover]:
    """The renders that could be taken up again, the latest first."""
    return leftovers(folders.renders)


def clean_renders(folders: Folders, age: float = 0.0) -> list[Leftover]:
    """Remove what no process is at work on and was last worked on ``age`` seconds ago; returns what that was."""
    return clean(folders.renders, time.time() - age)
