"""SIGKILL at any moment leaves the old file or the whole new one, and costs one segment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "kills.py"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_twenty_kills() -> None:
    # In a process of its own: it forks, which goes wrong where other tests have left threads.
    command = [sys.executable, str(BENCHMARK), "--kills", "20"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = {line[:17].strip(): line[17:].split()[0] for line in done.stdout.splitlines()}
    assert said["kills"] == "20"
    assert int(said["with segments"]) > 0
    assert int(said["films finished"]) > 0
