"""The key that this installation signs with: made on first use, kept for its user alone, never sent anywhere.

A folder holds two files, ``signing.key`` (PKCS #8) and ``signing.pem`` (its certificate, then those that vouch for it).
The one of them without the other is an error and never a reason to make new ones: whoever relies on a key must hear
that it is gone. The authority that vouches for a key made here signs that one certificate and is forgotten.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from understudy.core.errors import InputError, SigningError
from understudy.core.system import sync_directory

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

__all__ = ["SigningKey", "import_key", "load_key"]

_KEY: Final = "signing.key"
_CHAIN: Final = "signing.pem"
_YEARS: Final = 30
"""Without a time stamp from the network, files signed by a certificate that ran out would read as invalid."""
_MEND: Final = (
    "Put it back, name your own with 'understudy keys import', or remove that folder for a new one."
)


@dataclass(frozen=True, repr=False)
class SigningKey:
    """A key and what vouches for it.

    Attributes:
        private: The key itself, as PEM.
        chain: Certificates as PEM, the key's own first.
        name: Whom the certificate names.
        serial: The certificate's number.
        expires: When it runs out.
    """

    private: bytes
    chain: bytes
    name: str
    serial: str
    expires: datetime


def load_key(folder: Path) -> SigningKey:
    """The key that lies in a folder; made when nothing is there.

    Raises:
        SigningError: One half is missing, or it cannot be read, used or made.
    """
    try:
        if not (folder / _KEY).exists() and not (folder / _CHAIN).exists():
            _make(folder)
        key, chain = (folder / _KEY).read_bytes(), (folder / _CHAIN).read_bytes()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SigningError(
            f"The signing key cannot be read: {reason}.",
            path=error.filename or folder,
            next_step=_MEND,
        ) from error
    try:
        return _checked(key, chain)
    except ValueError as error:
        raise SigningError(
            f"The signing key cannot be used: {error}.", path=folder, next_step=_MEND
        ) from error


def import_key(folder: Path, key: Path, chain: Path) -> SigningKey:
    """Sign with a key of the user's own from now on; what was there is kept beside it.

    Args:
        folder: Of the installation's key.
        key: The private one, PEM, on the curve P-256, without a password.
        chain: Certificates as PEM, the key's own first.

    Raises:
        InputError: They cannot be read, or do not belong together.
        SigningError: They cannot be kept.
    """
    try:
        parts = key.read_bytes(), chain.read_bytes()
        own = _checked(*parts)
    except OSError as error:
        raise InputError(f"Cannot be read: {error.strerror}.", path=error.filename) from error
    except ValueError as error:
        raise InputError(
            f"This is no key to sign with: {error}.",
            path=key,
            next_step="It takes a P-256 key without password and its certificates, both as PEM.",
        ) from error
    try:
        if folder.exists():
            folder.rename(folder.with_name(f"{folder.name}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"))
        _keep(folder, *parts)
    except OSError as error:
        raise SigningError(f"The key cannot be kept: {error.strerror}.", path=folder) from error
    return own


def _checked(key: bytes, chain: bytes) -> SigningKey:
    """Read both, and see that they belong together.

    Raises:
        ValueError: With the reason.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private, certificates = load_pem_private_key(key, None), x509.load_pem_x509_certificates(chain)
    except TypeError as error:
        raise ValueError("it has a password") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise ValueError("it is not on the curve P-256")
    leaf = certificates[0]
    if leaf.public_key() != private.public_key():
        raise ValueError("the first certificate is another key's")
    if leaf.not_valid_after_utc < datetime.now(UTC):
        raise ValueError(f"its certificate ran out on {leaf.not_valid_after_utc:%Y-%m-%d}")
    named = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    name = str(named[0].value) if named else leaf.subject.rfc4514_string()
    return SigningKey(key, chain, name, str(leaf.serial_number), leaf.not_valid_after_utc)


def _make(folder: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = b"".join(
        certificate.public_bytes(serialization.Encoding.PEM) for certificate in _certificates(authority, key)
    )
    _keep(folder, pem, chain)


def _keep(folder: Path, key: bytes, chain: bytes) -> None:
    """Write both or neither; whoever comes second finds the first one's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}.part")
    part.mkdir(mode=0o700)
    try:
        for name, content in ((_KEY, key), (_CHAIN, chain)):
            descriptor = os.open(part / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        try:
            part.rename(folder)
        except OSError:
            if not (folder / _KEY).exists():  # else another process was faster
                raise
        sync_directory(folder.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _certificates(
    authority: EllipticCurvePrivateKey, key: EllipticCurvePrivateKey
) -> tuple[x509.Certificate, x509.Certificate]:
    """The key's certificate, and the authority's. C2PA 2.2, section 14.5 (X.509 certificates), says what they need.

    They name nobody: a file is not to tell who made it unless its maker wants that, with a key of their own.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    now = datetime.now(UTC)
    roles = (
        (authority, "Understudy installation authority", x509.BasicConstraints(True, 0)),
        (key, "Understudy installation", x509.BasicConstraints(False, None)),
    )
    issuer = _name(roles[0][1])
    made = []
    for own, name, constraints in roles:
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(issuer)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))  # clocks differ
            .not_valid_after(now + timedelta(days=365.25 * _YEARS))
            .add_extension(constraints, critical=True)
            .add_extension(_usage(authority=constraints.ca), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        )
        if not constraints.ca:
            vouching = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(vouching, critical=False).add_extension(purpose, critical=False)
        made.append(builder.sign(authority, hashes.SHA256()))
    return made[1], made[0]


def _name(common: str) -> x509.Name:
    from cryptography import x509

    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Understudy"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
