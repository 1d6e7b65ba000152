"""Records of consent."""

from __future__ import annotations

import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from understudy.core.errors import InputError, PlanError
from understudy.safety.consent import Consent, ConsentStore, FacePrint, Likeness, covering

PHOTO, OTHER = "a" * 64, "b" * 64
NOW = datetime.now(UTC)


def record(number: int = 1, **said: Any) -> Consent:
    whole: dict[str, Any] = {
        "id": f"{number:012x}",
        "who": "Ada",
        "scope": "a film",
        "given": NOW,
        "photos": (PHOTO,),
    }
    return Consent(**{**whole, **said})


@pytest.fixture
def store(tmp_path: Path) -> ConsentStore:
    return ConsentStore(tmp_path / "data" / "consent.jsonl")


def test_records_are_kept_for_their_user_alone(store: ConsentStore) -> None:
    assert store.records() == []
    kept = [
        record(1),
        record(
            2, until=(NOW + timedelta(days=3)).date(), prints=(FacePrint(embedder="e", vector=(0.6, 0.8)),)
        ),
    ]
    for each in kept:
        store.add(each)
    assert store.records() == kept
    if sys.platform != "win32":
        assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_the_very_photo_is_covered_and_another_is_not() -> None:
    assert covering([record()], [Likeness(PHOTO)]) == (record().reference,)
    assert covering([record()], [Likeness(OTHER)]) == ()


def test_every_photo_of_an_actor_must_be_covered() -> None:
    both = record(photos=(PHOTO, OTHER))
    assert covering([record()], [Likeness(PHOTO), Likeness(OTHER)]) == ()
    assert covering([both], [Likeness(PHOTO), Likeness(OTHER)]) == (both.reference,)
    other = record(2, photos=(OTHER,))
    assert len(covering([record(), other], [Likeness(PHOTO), Likeness(OTHER)])) == 2


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"until": (NOW + timedelta(days=1)).date()}, "valid"),
        ({"until": NOW.date()}, "valid"),
        ({"until": (NOW - timedelta(days=1)).date()}, "expired"),
        ({"revoked": NOW}, "revoked"),
    ],
)
def test_only_what_is_valid_today_counts(said: dict[str, Any], state: str) -> None:
    assert record(**said).state == state
    assert bool(covering([record(**said)], [Likeness(PHOTO)])) == (state == "valid")


def test_another_photo_of_the_same_face_is_covered() -> None:
    known = record(prints=(FacePrint(embedder="e" * 64, vector=(1.0, 0.0)),))
    near, far = np.float32([0.95, 0.3122]), np.float32([0.5, 0.866])
    assert covering([known], [Likeness(OTHER, "e" * 64, near, 0.9)])
    assert not covering([known], [Likeness(OTHER, "e" * 64, far, 0.9)])
    assert not covering([known], [Likeness(OTHER, "f" * 64, near, 0.9)])  # another network's


def test_revoking_changes_nothing_else(store: ConsentStore) -> None:
    first, second = record(0xABC << 36), record(0xABD << 36)
    store.add(first)
    store.add(second)
    with pytest.raises(PlanError, match="More than one"):
        store.revoke("ab")
    with pytest.raises(PlanError, match="No record"):
        store.revoke("ff")
    with pytest.raises(PlanError):
        store.revoke("")
    revoked = store.revoke("abc")
    assert [each.state for each in store.records()] == ["revoked", "valid"]
    assert revoked.reference == first.reference  # what was made before still names it
    when = revoked.revoked
    assert store.revoke("abc").revoked == when


def test_the_digest_is_of_everything_that_was_agreed() -> None:
    same = record()
    for changed in (
        record(who="Eve"),
        record(scope="two films"),
        record(document="c" * 64),
        record(photos=(OTHER,)),
    ):
        assert changed.reference.sha256 != same.reference.sha256


def test_a_damaged_file_is_no_empty_one(store: ConsentStore) -> None:
    store.add(record(1))
    store.add(record(2))
    store.path.write_bytes(store.path.read_bytes()[:-20])
    with pytest.raises(InputError, match="cannot be read"):
        store.records()
    with pytest.raises(InputError):
        store.add(record(3))
