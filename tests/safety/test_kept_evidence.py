"""Kept evidence is bounded, and its absence allows nothing."""

from __future__ import annotations

import os
import time
from fractions import Fraction
from pathlib import Path

import pytest

from gates import Eye, guard_of, sample
from understudy.core.errors import Undetermined
from understudy.core.verdict import Seen
from understudy.safety.store import Bounds, EvidenceStore
from understudy.safety.watch import Subject, Watch

DAY = 86400


def key_of(number: int) -> str:
    return EvidenceStore(Path()).key(number=number)


def aged(folder: Path, count: int) -> list[Path]:
    """So many records, each a day older than the one before it."""
    store = EvidenceStore(folder)
    for number in range(count):
        store.put(key_of(number), [sample()])
        then = time.time() - number * DAY
        os.utime(folder / f"{key_of(number)}.json", (then, then))
    return [folder / f"{key_of(number)}.json" for number in range(count)]


def left(folder: Path, bounds: Bounds) -> set[Path]:
    """What is there after another record has come."""
    new = EvidenceStore(folder).key(new="record")
    EvidenceStore(folder, bounds).put(new, [sample()])
    assert EvidenceStore(folder).get(new, "a.png") is not None
    return set(folder.iterdir()) - {folder / f"{new}.json"}


def test_what_was_used_last_stays(tmp_path: Path) -> None:
    records = aged(tmp_path, 9)
    assert left(tmp_path, Bounds(days=4.5)) == set(records[:5])
    assert left(tmp_path, Bounds(records=4)) == set(records[:3])
    size = records[0].stat().st_size
    assert left(tmp_path, Bounds(bytes=3 * size)) == set(records[:2])


def test_reading_is_use(tmp_path: Path) -> None:
    records = aged(tmp_path, 9)
    assert EvidenceStore(tmp_path).get(key_of(8), "a.png") is not None
    assert left(tmp_path, Bounds(records=3)) == {records[0], records[8]}


def test_evidence_that_was_changed_or_renamed_is_none(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    store.put(key_of(1), [sample(seen=(Seen("target", "", 0, Fraction(0), "eye", "NUDE", 0.9),))])
    path = tmp_path / f"{key_of(1)}.json"
    text = path.read_text()
    [kept] = store.get(key_of(1), "b.png") or ()
    assert (kept.name, kept.seen[0].name, kept.seen[0].score) == ("b.png", "b.png", 0.9)
    for changed in (text.replace("0.9", "0.1"), text.replace('"frame": 0', '"frame": 1'), text[:-9], ""):
        assert changed != text
        path.write_text(changed)
        assert store.get(key_of(1), "b.png") is None
    (tmp_path / f"{key_of(2)}.json").write_text(text)
    assert store.get(key_of(2), "b.png") is None


def test_another_version_of_the_gate_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(1)
    monkeypatch.setattr("understudy.safety.store._SCHEMA", 10**6)
    assert key_of(1) != before


def test_only_its_own_files_are_removed(tmp_path: Path) -> None:
    strangers = [tmp_path / name for name in ("notes.json", "photo.png", ".hidden", f"{'g' * 64}.json")]
    for path in [*strangers, old := tmp_path / f".{'a' * 12}.part", young := tmp_path / f".{'b' * 12}.part"]:
        path.write_text("x")
        if path != young:
            os.utime(path, (0, 0))
    assert left(tmp_path, Bounds(days=1)) == {*strangers, young}
    assert not old.exists()


def test_a_folder_that_cannot_be_written_keeps_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    store = EvidenceStore(tmp_path / "taken")
    store.put(key_of(1), [sample()])
    assert store.get(key_of(1), "a.png") is None


@pytest.mark.parametrize("part", ["target", "output"])
def test_without_evidence_nothing_is_allowed(part: str, tmp_path: Path) -> None:
    """An earlier run's segment is rendered again, and a film that misses one is refused."""
    guard = guard_of(tmp_path, Eye())
    subject = Subject("in.mp4", "out.mp4", "the target", "the result")
    for each in ("target", "output"):
        what = {"what": f"the {'target' if each == 'target' else 'result'}", "segment": 0}
        guard.store.put(guard.key(each, what), [sample(each)])  # type: ignore[arg-type]
    evidence = Watch(guard, subject).allow_all([0]).evidence
    assert Watch(guard, subject).recall(0, evidence)
    what = {"what": "the target" if part == "target" else "the result", "segment": 0}
    (tmp_path / "evidence" / f"{guard.key(part, what)}.json").unlink()  # type: ignore[arg-type]
    assert not Watch(guard, subject).recall(0, evidence)
    with pytest.raises(Undetermined, match="not seen a single frame"):
        Watch(guard, subject).allow_all([0])
