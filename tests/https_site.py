"""A web server of our own that speaks TLS, breaks connections on request and writes down what it is asked for."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).parent / "loopback.pem"


@dataclass
class Site:
    """What is served, and how well.

    Attributes:
        files: Path to bytes.
        ranges: Whether parts may be asked for.
        etags: Whether versions of a file have names.
        break_after: For each connection to come: close it after so many bytes. Then they last.
        leads_to: Paths that redirect, and where.
        asked: (path, Range header) of each request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etags: bool = True
    break_after: list[int] = field(default_factory=list)
    leads_to: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, *args: Any, site: Site) -> None:
        self._site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        site, wanted = self._site, self.headers.get("Range", "")
        site.asked.append((self.path, wanted))
        if self.path in site.leads_to:
            self.send_response(302)
            self.send_header("Location", site.leads_to[self.path])
            self.end_headers()
            return
        data = site.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        etag = f'"{hashlib.sha256(data).hexdigest()[:12]}"'
        start = 0
        if site.ranges and wanted and self.headers.get("If-Range", etag) == etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(data):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if site.etags:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = start + site.break_after.pop(0) if site.break_after else len(data)
        self.wfile.write(data[start:end])

    def log_message(self, *args: Any) -> None:
        """Silence."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *args: Any) -> None:
        """Silence: clients go away in the middle here."""


@contextmanager
def serve_https(site: Site) -> Iterator[Site]:
    """Put the site on the loopback. Clients must trust CERTIFICATE, as by SSL_CERT_FILE."""
    server = _Server(("127.0.0.1", 0), partial(_Handler, site=site))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(
        server.socket,
        server_side=True,
        do_handshake_on_connect=False,  # in the thread of each connection, which closes it when that fails
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site.url = f"https://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
