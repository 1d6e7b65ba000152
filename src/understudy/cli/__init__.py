"""Floor 8: the command line; translates, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``understudy``: run it and leave with its exit code.

    Args:
        arguments: Without the program's name; default: those of the process.
    """
    from understudy.cli.boundary import run

    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))
