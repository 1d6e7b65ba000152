"""The Python interface: ``understudy.swap`` and ``understudy.swap_progress``."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from understudy.app.engine import Engine
from understudy.app.request import FileName, plan_swap
from understudy.app.service import run
from understudy.app.settings import find_folders, load_settings
from understudy.core.types import Progress, Result

__all__ = ["swap", "swap_progress"]


def swap(
    actor: FileName | Sequence[FileName] | None,
    target: FileName,
    output: FileName | None = None,
    *,
    home: FileName | None = None,
    offline: bool | None = None,
    **options: Any,
) -> Result:
    """Put the actor's face on the target, and wait for it.

    Args:
        actor: Photo of the person whose face goes in, a folder of photos, a faceset (.fsz), or several of these of
            the same person. None when ``cast`` says who plays whom, or with ``swapper="none"``.
        target: Photo or film.
        output: File, or folder to put it in; default: beside the target, under a free name.
        home: Folder of settings and weights; default: the user's.
        offline: Whether the network is forbidden; default: what the settings say.
        options: As on the command line, with underscores: ``likeness=0.8, faces="many"``.

    Returns:
        Where the result is, and how it went.

    Raises:
        UnderstudyError: One of its kinds; each names the file, the cause and the next step.

    Example::

        import understudy

        result = understudy.swap("ada.jpg", "scene.mp4", likeness=0.8)
        print(result.output, result.swapped, "of", result.frames, "frames")
    """
    *_, last = swap_progress(actor, target, output, home=home, offline=offline, **options)
    assert last.result is not None
    return last.result


def swap_progress(
    actor: FileName | Sequence[FileName] | None,
    target: FileName,
    output: FileName | None = None,
    *,
    home: FileName | None = None,
    offline: bool | None = None,
    **options: Any,
) -> Generator[Progress, None, None]:
    """Like :func:`swap`, a step at a time; the last item carries the result.

    What is wrong with the request is raised at once; what is wrong with the work, while iterating. Closing
    the generator stops the job and leaves no file.

    Example::

        import understudy

        for progress in understudy.swap_progress("ada.jpg", "scene.mp4"):
            print(progress.stage, progress.done, progress.total)
    """
    folders = find_folders(None if home is None else Path(home))
    settings = load_settings(folders, {"offline": offline})
    plan = plan_swap(actor, target, output, defaults=settings.swap_defaults, **options)
    return run(plan, Engine(settings, folders, plan.seeing, plan.compute))
