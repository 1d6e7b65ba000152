"""Weights on the disk: find, fetch, verify, remove.

A file has its final name only when its bytes are what the catalogue says; it is checked again whenever it is
asked for. Several processes may ask at once: one fetches, the others wait.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from filelock import FileLock

from understudy.core.errors import ModelCorrupt, ModelError, ModelMissing
from understudy.models.sources import (
    FetchProgress,
    copy_checked,
    fetch_archive,
    fetch_https,
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

    def path(self, spec: ModelSpec) -> Path:
        """Where the model lies, or would lie. The name carries the digest: versions never mix."""
        return self.root / f"{spec.name}-{spec.sha256[:8]}{Path(spec.file).suffix}"

    def installed(self, spec: ModelSpec) -> bool:
        """Whether there is a file under its name (not whether it is good: see :meth:`verify`)."""
        return self.path(spec).is_file()

    def verify(self, spec: ModelSpec) -> Status:
        """Compare the cached file's size and digest with the catalogue's."""
        if not self.installed(spec):
            return Status.MISSING
        good = file_matches(self.path(spec), spec.sha256, spec.bytes)
        return Status.VERIFIED if good else Status.CORRUPT

    def remove(self, spec: ModelSpec) -> bool:
        """Delete the cached file; False when there was none."""
        there = self.installed(spec)
        self.path(spec).unlink(missing_ok=True)
        return there

    def ensure(self, spec: ModelSpec, progress: FetchProgress | None = None) -> Path:
        """The verified file, fetched if need be.

        Raises:
            ModelCorrupt: The cached file, or what a source gave, differs from the catalogue.
            ModelMissing: It is not here and may not, or could not, be fetched.
        """
        if self.verify(spec) is Status.CORRUPT:
            raise ModelCorrupt(
                f"The weights of {spec.name} differ from the catalogue's digest; they were not loaded.",
                path=self.path(spec),
                next_step=f"Get them again: understudy models pull {spec.name}",
            )
        return self.pull(spec, progress)

    def pull(self, spec: ModelSpec, progress: FetchProgress | None = None) -> Path:
        """Like :meth:`ensure`, but a corrupt file is replaced."""
        if self.verify(spec) is not Status.VERIFIED:
            with self._locked(spec):
                if self.verify(spec) is not Status.VERIFIED:
                    self._fetch(spec, progress)
        return self.path(spec)

    @contextmanager
    def _locked(self, spec: ModelSpec) -> Iterator[None]:
        source = spec.sources[0]
        holder = source.url if isinstance(source, HttpsFile) else source.archive.filename
        name = holder.rpartition("/")[2]
        locks = self.root / ".locks"
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"{name}.lock"):
            yield

    def _fetch(self, spec: ModelSpec, progress: FetchProgress | None) -> None:
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
                if isinstance(source, HttpsFile):
                    with self._part(spec) as part:
                        fetch_https(source.url, part, spec.sha256, spec.bytes, progress)
                else:
                    self._from_index(source.archive, progress)
            except (ModelCorrupt, ModelMissing) as error:
                failures.append(error)
            else:
                return
        corrupt = any(isinstance(error, ModelCorrupt) for error in failures)
        raise (ModelCorrupt if corrupt else ModelMissing)(
            f"The weights of {spec.name} could not be fetched. " + " ".join(map(str, failures)),
            next_step=f"Check the connection and try again, or {self._by_hand(spec)}",
        ) from failures[0]

    def _from_mirror(self, spec: ModelSpec) -> bool:
        if self.mirror is None:
            return False
        direct = self.mirror / spec.file
        if direct.is_file():
            with direct.open("rb") as stream, self._part(spec) as part:
                copy_checked(stream, part, spec.sha256, spec.bytes, str(direct))
            return True
        for source in spec.sources:
            if (
                not isinstance(source, HttpsFile)
                and (path := self.mirror / source.archive.filename).is_file()
            ):
                if not file_matches(path, source.archive.sha256, source.archive.bytes):
                    raise ModelCorrupt(
                        "The mirror's archive differs from the catalogue's digest; it was not opened.",
                        path=path,
                        next_step="Replace it or take it away.",
                    )
                self._keep_members(source.archive, path)
                return True
        return False

    def _from_index(self, archive: Archive, progress: FetchProgress | None) -> None:
        staging = self.root / ".fetch" / archive.filename
        # Only whoever holds the lock is here: what lies there is from a run that was killed.
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        try:
            self._keep_members(archive, fetch_archive(archive, staging, progress))
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _keep_members(self, archive: Archive, path: Path) -> None:
        """Keep every member that is a row of the catalogue and is not here already."""
        wanted = {
            member.path: spec
            for spec, member in self.catalog.members(archive)
            if self.verify(spec) is not Status.VERIFIED
        }
        with open_members(archive, path) as members:
            for name, stream in members:
                if spec := wanted.pop(name, None):
                    with self._part(spec) as part:
                        copy_checked(stream, part, spec.sha256, spec.bytes, f"{archive.filename}/{name}")
                if not wanted:
                    return
        raise ModelCorrupt(f"{archive.filename} does not hold {', '.join(wanted)}.")

    @contextmanager
    def _part(self, spec: ModelSpec) -> Iterator[Path]:
        """A name to write to, which becomes the final one when nothing went wrong."""
        final = self.path(spec)
        part = final.with_name(final.name + ".part")
        yield part
        part.replace(final)

    def _by_hand(self, spec: ModelSpec) -> str:
        names = [spec.file, *(s.archive.filename for s in spec.sources if isinstance(s, Member))]
        where = f"into {self.mirror}" if self.mirror else "into a folder and set UNDERSTUDY_MIRROR to it"
        return f"put {' or '.join(names)} {where}."
