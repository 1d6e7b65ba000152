"""What a file's Content Credentials say, and whether they still fit it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from understudy.core.errors import InputError
from understudy.media.files import check_input
from understudy.safety.provenance import RECORD, media_type_inside, offline_context, sidecar_of
from understudy.safety.xmp import COMPOSITE

__all__ = ["Manifest", "Verification", "verify"]

# What is said of every key that no list of C2PA's knows, and of none that is revoked or wrong.
_OWN_KEY: Final = "signingCredential.untrusted"


@dataclass(frozen=True)
class Manifest:
    """One link of the chain: what somebody said of a file when it was made.

    Attributes:
        tool: Name and version of what made it.
        actions: What was done, such as ``"c2pa.edited"``.
        source_type: The IPTC term for how it came about; empty when it does not say.
        signer: Whom the certificate names.
        serial: The certificate's number.
        time: When it was signed, if a time stamp says so.
        altered: Whether the file had been changed since, when the next link was made; for the first link, whether
            the file has been changed.
        record: What Understudy says of a job: models, policy, consent; empty in other tools' files.
    """

    tool: str
    actions: tuple[str, ...]
    source_type: str
    signer: str
    serial: str
    time: str
    altered: bool
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Verification:
    """What there is to say of a file.

    Attributes:
        path: It.
        state: ``"valid"``: as it was when it was signed; ``"altered"``: changed since, or its credentials are broken;
            ``"none"``: no credentials.
        trusted: Whether somebody whom C2PA's lists know vouches for the key.
        sidecar: Where they lie, if not in the file.
        problems: C2PA's names of what is wrong.
        chain: The file's own manifest, then that of what it was made from, and so on.
    """

    path: Path
    state: Literal["valid", "altered", "none"]
    trusted: bool = False
    sidecar: Path | None = None
    problems: tuple[str, ...] = ()
    chain: tuple[Manifest, ...] = ()

    @property
    def composite(self) -> bool:
        """Whether it says that a part of it was made by a model."""
        return bool(self.chain) and self.chain[0].source_type == COMPOSITE


def verify(path: Path) -> Verification:
    """Read a file's credentials, embedded or beside it; nothing is fetched.

    Raises:
        InputError: The file cannot be read.
    """
    import c2pa

    check_input(path)
    beside = path.with_suffix(".c2pa")
    try:
        kind = media_type_inside(path)
        with offline_context() as context, path.open("rb") as file:
            try:
                return _told(path, None, c2pa.Reader(kind, file, context=context))
            except c2pa.C2paError as error:
                if not beside.is_file() or beside == path:
                    return _untold(path, None, error)
            file.seek(0)
            try:
                seen = _told(path, beside, c2pa.Reader(kind, file, beside.read_bytes(), context=context))
            except c2pa.C2paError as error:
                seen = _untold(path, beside, error)
            # Beside a file that could hold its own, it may well be another file's of the same name.
            strange = seen.state == "altered" and sidecar_of(path) is None
            return Verification(path, "none") if strange else seen
    except OSError as error:
        raise InputError(f"Cannot be read: {error}.", path=path) from error


def _untold(path: Path, beside: Path | None, error: Exception) -> Verification:
    """No credentials, or such as cannot be read any more."""
    import c2pa

    # The library has no class of its own for credentials that it was told not to fetch.
    if str(error).startswith("Remote"):
        return Verification(
            path, "none", problems=("its credentials lie on the network, and none are fetched",)
        )
    missing = isinstance(error, c2pa.C2paError.ManifestNotFound | c2pa.C2paError.NotSupported)
    if missing and beside is None:
        return Verification(path, "none")
    return Verification(path, "altered", sidecar=beside, problems=(str(error),))


def _told(path: Path, beside: Path | None, reader: Any) -> Verification:
    with reader:
        said = json.loads(reader.json())
    problems = tuple(_failures(said.get("validation_results", {})))
    valid = said["validation_state"] in ("Valid", "Trusted") and not problems
    chain = tuple(_chain(said["manifests"], said["active_manifest"], not valid))
    trusted = said["validation_state"] == "Trusted"
    return Verification(path, "valid" if valid else "altered", trusted, beside, problems, chain)


def _failures(results: Mapping[str, Any]) -> Iterator[str]:
    for failure in results.get("activeManifest", {}).get("failure", ()):
        if failure["code"] != _OWN_KEY:
            yield failure["code"]


def _chain(manifests: Mapping[str, Any], label: str | None, altered: bool) -> Iterator[Manifest]:
    seen: set[str] = set()
    while label is not None and label in manifests and label not in seen:
        seen.add(label)
        said = manifests[label]
        yield _manifest(said, altered)
        parents = [each for each in said.get("ingredients", ()) if each.get("relationship") == "parentOf"]
        label = parents[0].get("active_manifest") if parents else None
        altered = any(_failures(parents[0].get("validation_results", {}))) if parents else False


def _manifest(said: Mapping[str, Any], altered: bool) -> Manifest:
    assertions = {each["label"]: each.get("data", {}) for each in said.get("assertions", ())}
    actions = [
        action
        for label, data in assertions.items()
        if label.startswith("c2pa.actions")
        for action in data.get("actions", ())
    ]
    sources = [action["digitalSourceType"] for action in actions if "digitalSourceType" in action]
    signature = said.get("signature_info", {})
    return Manifest(
        tool=_tool(said),
        actions=tuple(action["action"] for action in actions),
        source_type=sources[-1] if sources else "",
        signer=signature.get("common_name") or signature.get("issuer") or "",
        serial=signature.get("cert_serial_number", ""),
        time=signature.get("time", ""),
        altered=altered,
        record=assertions.get(RECORD, {}),
    )


def _tool(said: Mapping[str, Any]) -> str:
    for info in said.get("claim_generator_info") or ():
        return f"{info.get('name', '')} {info.get('version', '')}".strip()
    return str(said.get("claim_generator", ""))
