"""The guard: actors' photos are looked at and judged, each by its content, and kept apart from everything else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gates import Eye, guard_of
from understudy.core.errors import Blocked
from understudy.media.frame import Frame
from understudy.safety.appeals import list_appeals
from understudy.safety.watch import Subject, Watch
from understudy.vision.roles import BgrImage, Finding


class Looking:
    """A network that counts, and finds white."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self, pixels: BgrImage) -> Sequence[Finding]:
        self.looks += 1
        return (Finding("NUDE", 0.9, (0.0, 0.0, 5.0, 5.0)),) if pixels.max() > 250 else ()


def photo(name: str, content: str, level: int = 90) -> Any:
    return name, content, Frame.from_bgr(np.full((64, 64, 3), level, np.uint8)), ()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_every_photo_of_an_actor_is_judged(which: int, tmp_path: Path) -> None:
    photos = [photo(f"{n}.png", str(n), 255 if n == which else 90) for n in range(3)]
    with pytest.raises(Blocked, match="the actor's photo") as blocked:
        guard_of(tmp_path, Eye(Looking())).with_actors(photos)
    assert blocked.value.path == f"{which}.png"
    [appeal] = list_appeals(tmp_path / "appeals")
    assert (appeal.part, appeal.thumbnail is not None) == ("actor", True)


def test_all_photos_are_in_the_evidence(tmp_path: Path) -> None:
    guard = guard_of(tmp_path, Eye()).with_actors([photo("a.png", "a"), photo("b.png", "b")])
    assert guard.actors is not None
    assert [sample.name for sample in guard.actors] == ["a.png", "b.png"]
    watch = Watch(guard, Subject("in.png", "out.png"))
    frame = Frame.from_bgr(np.full((64, 64, 3), 90, np.uint8))
    for each, _ in watch.rows([(frame, ())]):
        watch.came_out(each)
    assert watch.allow(0).samples == 4


def test_a_photo_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    guard_of(tmp_path, Eye(Looking())).with_actors([photo("a.png", "one")])
    again = Looking()
    guard_of(tmp_path, Eye(again)).with_actors([photo("b.png", "one")])
    assert again.looks == 0
    with pytest.raises(Blocked):
        guard_of(tmp_path, Eye(Looking())).with_actors([photo("a.png", "another", 255)])


def test_what_is_blocked_is_not_kept_as_evidence(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(Blocked):
            guard_of(tmp_path, Eye(looking := Looking())).with_actors([photo("a.png", "one", 255)])
        assert looking.looks == 1


def test_parts_networks_and_policies_have_keys_of_their_own(tmp_path: Path) -> None:
    guard = guard_of(tmp_path, Eye())
    others = [guard, guard_of(tmp_path, Eye(name="ear")), guard_of(tmp_path, Eye(digest="1" * 64))]
    parts: list[Any] = ["actor", "target", "output"]
    keys = {each.key(part, what) for each in others for part in parts for what in ("one", "two")}
    assert len(keys) == len(others) * len(parts) * 2
