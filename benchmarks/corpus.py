"""The catalogue of inputs that must not hurt, as a table: id, input, what is expected, what was got, seconds.

    python benchmarks/corpus.py [ID ...]

The cases are those of tests/corpus, which run in the gate too; what cannot be made here says why. What needs a process
or a disk of its own is a test elsewhere in the gate, and is run from here.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "corpus")]

from catalogue import ELSEWHERE, IN_TESTS, all_cases  # noqa: E402
from room import CannotBeMade, Case, Room  # noqa: E402


def main(wanted: list[str]) -> int:
    """Print the table; the exit code is the number of cases that went wrong."""
    failed = 0
    print("| id | input | expected | got | s |\n|---|---|---|---|---|")
    for case in all_cases():
        if wanted and case.id not in wanted:
            continue
        start = time.monotonic()
        good, got = _outcome(case)
        failed += not good
        _row(case.id, case.what, case.expected, got, time.monotonic() - start)
    for name, (case_, test) in IN_TESTS.items():
        if wanted and name not in wanted:
            continue
        start = time.monotonic()
        good, got = _tested(test)
        failed += not good
        what, _, expected = case_.partition(" → ")
        _row(name, what, expected, got, time.monotonic() - start)
    for name, place in sorted(ELSEWHERE.items()):
        if not wanted:
            print(f"| {name} | | | tested with {place} | |")
    return failed


def _row(name: str, what: str, expected: str, got: str, seconds: float) -> None:
    cells = (name, what, expected, got, f"{seconds:.1f}")
    print("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |", flush=True)


def _tested(test: str) -> tuple[bool, str]:
    """Run a test of the gate; its last line says how it went."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.strip().splitlines()[-1:] or [done.stderr.strip()[-200:]]
    return not done.returncode, f"{'' if not done.returncode else '**WRONG** '}{said[0]}: {test}"


def _outcome(case: Case) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder) / "room"
        room.mkdir()
        try:
            return True, case.check(Room(room))
        except CannotBeMade as reason:
            return True, f"cannot be made here: {reason}"
        except Exception as error:
            return False, f"**WRONG** {type(error).__name__}: {str(error)[:200]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
