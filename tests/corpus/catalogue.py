"""All cases, and where those are that are not here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

import cases_animations
import cases_damage
import cases_faults
import cases_images
import cases_paths
import cases_pixels
import cases_streams
import cases_timing
from room import Case

__all__ = ["ELSEWHERE", "IN_TESTS", "all_cases"]

_RESUME, _FAULTS = "tests/render/test_resume.py", "tests/cli/test_failing_machines.py"

# What needs a process, a disk or a machine of its own: id, input → expected, and the test that shows it.
IN_TESTS = {
    "F01": ("SIGKILL at random → resume", "tests/render/test_kills.py::test_twenty_kills"),
    "F02": (
        "SIGKILL during mux → join again",
        f"{_RESUME}::test_a_kill_during_the_join_redoes_the_join_alone",
    ),
    "F04": ("SIGINT twice → no output, resume", f"{_FAULTS}::test_ctrl_c_twice"),
    "F05": ("ENOSPC → REJ 6, resume", f"{_FAULTS}::test_a_disk_that_fills_up"),
    "F06": ("RLIMIT_AS → no output, resume", f"{_FAULTS}::test_no_memory_is_no_film_and_no_traceback"),
    "F10": ("two processes, same output → REJ 6", f"{_FAULTS}::test_two_at_once"),
    "F11": ("input changed → begun anew, said", f"{_RESUME}::test_a_change_begins_anew_and_says_so"),
    "F12": ("segment deleted → made again", f"{_RESUME}::test_only_what_is_sound_is_used"),
}
ELSEWHERE = {
    **dict.fromkeys(("F03", "F14", "I32", "I33"), "signing"),
    **dict.fromkeys(("P12", "P17"), "the service"),
}


def all_cases() -> list[Case]:
    """Every case that can be generated, in the catalogue's order."""
    modules = (
        cases_timing,
        cases_pixels,
        cases_streams,
        cases_damage,
        cases_images,
        cases_animations,
        cases_paths,
        cases_faults,
    )
    return [case for module in modules for case in _cases(module)]


def _cases(module: ModuleType) -> Iterator[Case]:
    for name, check in vars(module).items():
        if re.fullmatch(r"[vadipf]\d\d", name):
            what, _, expected = check.__doc__.partition(" → ")
            yield Case(name.upper(), what, expected, check)
