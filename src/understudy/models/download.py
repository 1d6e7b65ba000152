"""Downloads over https that go on where they were interrupted."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from email.message import Message
from http.client import HTTPResponse
from pathlib import Path
from typing import IO, Any

from understudy.core.errors import DiskFull, ModelCorrupt, ModelMissing
from understudy.models.sources import Fetched, FetchProgress

__all__ = ["fetch_https"]

_CHUNK = 1 << 20
_ATTEMPTS = 4
_SECONDS_OF_SILENCE = 60


def fetch_https(
    url: str, part: Path, sha256: str | None, size: int | None, progress: FetchProgress | None = None
) -> Fetched:
    """Download a file to ``part``, going on with what is there already, and check all of it.

    What was fetched stays in ``part`` when the connection breaks or the user stops it, with the server's name for that
    version of the file beside it; bytes of two versions are never joined. A server without ranges begins again.

    Args:
        url: Where the file is; a redirection must stay on https.
        part: Written to.
        sha256: What the file must be; None takes whatever comes.
        size: Its bytes, where known.
        progress: Told about what arrives.

    Raises:
        ModelCorrupt: It is another file than it should be; ``part`` is gone.
        ModelMissing: The server did not give all of it.
        DiskFull: There is no room for it.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        before = _length(part)
        try:
            _go_on(url, part, sha256 is not None, size, progress)
            break
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise DiskFull(
                    "There is no room for these weights.",
                    path=part.parent,
                    next_step="Free some space, or set UNDERSTUDY_HOME to another disk.",
                ) from error
            # Another try only when something has changed: more came, or what was here did not fit.
            if _length(part) == before or attempt == _ATTEMPTS:
                raise ModelMissing(f"{url} could not be fetched: {_reason(error)}.") from error
    found = _measure(part)
    if found.sha256 != (sha256 or found.sha256) or found.bytes != (size or found.bytes):
        _discard(part)
        raise ModelCorrupt(f"The bytes from {url} differ from the expected digest; they were not used.")
    _etag_of(part).unlink(missing_ok=True)
    return found


class _Broken(OSError):
    """The connection ended before the file did."""


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https://"):
            fp.close()
            raise urllib.error.URLError(f"it leads to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _go_on(url: str, part: Path, pinned: bool, size: int | None, progress: FetchProgress | None) -> None:
    """One connection: fetch what is missing of ``part``."""
    request = urllib.request.Request(url, headers={"User-Agent": "understudy", "Accept-Encoding": "identity"})
    done, etag = _length(part), _read(_etag_of(part))
    if done and size is not None and done >= size:
        return  # all of it is here: only the check is missing
    # Without a name for the version, only a digest can tell that the rest is of the same file.
    if done and (etag or pinned):
        request.add_header("Range", f"bytes={done}-")
        if etag:
            request.add_header("If-Range", etag)
    try:
        with urllib.request.build_opener(_HttpsOnly).open(request, timeout=_SECONDS_OF_SILENCE) as response:
            _receive(response, part, done, size, progress)
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                _discard(part)
            raise


def _receive(
    response: HTTPResponse, part: Path, done: int, size: int | None, progress: FetchProgress | None
) -> None:
    goes_on = response.status == http.client.PARTIAL_CONTENT and _starts_at(response.headers, done)
    if not goes_on:
        if response.status == http.client.PARTIAL_CONTENT:
            raise _Broken("the server gave another part than it was asked for")
        done = 0
        _discard(part)
    etag = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        _etag_of(part).write_text(etag, encoding="latin-1")
    length = response.headers.get("Content-Length")
    total = done + int(length) if length else None
    with part.open("ab") as out:
        while chunk := response.read(_CHUNK):
            out.write(chunk)
            done += len(chunk)
            if progress:
                progress(done, total or size)
            if size is not None and done > size:
                return  # another file: the check will say so
        out.flush()
        os.fsync(out.fileno())
    if total is not None and done < total:
        raise _Broken(f"the connection ended after {done} of {total} bytes")


def _starts_at(headers: Message, done: int) -> bool:
    return headers.get("Content-Range", "").startswith(f"bytes {done}-")


def _measure(part: Path) -> Fetched:
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Fetched(digest, _length(part))


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _etag_of(part: Path) -> Path:
    return part.with_name(part.name + ".etag")


def _read(path: Path) -> str:
    return path.read_text(encoding="latin-1") if path.exists() else ""


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _etag_of(part).unlink(missing_ok=True)


def _reason(error: Exception) -> object:
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return error.reason
    return str(error) or type(error).__name__
