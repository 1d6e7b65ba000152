"""Single bytes changed in marked files of every kind: how many does ``understudy verify`` notice?

    python benchmarks/tamper.py [changes per format, default 300]

Bytes that no hash covers are left out; docs/provenance.md lists them, tests/tampering.py finds them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from signing import BESIDE, FILMS, PICTURES, make_file, mark
from tampering import uncovered
from understudy.safety.verification import verify


def main(changes: int) -> int:
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        target = make_file(folder / "target.png")
        print(f"{'format':8} {'bytes':>8} {'uncovered':>10} {'changed':>8} {'noticed':>8}")
        for kind in (*PICTURES, *FILMS):
            path, changed = make_file(folder / f"out.{kind}"), folder / f"changed.{kind}"
            mark(path, target)
            data = path.read_bytes()
            left_out = set() if kind in BESIDE else uncovered(data, kind)
            if kind in BESIDE:
                changed.with_suffix(".c2pa").write_bytes(path.with_suffix(".c2pa").read_bytes())
            covered = sorted(set(range(len(data))) - left_out)
            places = np.random.default_rng(7).choice(covered, min(changes, len(covered)), replace=False)
            noticed = 0
            for place in places:
                changed.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
                noticed += verify(changed).state != "valid"
            missed += len(places) - noticed
            print(f"{kind:8} {len(data):8} {len(left_out):10} {len(places):8} {noticed:8}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
