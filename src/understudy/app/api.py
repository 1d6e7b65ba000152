"""The Python interface: ``understudy.swap``, ``understudy.swap_progress`` and ``understudy.analyse``."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.app.engine import Engine
from understudy.app.request import FileName, plan_swap, seeing_of
from understudy.app.service import run
from understudy.app.settings import find_folders, load_settings
from understudy.app.survey import Survey, survey
from understudy.core.types import Progress, Result

__all__ = ["analyse", "swap", "swap_progress"]


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


def analyse(
    target: FileName,
    sheet: FileName | None = None,
    *,
    names: Mapping[str, str] | None = None,
    reanalyse: bool = False,
    overwrite: bool = False,
    home: FileName | None = None,
    offline: bool | None = None,
    **options: Any,
) -> Survey:
    """Find out who is in a photo or film, and draw a contact sheet of them.

    Args:
        target: Photo, film or folder of numbered pictures.
        sheet: The picture to write; default: beside the target, under a free name.
        names: How somebody is to be called from now on, by number: ``{"2": "Ada"}``.
        reanalyse: Analyse anew, whatever is kept.
        overwrite: Replace the picture if it exists.
        home, offline: As for :func:`swap`.
        options: How faces are found, as on the command line, with underscores.

    Raises:
        UnderstudyError: One of its kinds; each names the file, the cause and the next step.

    Example::

        import understudy

        for person in understudy.analyse("scene.mp4").roster.people:
            print(person.number, person.seconds, person.spans)
    """
    folders = find_folders(None if home is None else Path(home))
    settings = load_settings(folders, {"offline": offline})
    engine = Engine(settings, folders, seeing_of(settings.swap_defaults, **options))
    place = None if sheet is None else Path(sheet)
    steps = survey(Path(target), engine, sheet=place, overwrite=overwrite, renew=reanalyse, names=names)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Survey = end.value
            return found
