"""A package index of our own, with archives made on the spot."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from understudy.models.spec import Archive, Catalog, Member, ModelSpec

ONE = np.random.default_rng(1).bytes(700_000)
TWO = np.random.default_rng(2).bytes(50_000)
WHEEL = "weights-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
SDIST = "more_weights-2.0.tar.gz"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _wheel() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("weights/deep/one.tflite", ONE)
        wheel.writestr("weights/two.tflite", TWO)
        wheel.writestr("weights/unwanted.bin", b"x" * 1000)
        wheel.writestr(
            "weights-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: weights\nVersion: 1.0\n"
        )
        tag = "Root-Is-Purelib: false\nTag: cp311-cp311-manylinux_2_28_x86_64\n"
        wheel.writestr("weights-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\n{tag}")
        wheel.writestr("weights-1.0.dist-info/RECORD", "")
    return file.getvalue()


def _sdist(marker: Path) -> bytes:
    """Its setup.py, if anybody ran it, would leave a file."""
    members = {
        "setup.py": f"open({str(marker)!r}, 'w').close()\nfrom setuptools import setup\nsetup()\n".encode(),
        "PKG-INFO": b"Metadata-Version: 1.0\nName: more_weights\nVersion: 2.0\n",
        "more_weights/three.dat": ONE[::-1],
    }
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as sdist:
        for name, data in members.items():
            entry = tarfile.TarInfo(f"more_weights-2.0/{name}")
            entry.size = len(data)
            sdist.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def _row(name: str, data: bytes, archive: Archive, path: str) -> ModelSpec:
    return ModelSpec(
        name=name,
        role="detector",
        family="test",
        runtime="opencv",
        file=path.rpartition("/")[2],
        sha256=_digest(data),
        bytes=len(data),
        sources=(Member(archive=archive, path=path),),
        licence="CC0-1.0",
        licence_url="https://example.org/licence",
        origin="made on the spot",
    )


@dataclass
class Index:
    """Archives in a folder, the catalogue that describes them, and what a server of them was asked for."""

    folder: Path
    ran_setup: Path
    catalog: Catalog
    url: str = ""
    downloads: list[str] = field(default_factory=list)
    seconds_per_chunk: float = 0.0

    @property
    def wheel(self) -> Path:
        return self.folder / WHEEL

    @property
    def sdist(self) -> Path:
        return self.folder / SDIST


def make_index(tmp_path: Path) -> Index:
    """An index in a new folder."""
    folder, ran_setup = tmp_path / "index", tmp_path / "setup-py-was-run"
    folder.mkdir()
    wheel, sdist = _wheel(), _sdist(ran_setup)
    (folder / WHEEL).write_bytes(wheel)
    (folder / SDIST).write_bytes(sdist)
    in_wheel = Archive(
        kind="wheel", requirement="weights==1.0", filename=WHEEL, sha256=_digest(wheel), bytes=len(wheel)
    )
    in_sdist = Archive(
        kind="sdist", requirement="more_weights==2.0", filename=SDIST, sha256=_digest(sdist), bytes=len(sdist)
    )
    rows = [
        _row("one", ONE, in_wheel, "weights/deep/one.tflite"),
        _row("two", TWO, in_wheel, "weights/two.tflite"),
        _row("three", ONE[::-1], in_sdist, "more_weights/three.dat"),
    ]
    return Index(folder, ran_setup, Catalog(rows))


class _Handler(SimpleHTTPRequestHandler):
    """PEP 503's simple index, slow on request, that writes down what is downloaded."""

    def __init__(self, *args: Any, index: Index) -> None:
        self._index = index
        super().__init__(*args)

    def do_GET(self) -> None:
        files = {f"/files/{path.name}": path for path in self._index.folder.iterdir()}
        page = "".join(f'<a href="{link}">{path.name}</a>\n' for link, path in files.items()).encode()
        path = files.get(self.path)
        data = path.read_bytes() if path else page
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if path else "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if path:
            self._index.downloads.append(path.name)
        for start in range(0, len(data), 16384):
            try:
                self.wfile.write(data[start : start + 16384])
            except (BrokenPipeError, ConnectionResetError):
                return
            if path:
                time.sleep(self._index.seconds_per_chunk)

    def log_message(self, *args: Any) -> None:
        """Silence."""


@contextmanager
def serve(index: Index) -> Iterator[None]:
    """Put the index behind a web server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, index=index))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    index.url = f"http://127.0.0.1:{server.server_port}/simple"
    yield
    server.shutdown()
    server.server_close()
