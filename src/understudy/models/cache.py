"""Weights on the disk: find, fetch, verify, remove.

A file has its final name only when its bytes are what the catalogue says; it is checked again whenever it is
loaded. Several processes may ask at once: one fetches, the others wait. What limits its use, or comes without a known
digest, is fetched only after the user said so once (``records.py``).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from understudy.core.errors import ModelCorrupt, ModelError, ModelMissing, ModelNotAccepted
from understudy.models.download import fetch_https
from understudy.models.records import Records
from understudy.models.sources import (
    Fetched,
    FetchProgress,
    Readable,
    copy_checked,
    fetch_archive,
    file_matches,
    open_members,
)
from understudy.models.spec import Archive, Catalog, HttpsFile, Member, ModelSpec, load_catalog

__all__ = ["Cache", "Status"]


class Status(Enum):
    """What lies in the cache under a model's name."""

    MISSING = "missing"
    CORRUPT = "corrupt"
    VERIFIED = "verified"


@dataclass(frozen=True)
class Cache:
    """The folder of weights and the places that they come from.

    Attributes:
        root: The folder; made when something is put there.
        mirror: A folder that is looked into before any network, for the model's file or for the archive that
            holds it, by name.
        offline: Never touch the network.
        catalog: Whatever archive is opened, its members that are rows of this are kept too.
    """

    root: Path
    mirror: Path | None = None
    offline: bool = False
    catalog: Catalog = field(default_factory=load_catalog, repr=False)

    @cached_property
    def records(self) -> Records:
        """What was accepted, and digests that nobody had published."""
        return Records(self.root)

    def path(self, spec: ModelSpec) -> Path:
        """Where the model lies, or would lie. The name carries the digest: versions never mix."""
        if spec.local:
            return spec.local
        sha256 = self._known(spec).sha256
        digest = f"-{sha256[:8]}" if sha256 else ""
        return self.root / f"{spec.name}{digest}{Path(spec.file).suffix}"

    def installed(self, spec: ModelSpec) -> bool:
        """Whether there is a file under its name (not whether it is good: see :meth:`verify`)."""
        return self.path(spec).is_file()

    def ready(self, spec: ModelSpec) -> bool:
        """Whether it is installed with all that it needs."""
        return all(map(self.installed, self.catalog.with_needs([spec])))

    def verify(self, spec: ModelSpec) -> Status:
        """Compare the file's size and digest with the catalogue's, or with those that were recorded."""
        if not self.installed(spec):
            return Status.MISSING
        spec = self._known(spec)
        if spec.sha256 is None:
            # A file of the user's that was never used is what it is; in our own folder nothing comes unrecorded.
            return Status.VERIFIED if spec.local else Status.CORRUPT
        good = file_matches(self.path(spec), spec.sha256, spec.bytes)
        return Status.VERIFIED if good else Status.CORRUPT

    def remove(self, spec: ModelSpec) -> bool:
        """Delete the cached file; False when there was none.

        A file of the user's own catalogue stays; its digest is forgotten, so that another may take its place.
        """
        if spec.local:
            known = self.records.digest(spec) is not None
            if known:
                self.records.forget_digest(spec)
            return known
        there = self.installed(spec)
        self.path(spec).unlink(missing_ok=True)
        return there

    def ensure(self, spec: ModelSpec, progress: FetchProgress | None = None) -> Path:
        """The verified file, fetched if need be.

        Raises:
            ModelCorrupt: The cached file, or what a source gave, differs from what it should be.
            ModelMissing: It is not here and may not, or could not, be fetched.
            ModelNotAccepted: It is not here, and the user has not accepted its licence or its unknown digest.
        """
        if self.verify(spec) is Status.CORRUPT:
            again = (
                "understudy models pull" if not spec.local else "If you changed it: understudy models remove"
            )
            raise ModelCorrupt(
                f"The weights of {spec.name} differ from the expected digest; they were not loaded.",
                path=self.path(spec),
                next_step=f"{'' if spec.local else 'Get them again: '}{again} {spec.name}",
            )
        return self.pull(spec, progress)

    def pull(self, spec: ModelSpec, progress: FetchProgress | None = None) -> Path:
        """Like :meth:`ensure`, but a corrupt file is replaced."""
        if self.verify(spec) is not Status.VERIFIED:
            with self._locked(spec.name):
                if self.verify(spec) is not Status.VERIFIED:
                    self._fetch(spec, progress)
        return self.path(spec)

    def resolved(self, spec: ModelSpec) -> ModelSpec:
        """The row with digest and size of the installed file, which an unpinned row does not say itself."""
        spec = self._known(spec)
        if spec.sha256 is None and spec.local and spec.local.is_file():
            with spec.local.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            self.records.keep_digest(spec, digest, spec.local.stat().st_size, str(spec.local))
            return self._known(spec)
        return spec

    def unaccepted(self, spec: ModelSpec) -> tuple[str, ...]:
        """What the user has to accept before this is fetched: ``"licence"``, ``"unpinned"``, both or nothing."""
        asks = []
        if spec.restricted and not spec.local and self.records.licence(spec) is None:
            asks.append("licence")
        if self._known(spec).sha256 is None and not spec.local and not self._mirrored(spec):
            asks += [] if self.records.unpinned(spec) else ["unpinned"]
        return tuple(asks)

    def require_accepted(self, specs: Iterable[ModelSpec]) -> None:
        """Raise one ModelNotAccepted for all of these that are not here and wait for the user's word."""
        self._refuse_unaccepted(spec for spec in specs if not self.installed(spec))

    def _refuse_unaccepted(self, specs: Iterable[ModelSpec]) -> None:
        if waiting := [spec for spec in specs if self.unaccepted(spec)]:
            raise ModelNotAccepted(
                "Weights are not here, and you have to agree before they are fetched: "
                + "; ".join(map(self._terms, waiting))
                + ".",
                next_step=f"Run: understudy models pull {' '.join(spec.name for spec in waiting)}",
            )

    def _terms(self, spec: ModelSpec) -> str:
        size = f"{spec.bytes / 1e6:.1f} MB" if spec.bytes else "size unknown"
        limits = " (restricts use)" if spec.restricted else ""
        digest = "" if spec.pinned else ", no published digest"
        return f"{spec.name}, {size}, licence {spec.licence}{limits}, {spec.licence_url}{digest}"

    def _known(self, spec: ModelSpec) -> ModelSpec:
        if spec.pinned or (seen := self.records.digest(spec)) is None:
            return spec
        return spec.model_copy(update={"sha256": seen.sha256, "bytes": seen.bytes})

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        locks = self.root / ".locks"
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"{name}.lock"):
            yield

    def _fetch(self, spec: ModelSpec, progress: FetchProgress | None) -> None:
        if spec.local:
            raise ModelMissing(f"The file of {spec.name}, a model of yours, is not there.", path=spec.local)
        self._refuse_unaccepted([spec])
        if self._from_mirror(spec):
            return
        if self.offline:
            raise ModelMissing(
                f"The weights of {spec.name} are not installed and the network is off.",
                path=self.path(spec),
                next_step=f"Go online and run 'understudy models pull {spec.name}', or {self._by_hand(spec)}",
            )
        failures: list[ModelError] = []
        for source in spec.sources:
            try:
                if isinstance(source, Member):
                    self._from_archive(spec, source.archive, progress)
                elif isinstance(source, HttpsFile):
                    self._from_address(spec, source.url, progress)
            except (ModelCorrupt, ModelMissing) as error:
                failures.append(error)
            else:
                return
        corrupt = any(isinstance(error, ModelCorrupt) for error in failures)
        raise (ModelCorrupt if corrupt else ModelMissing)(
            f"The weights of {spec.name} could not be fetched. " + " ".join(map(str, failures)),
            next_step=f"Check the connection and try again, or {self._by_hand(spec)}",
        ) from failures[0]

    def _mirrored(self, spec: ModelSpec) -> bool:
        return self.mirror is not None and (self.mirror / spec.file).is_file()

    def _from_mirror(self, spec: ModelSpec) -> bool:
        if self.mirror is None:
            return False
        if self._mirrored(spec):
            direct = self.mirror / spec.file
            with direct.open("rb") as stream:
                self._keep(spec, stream, str(direct))
            return True
        for source in spec.sources:
            if isinstance(source, Member) and (path := self.mirror / source.archive.filename).is_file():
                if not file_matches(path, source.archive.sha256, source.archive.bytes):
                    raise ModelCorrupt(
                        "The mirror's archive differs from the catalogue's digest; it was not opened.",
                        path=path,
                        next_step="Replace it or take it away.",
                    )
                self._keep_members(source.archive, path)
                return True
        return False

    def _from_address(self, spec: ModelSpec, url: str, progress: FetchProgress | None) -> None:
        known = self._known(spec)
        # Named by the address too: two servers' files are never joined into one.
        where = hashlib.sha256(url.encode()).hexdigest()[:8]
        part = self._staging(f"{spec.name}-{where}.part")
        self._finish(spec, part, fetch_https(url, part, known.sha256, known.bytes, progress), url)
        for rest in part.parent.glob(f"{spec.name}-????????.part*"):
            rest.unlink()

    def _from_archive(self, spec: ModelSpec, archive: Archive, progress: FetchProgress | None) -> None:
        with self._locked(archive.filename):
            if self.verify(spec) is Status.VERIFIED:  # whoever had the lock before kept this one too
                return
            if archive.kind == "zip":
                part = self._staging(archive.filename + ".part")
                fetch_https(archive.url, part, archive.sha256, archive.bytes, progress)
                self._keep_members(archive, part)
                part.unlink()
                return
            staging = self._staging(archive.filename)
            # Only whoever holds the lock is here: what lies there is from a run that was killed.
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir()
            try:
                self._keep_members(archive, fetch_archive(archive, staging, progress))
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def _staging(self, name: str) -> Path:
        folder = self.root / ".fetch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    def _keep_members(self, archive: Archive, path: Path) -> None:
        """Keep every member that is a row of the catalogue, may be used, and is not here already."""
        wanted = {
            member.path: spec
            for spec, member in self.catalog.members(archive)
            if self.verify(spec) is not Status.VERIFIED and not self.unaccepted(spec)
        }
        with open_members(archive, path) as members:
            for name, stream in members:
                if spec := wanted.pop(name, None):
                    self._keep(spec, stream, f"{archive.filename}/{name}")
                if not wanted:
                    return
        raise ModelCorrupt(f"{archive.filename} does not hold {', '.join(wanted)}.")

    def _keep(self, spec: ModelSpec, stream: Readable, origin: str) -> None:
        """Copy a file that is here into its place, checked."""
        known = self._known(spec)
        part = self.path(spec).with_name(self.path(spec).name + ".part")
        self._finish(spec, part, copy_checked(stream, part, known.sha256, known.bytes, origin), origin)

    def _finish(self, spec: ModelSpec, part: Path, found: Fetched, origin: str) -> None:
        """Give a checked file its final name; what it is goes on record before."""
        if self._known(spec).sha256 is None:
            self.records.keep_digest(spec, found.sha256, found.bytes, origin)
        part.replace(self.path(spec))

    def _by_hand(self, spec: ModelSpec) -> str:
        names = [spec.file, *(s.archive.filename for s in spec.sources if isinstance(s, Member))]
        where = f"into {self.mirror}" if self.mirror else "into a folder and set UNDERSTUDY_MIRROR to it"
        return f"put {' or '.join(names)} {where}."
