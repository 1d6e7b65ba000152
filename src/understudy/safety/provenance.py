"""Content Credentials (C2PA) and XMP on everything that is written: the last thing before it gets its name.

The network is never used: no time stamp, no revocation list, no manifest that an input says lies elsewhere. No picture
is put into a manifest, and no name of a file or person.
"""

from __future__ import annotations

import io
import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from understudy.core.errors import InputError, SigningError
from understudy.core.plan import ConsentRef, ModelRef, ResolvedPlan
from understudy.media.files import output_error
from understudy.media.sequence import sequence_files
from understudy.safety.keys import SigningKey
from understudy.safety.xmp import COMPOSITE, add_xmp, xmp_packet

if TYPE_CHECKING:
    from c2pa import Builder, Context

__all__ = [
    "RECORD",
    "Claim",
    "Marker",
    "claim_of",
    "media_type_inside",
    "media_type_of",
    "offline_context",
    "sidecar_of",
]

RECORD: Final = "understudy.job"
"""Label of the assertion that says how a file was made."""

_EMBEDDED: Final = {
    **{".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg"},
    **{".png": "image/png", ".webp": "image/webp", ".avif": "image/avif", ".gif": "image/gif"},
    **{".tif": "image/tiff", ".tiff": "image/tiff", ".apng": "image/png"},
    **{".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".avi": "video/x-msvideo"},
}
_MAGIC: Final = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n": "image/png",
    b"GIF8": "image/gif",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
}
_SETTINGS: Final = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
    # Of half a gigabyte the copy would else be made in memory.
    "core": {"backing_store_memory_threshold_in_mb": 32},
}


@dataclass(frozen=True)
class Claim:
    """What is said of a file.

    Attributes:
        software: Name and version of what made it, such as ``"understudy 0.1.0"``.
        description: What was done, in a few words.
        target: The performance that it was made from: file, folder or pattern.
        target_digest: Of that, as the plan has it.
        models: The weights that took part.
        policy: Digest of the content gate's policy that it passed.
        consent: The records of consent that it rests on; none is said as such.
        watermarked: Whether an invisible mark was laid over it.
    """

    software: str
    description: str
    target: Path
    target_digest: str
    models: tuple[ModelRef, ...] = ()
    policy: str | None = None
    consent: tuple[ConsentRef, ...] = ()
    watermarked: bool = False


def claim_of(plan: ResolvedPlan, target: Path, policy: str | None) -> Claim:
    """What is said of a plan's result.

    Args:
        plan: What was done.
        target: Where its target lies.
        policy: Digest of the gate's policy.
    """
    look = plan.look
    done = {
        "Faces replaced": look.swapper != "none",
        "faces restored": look.enhancer is not None,
        "picture enlarged": look.upscaler is not None,
    }
    words = ", ".join(word for word, true in done.items() if true)
    return Claim(
        software=plan.software,
        description=words[0].upper() + words[1:],
        target=target,
        target_digest=plan.target.sha256,
        models=plan.models,
        policy=policy,
        consent=plan.consent,
        watermarked=look.watermark,
    )


def media_type_of(path: Path) -> tuple[str, bool]:
    """A file's media type by its name, and whether credentials can lie inside such a file."""
    kind = _EMBEDDED.get(path.suffix.lower())
    if kind is not None:
        return kind, True
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream", False


def media_type_inside(path: Path) -> str:
    """A file's media type by its content, as far as credentials can lie in it; else by its name.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(16)
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        pictures = {
            b"avif": "image/avif",
            b"avis": "image/avif",
            b"heic": "image/heic",
            b"mif1": "image/heif",
        }
        return pictures.get(brand, "video/quicktime" if brand == b"qt  " else "video/mp4")
    if head[:4] == b"RIFF":
        return "image/webp" if head[8:12] == b"WEBP" else "video/x-msvideo"
    known = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    return known or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def sidecar_of(path: Path) -> Path | None:
    """Where the credentials of a file lie that cannot hold them itself; None when it can."""
    return None if media_type_of(path)[1] else path.parent / f"{path.stem}.c2pa"


class Marker:
    """Marks complete drafts as what they are; the target is read once, however many files are made from it.

    Args:
        claim: What is said of them.
        key: Who says it.

    Raises:
        SigningError: Nothing can be said of the target.
        InputError: The target cannot be read.
    """

    def __init__(self, claim: Claim, key: SigningKey) -> None:
        import c2pa

        self._packet, self._key = xmp_packet(claim.software), key
        archive = io.BytesIO()
        try:
            with offline_context() as context, c2pa.Builder(_manifest(claim), context=context) as builder:
                _add_target(builder, claim.target, context)
                builder.to_archive(archive)
        except OSError as error:
            raise InputError(f"Cannot be read: {error}.", path=claim.target) from error
        except c2pa.C2paError as error:
            raise _failed(error, claim.target) from error
        self._template = archive.getvalue()

    def __call__(self, draft: Path, final: Path) -> Path | None:
        """Mark a draft in place.

        Args:
            draft: The file under a temporary name, to which nobody else writes.
            final: The name that it will get; its suffix says what it is.

        Returns:
            The sidecar, beside the draft, when such a file cannot hold its credentials.

        Raises:
            SigningError: It cannot be signed; the draft must not be published.
            OutputError: It cannot be written.
        """
        import c2pa

        kind, embedded = media_type_of(final)
        signed = draft.with_name(f"{draft.name}.signed")
        try:
            add_xmp(draft, kind, self._packet)
            manifest = self._signed(draft, signed, kind, embedded=embedded)
            if embedded:
                signed.replace(draft)
                return None
            sidecar = draft.with_name(f"{draft.name}.c2pa")
            sidecar.write_bytes(manifest)
        except OSError as error:
            raise output_error(error, final) from error
        except (c2pa.C2paError, ValueError) as error:
            raise _failed(error, final) from error
        finally:
            signed.unlink(missing_ok=True)
        return sidecar

    def _signed(self, draft: Path, signed: Path, kind: str, *, embedded: bool) -> bytes:
        """Write the signed copy; the manifest store is returned."""
        import c2pa

        info = c2pa.C2paSignerInfo("es256", self._key.chain, self._key.private, None)
        template = io.BytesIO(self._template)
        with (
            offline_context() as context,
            c2pa.Builder({}, context=context).with_archive(template) as builder,
        ):
            builder.set_intent(c2pa.C2paBuilderIntent.EDIT)  # it says "opened" of the target by itself
            if not embedded:
                builder.set_no_embed()
            with c2pa.Signer.from_info(info) as signer, draft.open("rb") as source, signed.open("w+b") as out:
                return bytes(builder.sign(signer, kind, source, out))


def _failed(error: Exception, path: Path) -> SigningError:
    return SigningError(
        f"It could not be marked with Content Credentials, and so it was not written: {error}.",
        path=path,
        next_step="Choose another format, such as PNG or MP4; if it happens again, please report it.",
    )


def offline_context() -> Context:
    """Settings under which C2PA's library asks nobody anything."""
    import c2pa

    return c2pa.Context.from_dict(_SETTINGS)


def _manifest(claim: Claim) -> dict[str, Any]:
    name, _, version = claim.software.partition(" ")
    agent = {"name": name, "version": version}
    actions = [
        {
            "action": "c2pa.edited",
            "description": claim.description,
            "digitalSourceType": COMPOSITE,
            "softwareAgent": agent,
        }
    ]
    if claim.watermarked:  # unbound: it leads to no manifest
        actions.append({"action": "c2pa.watermarked.unbound", "softwareAgent": agent})
    record = {
        "target": {"sha256": claim.target_digest},
        "models": [model.model_dump(mode="json") for model in claim.models],
        "policy": claim.policy,
        "consent": [each.model_dump(mode="json") for each in claim.consent],
    }
    return {
        "claim_generator_info": [agent],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": RECORD, "data": record},
        ],
    }


def _add_target(builder: Builder, target: Path, context: Context) -> None:
    """Name the target as what the file was made from, with the credentials that it has itself."""
    import c2pa

    files = sequence_files(target)
    file = files[0] if files else target
    role: dict[str, Any] = {"title": "target", "relationship": "parentOf"}
    kind = media_type_inside(file)
    sidecar = file.with_suffix(".c2pa")
    with file.open("rb") as stream:
        if kind not in _EMBEDDED.values() and sidecar.is_file():
            role |= _from_sidecar(builder, stream, kind, sidecar.read_bytes(), context)
        try:
            builder.add_ingredient(role, kind, stream)
        except c2pa.C2paError:
            # What our decoders forgive, C2PA's parser need not: then it is just bytes.
            stream.seek(0)
            builder.add_ingredient(role, "application/octet-stream", stream)


def _from_sidecar(
    builder: Builder, stream: io.BufferedReader, kind: str, manifest: bytes, context: Context
) -> dict[str, Any]:
    """What an ingredient says whose credentials lie beside it; nothing if they are not its own."""
    import c2pa

    try:
        with c2pa.Reader(kind, stream, manifest, context=context) as reader:
            said = json.loads(reader.json())
    except c2pa.C2paError:
        return {}
    finally:
        stream.seek(0)
    builder.add_resource("target.c2pa", io.BytesIO(manifest))
    return {
        "manifest_data": {"format": "application/c2pa", "identifier": "target.c2pa"},
        "active_manifest": said["active_manifest"],
        "validation_results": said["validation_results"],
    }
