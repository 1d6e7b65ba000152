"""Kill a render at random moments, again and again, and look at what is left each time."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from render_fakes import Box, TintBox, analyse

from films import make_film, pictures
from gates import passing
from signing import signing_key
from understudy.core.plan import Content, Look, ResolvedPlan, VideoOutput, VideoSource
from understudy.core.types import TrackedFace
from understudy.execution.local import LocalExecutor
from understudy.render.build import Cast, Limits
from understudy.render.leftovers import leftovers
from understudy.render.steps import Work
from understudy.safety.verification import verify
from understudy.vision.roles import Picture

__all__ = ["Toll", "kill_at_random"]

_CONTENT = Content(sha256="0" * 64, size=1, media_type="video/matroska")
_FRAMES, _SPAN = 120, Fraction(2, 5)  # ten frames a segment


@dataclass
class Toll:
    """What the kills did.

    Attributes:
        kills: How many hit a render at work.
        films: Films that were finished in between, each after at least one kill.
        while_rendering: Kills that found committed segments and no film.
        bad: Final files that were not the whole film, and kills after which a committed segment was gone.
        worst_loss: The most frames that one kill made to be drawn again: those of a segment that was not committed,
            and the few on their way to the next.
    """

    kills: int = 0
    films: int = 0
    while_rendering: int = 0
    bad: int = 0
    worst_loss: int = 0


def kill_at_random(folder: Path, kills: int, seed: int = 1) -> Toll:
    """Render a film, killing the process at random moments, until so many kills have hit.

    Args:
        folder: To work in.
        kills: How many.
        seed: Of the moments.
    """
    source = make_film(
        folder / "in.mkv",
        pts=[40 * index for index in range(_FRAMES)],
        time_base=Fraction(1, 1000),
        codec="ffv1",
        audio=("flac",),
    )
    chance = random.Random(seed)
    whole = folder / "whole.mkv"
    start = time.monotonic()
    drawn = folder / "drawn"
    os.waitpid(_start(source, whole, folder / "other", drawn), 0)
    duration = time.monotonic() - start
    wanted = pictures(whole)
    out, journals = folder / "out.mkv", folder / "renders"
    toll = Toll()
    hit = False
    # The last one is let go on to its end.
    while toll.kills < kills or hit:
        before = _committed(journals)
        drawn.write_bytes(b"")
        child = _start(source, out, journals, drawn)
        patience = chance.uniform(0, duration * 0.6) if toll.kills < kills else 60
        ended = _wait(child, patience)
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            toll.kills += 1
            hit = True
        if out.exists():
            toll.films += hit
            toll.bad += not _same(out, wanted)
            toll.bad += verify(out).state != "valid"
            toll.bad += bool(ended and list(folder.glob(".understudy-*")))
            out.unlink()
            out.with_suffix(".c2pa").unlink()
            hit = False
        elif not ended:
            toll.while_rendering += bool(leftovers(journals))
            toll.bad += _committed(journals) < before
            kept = sum(each.frames for each in leftovers(journals)) - 10 * before
            toll.worst_loss = max(toll.worst_loss, drawn.stat().st_size - kept)
    return toll


def _committed(journals: Path) -> int:
    return sum(each.segments for each in leftovers(journals))


class _Counted(TintBox):
    """Adds a byte to a file for each face that it draws."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def swap(self, picture: Picture, face: TrackedFace, actor: Any) -> Box:
        self._file.write(b".")
        return super().swap(picture, face, actor)


def _start(source: Path, out: Path, journals: Path, drawn: Path) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    with contextlib.suppress(BaseException):
        for _ in _render(source, out, journals, _Counted(drawn)):
            pass
        code = 0
    os._exit(code)


def _render(source: Path, out: Path, journals: Path, swapper: TintBox) -> Iterator[object]:
    plan = ResolvedPlan(
        target=_CONTENT,
        source=VideoSource(path=Path("target")),
        look=Look(),
        models=(),
        output=VideoOutput(encoder="ffv1"),
        software="test",
    )
    cast = Cast(analyse, Work(swapper, [None]), passing(journals.parent / "gate"), signing_key())
    yield from LocalExecutor(Limits(journals, _SPAN)).run(plan, source, out, cast)


def _wait(child: int, seconds: float) -> bool:
    """Whether the process ended by itself within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0, "a render failed"
            return True
        time.sleep(0.001)
    return False


def _same(film: Path, wanted: list[np.ndarray]) -> bool:  # type: ignore[type-arg]
    found = pictures(film)
    return len(found) == len(wanted) and all(map(np.array_equal, found, wanted))
