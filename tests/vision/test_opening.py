"""What is built in opens by family too, and serves the same roles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contract.fakes import ArrayPicture
from scenes import Portrait, read_portraits
from understudy.core.errors import ModelMissing
from understudy.core.plan import Seeing
from understudy.models.pool import SessionPool
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.detect.families import open_detector
from understudy.vision.embed.families import open_embedder
from understudy.vision.landmark.families import open_landmarker


@pytest.fixture(scope="module")
def portrait(shared_media: Path) -> Portrait:
    return read_portraits(shared_media.parent, every=40)[0]


def test_blazeface_searches_by_itself(sessions: SessionPool, portrait: Portrait) -> None:
    spec = sessions.cache.catalog["blazeface-short"]
    plain = open_detector(spec, sessions, Seeing())
    assert isinstance(plain, BlazeFace)
    picture = ArrayPicture(portrait.pixels)
    (face,) = plain.detect(picture)
    assert open_detector(spec, sessions, Seeing(detector_score=0.99)).detect(picture) == []
    hanging = ArrayPicture(np.rot90(portrait.pixels, 2).copy())
    (turned,) = open_detector(spec, sessions, Seeing(detector_angles=(0, 180))).detect(hanging)
    last = portrait.pixels.shape[0] - 1
    assert np.abs(last - turned.keypoints - face.keypoints).max() < 0.02 * face.size


def test_the_mesh_gives_keypoints(sessions: SessionPool, portrait: Portrait) -> None:
    picture = ArrayPicture(portrait.pixels)
    (face,) = open_detector(sessions.cache.catalog["blazeface-short"], sessions, Seeing()).detect(picture)
    refined = open_landmarker(sessions.cache.catalog["facemesh-468"], sessions).refine_keypoints(
        picture, face
    )
    assert 0 < np.abs(refined.keypoints - face.keypoints).max() < 0.15 * face.size
    assert refined.bbox is face.bbox
    assert refined.landmarks is None


def test_dlib_opens(sessions: SessionPool, portrait: Portrait) -> None:
    pytest.importorskip("dlib")
    spec = sessions.cache.catalog["dlib-resnet"]
    try:
        embedder = open_embedder(spec, sessions)
    except ModelMissing as error:
        pytest.skip(str(error))
    assert embedder.digest == spec.sha256
    picture = ArrayPicture(portrait.pixels)
    (face,) = open_detector(sessions.cache.catalog["blazeface-short"], sessions, Seeing()).detect(picture)
    assert embedder.embed(picture, face).shape == (128,)
