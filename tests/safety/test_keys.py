"""The installation's key."""

from __future__ import annotations

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from understudy.core.errors import InputError, SigningError
from understudy.safety.keys import import_key, load_key


def test_it_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "keys"
    made = load_key(folder)
    assert load_key(folder) == made
    assert sorted(path.name for path in folder.iterdir()) == ["signing.key", "signing.pem"]
    assert [path.name for path in folder.parent.iterdir()] == ["keys"]
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_its_certificate_says_what_c2pa_asks_for_and_names_nobody(tmp_path: Path) -> None:
    leaf, authority = x509.load_pem_x509_certificates(load_key(tmp_path / "keys").chain)
    leaf.verify_directly_issued_by(authority)
    authority.verify_directly_issued_by(authority)
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    purpose = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purpose) == [x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION]
    assert leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days > 29 * 365
    assert {part.value for part in leaf.subject} == {"Understudy", "Understudy installation"}


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert load_key(tmp_path / "a").private != load_key(tmp_path / "b").private


def test_many_that_come_first_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: load_key(tmp_path / "keys"), range(8)))
    assert len({key.private for key in keys}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


@pytest.mark.parametrize("name", ["signing.key", "signing.pem"])
@pytest.mark.parametrize("how", ["missing", "empty", "cut", "a folder", "another's"])
def test_half_a_key_is_an_error_and_no_reason_to_make_a_new_one(name: str, how: str, tmp_path: Path) -> None:
    """F14."""
    folder = tmp_path / "keys"
    load_key(folder)
    path = folder / name
    data = path.read_bytes()
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how == "another's":
        load_key(tmp_path / "other")
        path.write_bytes((tmp_path / "other" / name).read_bytes())
    elif how != "missing":
        path.write_bytes(b"" if how == "empty" else data[:100])
    before = sorted(each.name for each in folder.iterdir())
    with pytest.raises(SigningError) as caught:
        load_key(folder)
    assert "keys import" in caught.value.next_step
    assert sorted(each.name for each in folder.iterdir()) == before


def test_ones_own_key_takes_the_place_of_the_one_before_which_is_kept(tmp_path: Path) -> None:
    before, own = load_key(tmp_path / "keys"), load_key(tmp_path / "studio")
    studio = tmp_path / "studio"
    import_key(tmp_path / "keys", studio / "signing.key", studio / "signing.pem")
    assert load_key(tmp_path / "keys") == own
    [kept] = tmp_path.glob("keys-*")
    assert load_key(kept) == before


def test_what_is_no_key_is_not_imported(tmp_path: Path) -> None:
    kept = load_key(tmp_path / "keys")
    load_key(tmp_path / "studio")
    key, chain = tmp_path / "studio" / "signing.key", tmp_path / "studio" / "signing.pem"
    for wrong in ((chain, chain), (key, key), (key, tmp_path / "keys" / "signing.pem"), (tmp_path, chain)):
        with pytest.raises(InputError):
            import_key(tmp_path / "keys", *wrong)
    assert load_key(tmp_path / "keys") == kept
    assert load_pem_private_key(kept.private, None)
