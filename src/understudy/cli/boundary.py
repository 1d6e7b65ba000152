"""The edge of the program: whatever happens inside becomes one clear message and an exit code here."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from understudy.core.errors import Cancelled, PlanError, UnderstudyError

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code (docs/errors.md lists them)."""
    from understudy.cli.app import app

    try:
        with _stopping_on_terminate():
            code = app(args=list(arguments) or ["--help"], prog_name="understudy", standalone_mode=False)
        sys.stdout.flush()
        # Typer turns Ctrl+C, and an exit inside a command such as --version's, into a return value.
        if code == Cancelled.exit_code:
            raise KeyboardInterrupt
    except BrokenPipeError:
        # Whoever read our output went away, as `| head` does. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in arguments:
            traceback.print_exc()
        return _tell(_as_ours(error), as_json="--json" in arguments)
    return code if isinstance(code, int) else 0


@contextlib.contextmanager
def _stopping_on_terminate() -> Iterator[None]:
    """Treat ``kill`` like Ctrl+C, so that it cleans up too."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _as_ours(error: BaseException) -> UnderstudyError:
    if isinstance(error, UnderstudyError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Cancelled("Stopped; nothing half-written remains.")
    # The parser's own errors; their class has moved between versions of typer, their methods have not.
    describe: Any = getattr(error, "format_message", None)
    if describe is not None:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "understudy"
        return PlanError(str(describe()), next_step=f"'{command} --help' shows what it takes, with examples.")
    return UnderstudyError(
        f"This should not have happened: {type(error).__name__}: {error}",
        next_step="Please report it, with what the same command prints when --debug is added.",
    )


def _tell(error: UnderstudyError, *, as_json: bool) -> int:
    if as_json:
        event = {
            "event": "error",
            "code": error.code,
            "exit_code": error.exit_code,
            "message": error.message,
            "path": error.path,
            "next_step": error.next_step,
        }
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()
    else:
        head = f"{error.path}: {error.message}" if error.path else error.message
        sys.stderr.write("\n".join(filter(None, [f"error: {head}", error.next_step])) + "\n")
    return error.exit_code
