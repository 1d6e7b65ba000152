from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from commands import Run, assert_failed

from understudy.core.verdict import Block, Seen
from understudy.safety.appeals import record_appeal


def test_records_are_listed_and_removed(understudy: Run, tmp_path: Path) -> None:
    home = tmp_path / "kept"
    assert "nothing was blocked" in understudy("appeals", "list", "--home", home).out
    seen = Seen("target", "scene.mp4", 12, Fraction(1, 2), "nudenet-320n", "BUTTOCKS_EXPOSED", 0.7)
    appeals = [record_appeal(home / "appeals", Block((seen,), True, "0" * 64), None) for _ in range(2)]
    shown = understudy("appeals", "list", "--home", home, COLUMNS="200").out
    for appeal in appeals:
        assert appeal.id in shown
    assert "BUTTOCKS_EXPOSED" in shown
    assert "frame 12, 0.50 s" in shown
    [event] = understudy("appeals", "list", "--home", home, "--json").events
    assert {row["id"] for row in event["appeals"]} == {appeal.id for appeal in appeals}
    assert_failed(understudy("appeals", "remove", "nobody", "--home", home), 2, "no record nobody")
    assert "removed 1" in understudy("appeals", "remove", appeals[0].id, "--home", home).out
    assert "removed 1" in understudy("appeals", "remove", "--home", home).out
    assert list((home / "appeals").iterdir()) == []


def test_an_unreadable_policy_refuses_with_its_own_exit_code(
    swapping: Run, portraits: list[Path], tmp_path: Path
) -> None:
    done = swapping(
        "swap", portraits[0], portraits[1], "-o", "out.png", UNDERSTUDY_POLICY=str(tmp_path / "nothing.toml")
    )
    assert_failed(done, 12, "nothing.toml", "policy cannot be read")
    assert not (tmp_path / "out.png").exists()
