"""The mesh engine with real people, as analysis finds them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sitters import Sitter, Studio

from understudy.media.frame import Frame
from understudy.media.images import read_image
from understudy.media.read import VideoReader
from understudy.models.pool import SessionPool
from understudy.vision.canonical import Canonical, load_canonical
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.landmark.facemesh import FaceMesh

# Light and dark skin, beard, a laugh, a turned head, glasses, a head scarf.
NAMES = ("man-00", "man-15", "man-32", "roop-source", "woman-42", "woman-64", "man-11")


@pytest.fixture(scope="session")
def canonical() -> Canonical:
    return load_canonical()


@pytest.fixture(scope="session")
def studio(sessions: SessionPool) -> Studio:
    rows = sessions.cache.catalog
    short, mesh = rows["blazeface-short"], rows["facemesh-468"]
    return Studio(BlazeFace(sessions.session(short), short), FaceMesh(sessions.session(mesh), mesh))


@pytest.fixture(scope="session")
def sitters(studio: Studio, portraits: list[Path]) -> dict[str, Sitter]:
    """People in photos, by name."""
    paths = {path.stem: path for path in portraits}
    return {name: studio.sitter(read_image(paths[name]).frame) for name in NAMES}


@pytest.fixture(scope="session")
def take(shared_media: Path) -> list[Frame]:
    """The first frames of a real film; not to be changed."""
    frames = []
    for frame in VideoReader(shared_media / "clips" / "car-1080p.mp4"):
        frames.append(frame)
        if len(frames) == 4:
            break
    return frames
