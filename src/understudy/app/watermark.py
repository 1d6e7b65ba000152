"""Looking for the invisible mark in a file."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Final

from understudy.app.fetch import fetch, open_cache
from understudy.app.pictures import picture_at
from understudy.app.settings import Folders, Settings
from understudy.core.plan import Compute
from understudy.core.types import Progress
from understudy.media.probe import sniff_kind
from understudy.models.pool import SessionPool
from understudy.safety.invisible_mark import Reading, read_mark
from understudy.vision.mark.families import open_reader, reader_spec

__all__ = ["read_watermark"]

_MOMENTS: Final = 8  # of a film, evenly spread


def read_watermark(path: Path, settings: Settings, folders: Folders) -> Generator[Progress, None, Reading]:
    """Read the mark of a photo, or that of a film from a few of its frames together.

    Args:
        path: The file, of this or another tool.
        settings, folders: Where the network comes from and is kept.

    Yields:
        Progress.

    Raises:
        InputError: It cannot be read.
        ModelError: The network's weights are missing or corrupt.
    """
    moving = sniff_kind(path) != "photo"
    cache = open_cache(settings, folders)
    spec = reader_spec(cache.catalog)
    yield from fetch(cache, [spec])
    reader = open_reader(spec, SessionPool(cache, Compute(provider="cpu")))
    moments = [index / (_MOMENTS - 1) for index in range(_MOMENTS)] if moving else [0.0]
    return read_mark((picture_at(path, moment) for moment in moments), reader)
