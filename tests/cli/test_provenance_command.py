"""``verify``, ``keys`` and ``consent``, and swaps that are marked and rest on consent."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from commands import Finished, Run, assert_failed

from portrait_film import make_portrait_film
from signing import credentials, make_file, mark
from understudy.safety.keys import load_key

pytestmark = pytest.mark.thorough


@pytest.fixture
def own(tmp_path: Path, home: Path) -> Path:
    """A home with the weights and nothing else."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "models").symlink_to(home / "models")
    return folder


@pytest.fixture
def here(understudy: Run, own: Path) -> Run:
    """The command with that home, without a network."""

    def run(*arguments: object) -> Finished:
        return understudy(*arguments, UNDERSTUDY_HOME=str(own), UNDERSTUDY_OFFLINE="1")

    return run


def test_a_swapped_photo_is_verified_and_altered_ones_are_told(
    here: Run, portraits: list[Path], tmp_path: Path
) -> None:
    done = here("swap", portraits[0], portraits[-1], "-o", "out.jpg")
    assert done.code == 0, done.err
    assert credentials(tmp_path / "out.jpg").state == "Valid"
    seen = here("verify", "out.jpg")
    assert seen.code == 0
    for part in ("as it was when it was signed", "made by a model", "understudy", "Consent on record: none"):
        assert part in seen.out
    data = bytearray((tmp_path / "out.jpg").read_bytes())
    data[-500] ^= 1
    (tmp_path / "out.jpg").write_bytes(data)
    seen = here("verify", "out.jpg")
    assert seen.code == 15
    assert "ALTERED" in seen.out
    [event] = here("verify", "out.jpg", "--json").events
    assert (event["event"], event["state"]) == ("verification", "altered")
    seen = here("verify", portraits[0])
    assert seen.code == 16
    assert "no Content Credentials" in seen.out
    assert_failed(here("verify", "nowhere.jpg"), 3, "no such file")


def test_a_film_that_cannot_hold_its_credentials_has_them_beside_it(
    here: Run, portraits: list[Path], tmp_path: Path
) -> None:
    film = make_portrait_film(portraits[-1], tmp_path / "scene.mp4", frames=8)
    assert here("swap", portraits[0], film, "-o", "out.mkv").code == 0
    assert (tmp_path / "out.c2pa").exists()
    seen = here("verify", "out.mkv")
    assert (seen.code, "out.c2pa" in seen.out) == (0, True)
    assert_failed(here("swap", portraits[0], film, "-o", "out.webm"), 2, "out.c2pa", "exists")
    (tmp_path / "out.c2pa").unlink()
    assert here("verify", "out.mkv").code == 16


def test_a_preview_is_marked_and_one_of_masks_shows_nobody(
    here: Run, portraits: list[Path], tmp_path: Path
) -> None:
    assert here("preview", portraits[0], portraits[-1], "-o", "look.png", "--compare").code == 0
    assert credentials(tmp_path / "look.png").state == "Valid"
    assert here("preview", portraits[0], portraits[-1], "-o", "mask.png", "--mask-preview").code == 0
    assert here("verify", "mask.png").code == 16


@pytest.mark.parametrize("name", ["signing.key", "signing.pem"])
def test_without_its_key_it_refuses(
    name: str, here: Run, own: Path, portraits: list[Path], tmp_path: Path
) -> None:
    """F14."""
    assert here("keys", "show").code == 0
    (own / "keys" / name).unlink()
    before = set(tmp_path.iterdir())
    for command in (("swap",), ("preview",)):
        done = here(*command, portraits[0], portraits[-1], "-o", "out.png")
        assert_failed(done, 13, "signing key", "keys import")
    assert set(tmp_path.iterdir()) == before


def test_keys_are_shown_found_and_imported(here: Run, own: Path, tmp_path: Path) -> None:
    [event] = here("keys", "show", "--json").events
    assert event["serial"] == load_key(own / "keys").serial
    assert here("keys", "path").out.strip() == str(own / "keys")
    load_key(tmp_path / "studio")
    studio = tmp_path / "studio"
    shown = here("keys", "import", studio / "signing.key", studio / "signing.pem")
    assert (shown.code, load_key(studio).serial in shown.out) == (0, True)
    assert load_key(own / "keys") == load_key(studio)
    assert_failed(here("keys", "import", studio / "signing.pem", studio / "signing.key"), 3, "no key")


def test_consent_is_recorded_linked_required_and_revoked(
    here: Run, portraits: list[Path], tmp_path: Path
) -> None:
    actor, target = portraits[0], portraits[-1]
    without = here("swap", actor, target, "-o", "without.png")
    assert without.code == 0
    assert "No valid consent is on record" in without.err
    swap = ("swap", actor, target, "--require-consent", "-o")
    assert_failed(here(*swap, "no.png"), 14, actor.name, "consent add")
    assert not (tmp_path / "no.png").exists()

    (tmp_path / "release.pdf").write_bytes(b"I agree.")
    given = here(
        *("consent", "add", "--actor", actor, "--who", "Nobody", "--scope", "this test"),
        *("--until", "2999-12-31", "--document", "release.pdf"),
    )
    assert given.code == 0, given.err
    number = given.out.strip()
    assert re.fullmatch("[0-9a-f]{12}", number)
    listed = here("consent", "list")
    for part in (number, "Nobody", "this test", "2999-12-31", "valid"):
        assert part in listed.out

    result = here(*swap, "yes.png", "--json").events[-1]
    assert (result["event"], result["consent"]) == ("result", [number])
    assert "consent-absent" not in [notice["code"] for notice in result["notices"]]
    assert f"Consent on record: {number}" in here("verify", "yes.png").out
    [exported] = json.loads(here("consent", "export").out)
    [linked] = here("verify", "yes.png", "--json").events[0]["chain"][0]["record"]["consent"]
    assert linked == {"id": number, "sha256": exported["sha256"]}
    assert exported["document"] is not None
    # Nothing of the person is in the file.
    assert b"Nobody" not in (tmp_path / "yes.png").read_bytes()

    # Another file of the same bytes is the same photo; another person's is not.
    shutil.copy(actor, tmp_path / "copy.jpg")
    assert here("swap", "copy.jpg", target, "--require-consent", "-o", "copy.png").code == 0
    assert_failed(here("swap", portraits[1], target, "--require-consent", "-o", "other.png"), 14)

    assert here("consent", "revoke", number[:6]).code == 0
    assert_failed(here(*swap, "late.png"), 14)
    assert "revoked" in here("consent", "list").out


def test_what_is_no_consent_is_not_recorded(here: Run, portraits: list[Path]) -> None:
    add = ("consent", "add", "--actor", portraits[0], "--who", "A", "--scope")
    assert_failed(here(*add, "x", "--until", "2001-01-01"), 2, "past")
    assert_failed(here(*add, "x", "--until", "tomorrow"), 2, "2027-12-31")
    assert_failed(here(*add, " "), 2, "--scope")
    assert_failed(here(*add, "x", "--document", "missing.pdf"), 3, "missing.pdf")
    assert_failed(here("consent", "revoke", "abc"), 2, "consent list")
    assert here("consent", "list").out.strip() == "no consent is on record"


def test_a_signed_target_stays_in_the_chain(here: Run, portraits: list[Path], tmp_path: Path) -> None:
    """I32."""
    target = tmp_path / "target.jpg"
    shutil.copy(portraits[-1], target)
    mark(target, make_file(tmp_path / "raw.png"), software="camera 7")
    assert here("swap", portraits[0], target, "-o", "out.jpg").code == 0
    [event] = here("verify", "out.jpg", "--json").events
    assert [link["tool"] for link in event["chain"]][1:] == ["camera 7"]
