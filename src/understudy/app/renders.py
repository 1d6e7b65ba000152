"""What is kept of films: renders that were not finished, and analyses."""

from __future__ import annotations

import time

from understudy.analysis.store import AnalysisStore, KeptAnalysis
from understudy.app.settings import Folders
from understudy.render.leftovers import Leftover, clean, leftovers

__all__ = ["clean_analyses", "clean_renders", "list_analyses", "list_renders"]


def list_renders(folders: Folders) -> list[Leftover]:
    """The renders that could be taken up again, the latest first."""
    return leftovers(folders.renders)


def clean_renders(folders: Folders, age: float = 0.0) -> list[Leftover]:
    """Remove what no process is at work on and was last worked on ``age`` seconds ago; returns what that was."""
    return clean(folders.renders, time.time() - age)


def list_analyses(folders: Folders) -> list[KeptAnalysis]:
    """What was measured of films, the latest used first."""
    return AnalysisStore(folders.analyses).kept()


def clean_analyses(folders: Folders, age: float = 0.0) -> list[KeptAnalysis]:
    """Remove what was last used ``age`` seconds ago; returns what that was."""
    return AnalysisStore(folders.analyses).clean(time.time() - age)
