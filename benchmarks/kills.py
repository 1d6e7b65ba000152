"""Kill a render at random moments and count what went wrong (nothing may).

    python benchmarks/kills.py [--kills 200]

Prints how many SIGKILLs hit, how many films were finished in between (each compared, frame by frame before its encoder,
which is lossless here, with an uninterrupted run's), and the most frames that had to be drawn again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.path[:0] = [str(TESTS), str(TESTS / "render")]
    from kills import kill_at_random

    with tempfile.TemporaryDirectory() as folder:
        toll = kill_at_random(Path(folder), arguments.kills, arguments.seed)
    print(f"kills            {toll.kills}")
    print(f"  with segments  {toll.while_rendering}")
    print(f"films finished   {toll.films}")
    print(f"bad final files  {toll.bad}")
    print(f"worst loss       {toll.worst_loss} frames (a segment has 10, up to 14 are on their way)")
    sys.exit(bool(toll.bad or toll.worst_loss > 24))


if __name__ == "__main__":
    main()
