"""The edge of the program: whatever happens inside becomes one clear message and an exit code here."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from understudy.core.errors import Cancelled, OutOfMemory, PlanError, UnderstudyError

__all__ = ["run"]


def run(arguments: Sequence[str], command: Callable[[Sequence[str]], Any] | None = None) -> int:
    """Run a command line and return its exit code (docs/errors.md lists them).

    Args:
        arguments: Without the program's name.
        command: What to do with them; default: ``understudy``.
    """
    try:
        with _stopping_on_terminate():
            code = (command or _understudy)(arguments)
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


def _understudy(arguments: Sequence[str]) -> Any:
    from understudy.cli.app import app

    return app(args=list(arguments) or ["--help"], prog_name="understudy", standalone_mode=False)


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
        return Cancelled(
            "Stopped; nothing half-written remains.",
            next_step="A film goes on where it was when the same command is run again.",
        )
    if _is_want_of_memory(error):
        return OutOfMemory(
            "There is not enough memory.",
            next_step="Close other programs, or give --max-memory; a film goes on where it was when the same command "
            "is run again.",
        )
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


def _is_want_of_memory(error: BaseException) -> bool:
    """Whether it is that, in one of the many ways in which libraries say so."""
    if isinstance(error, MemoryError):
        return True
    if type(error).__module__ == "cv2":
        return getattr(error, "code", 0) == -4  # cv::Error::StsNoMem
    text = str(error)
    return isinstance(error, RuntimeError | ImportError) and (
        "can't start new thread" in text or "failed to map segment" in text
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
