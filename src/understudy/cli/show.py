"""Progress and results, for people and for machines."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from understudy.core.types import Notice, Progress, Result

__all__ = ["follow", "line", "show_notices", "show_result", "steps", "write_json"]

T = TypeVar("T")

_STAGES = {
    "fetch": "Fetching",
    "load": "Loading",
    "animate": "Animating",
    "analyse": "Analysing",
    "identify": "Telling people apart",
    "render": "Swapping",
    "publish": "Writing",
}
_SECONDS_BETWEEN_LINES = 5.0
_VERDICTS = {
    "sound": "nothing stands out",
    "look": "shows what to look at before you use it",
    "poor": "says not to trust it as it is",
}


def follow(events: Generator[Progress, None, None], *, as_json: bool) -> Result | None:
    """Show a job's progress until it ends and return its result.

    Whatever interrupts it closes the job first, so that it has cleaned up when the error is shown.
    """
    result = None
    with contextlib.closing(events), _reporter(as_json) as reporter:
        for progress in events:
            if progress.result is not None:
                result = progress.result
            else:
                reporter.update(progress)
    return result


def steps(events: Generator[Progress, None, T], *, as_json: bool) -> T:
    """Like :func:`follow`, of a job that returns something else."""
    with contextlib.closing(events), _reporter(as_json) as reporter:
        while True:
            try:
                reporter.update(next(events))
            except StopIteration as end:
                return cast(T, end.value)


def show_result(result: Result, *, as_json: bool) -> None:
    """Where the file is and how it went."""
    if as_json:
        write_json("result", dataclasses.asdict(result))
        return
    line(str(result.output))
    if result.frames > 1:
        speed = f" · {result.fps:.1f} fps" if result.fps else ""
        line(f"{result.frames} frames in {duration(result.seconds)}{speed}")
        line(f"swapped {result.swapped} · without a face {result.without_face}")
    else:
        line(f"swapped in {duration(result.seconds)}")
    for part in result.parts:
        if part.role is not None:
            line(f"{part.actor} as {part.role}{'' if result.frames == 1 else f': {part.frames} frames'}")
    if result.low_confidence:
        where = "" if result.frames == 1 else f" in {result.low_confidence} frames"
        line(f"low confidence{where}: look at it before you use it")
    if result.report is not None:
        line(f"{result.report.page}: {_VERDICTS[result.report.verdict]}")
    show_notices(result.notices)


def show_notices(notices: tuple[Notice, ...]) -> None:
    """What the user should know, one line each, beside the result."""
    for notice in notices:
        sys.stderr.write(f"note: {notice.message}\n")


def line(text: str) -> None:
    """Print one line as it is: never wrapped, no markup."""
    sys.stdout.write(f"{text}\n")


def write_json(event: str, content: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    sys.stdout.write(json.dumps({"event": event, **content}, default=_plain) + "\n")
    sys.stdout.flush()


def duration(seconds: float) -> str:
    """Seconds as people say them: ``"3.2 s"``, ``"4 min 10 s"``, ``"1 h 02 min"``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # numpy
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


class _Reporter(Protocol):
    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, progress: Progress) -> None:
        """Show this state."""


def _reporter(as_json: bool) -> _Reporter:
    if as_json:
        return _JsonReporter()
    console = Console(stderr=True)
    return _BarReporter(console) if console.is_terminal else _LineReporter()


def _heading(progress: Progress) -> str:
    return f"{_STAGES.get(progress.stage, progress.stage.capitalize())} {progress.label}".rstrip()


def _numbers(progress: Progress) -> str:
    """Such as ``"120/240 frames · 31.0 fps · 4.0 s left · 1 face"``."""
    if progress.unit == "bytes":
        total = f"/{progress.total / 1e6:.1f}" if progress.total else ""
        parts = [f"{progress.done / 1e6:.1f}{total} MB"]
    elif progress.unit == "frames":
        parts = [f"{progress.done}{f'/{progress.total}' if progress.total else ''} frames"]
    else:
        parts = []
    if progress.fps is not None and progress.unit == "frames":
        parts.append(f"{progress.fps:.1f} fps")
    if progress.eta is not None:
        parts.append(f"{duration(progress.eta)} left")
    if progress.stage == "render":
        parts.append(f"{progress.faces} face{'' if progress.faces == 1 else 's'}")
    return " · ".join(parts)


class _BarReporter:
    """Live bars on a terminal, one per stage; finished ones stay."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[numbers]}", markup=False),
            console=console,
        )
        self._task: TaskID | None = None
        self._latest = Progress("")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        self._bars.stop()

    def update(self, progress: Progress) -> None:
        heading = _heading(progress)
        if self._task is None or heading != _heading(self._latest):
            self._finish()
            self._task = self._bars.add_task(heading, total=None, numbers="")
        self._latest = progress
        self._bars.update(
            self._task, completed=progress.done, total=progress.total, numbers=_numbers(progress)
        )

    def _finish(self) -> None:
        if self._task is not None:
            done = max(self._latest.done, 1)
            numbers = _numbers(dataclasses.replace(self._latest, eta=None))
            self._bars.update(self._task, completed=done, total=done, numbers=numbers)


class _PlainReporter:
    """What there is nothing to begin or to end of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


class _LineReporter(_PlainReporter):
    """A line when a stage begins and every few seconds, for logs."""

    def __init__(self) -> None:
        self._heading = ""
        self._next = 0.0

    def update(self, progress: Progress) -> None:
        heading = _heading(progress)
        now = time.monotonic()
        if heading == self._heading and now < self._next:
            return
        if heading != self._heading:
            self._heading = heading
            text = heading
        else:
            text = f"{heading}: {_numbers(progress)}"
        self._next = now + _SECONDS_BETWEEN_LINES
        sys.stderr.write(text.rstrip(" :") + "\n")
        sys.stderr.flush()


class _JsonReporter(_PlainReporter):
    """One object per event, as it comes."""

    def update(self, progress: Progress) -> None:
        content = dataclasses.asdict(progress)
        del content["result"]
        write_json("progress", content)
