from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from package_index import Index, make_index, serve


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return make_index(tmp_path)


@pytest.fixture
def served_index(index: Index, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The index behind a web server that pip is told to use."""
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with serve(index):
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        monkeypatch.setenv("PIP_RETRIES", "0")
        yield index
