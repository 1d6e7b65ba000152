"""What tests share: weights and media that do not lie in this repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
def sessions(weights: Cache) -> SessionPool:
    try:
        weights.ensure(weights.catalog["blazeface-short"])
    except ModelMissing as error:
        pytest.skip(str(error))
    return SessionPool(weights)
