"""dlib's descriptor: against dlib's own pipeline, and whether it tells people apart."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from scenes import read_portraits
from understudy.core.errors import DependencyMissing, ModelMissing
from understudy.media.frame import Frame
from understudy.models.pool import SessionPool
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.embed.dlib import DlibEmbedder


@pytest.fixture(scope="module")
def embedder(sessions: SessionPool) -> DlibEmbedder:
    pytest.importorskip("dlib")
    try:
        return DlibEmbedder.open(sessions.cache, sessions.cache.catalog["dlib-resnet"])
    except ModelMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def detector(sessions: SessionPool) -> BlazeFace:
    spec = sessions.cache.catalog["blazeface-short"]
    return BlazeFace(sessions.session(spec), spec)


def test_agrees_with_dlib_alone(
    embedder: DlibEmbedder, detector: BlazeFace, sessions: SessionPool, shared_media: Path
) -> None:
    dlib: Any = pytest.importorskip("dlib")
    cache = sessions.cache
    network = dlib.face_recognition_model_v1(str(cache.path(cache.catalog["dlib-resnet"])))
    points = dlib.shape_predictor(str(cache.path(cache.catalog["dlib-5-points"])))
    find = dlib.get_frontal_face_detector()
    ours, theirs = [], []
    for person in read_portraits(shared_media.parent, every=6):
        rgb = np.ascontiguousarray(person.pixels[..., ::-1])
        box = max(find(rgb, 0), key=lambda box: box.width())
        theirs.append(np.array(network.compute_face_descriptor(rgb, points(rgb, box))))
        frame = Frame.from_bgr(person.pixels)
        ours.append(embedder.embed(frame, detector.detect(frame)[0]))
    distances = np.linalg.norm(np.array(ours)[:, None] - np.array(theirs)[None], axis=2)
    same = np.eye(len(ours), dtype=bool)
    assert distances[same].max() < 0.2
    assert distances[~same].min() > 2 * distances[same].max()


def test_roll_and_size_do_not_change_who_it_is(
    embedder: DlibEmbedder, detector: BlazeFace, shared_media: Path
) -> None:
    pixels = read_portraits(shared_media.parent)[3].pixels
    frame = Frame.from_bgr(pixels)
    upright = embedder.embed(frame, detector.detect(frame)[0])
    for roll, scale in ((50, 0.7), (-50, 0.4), (0, 0.25)):
        turn = cv2.getRotationMatrix2D((512, 512), roll, scale)
        turned = Frame.from_bgr(np.asarray(cv2.warpAffine(pixels, turn, (1024, 1024)), np.uint8))
        other = embedder.embed(turned, detector.detect(turned)[0])
        assert np.linalg.norm(other - upright) < 0.25


def test_without_dlib_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(DependencyMissing, match=r"pip install 'understudy\[identity\]'"):
        DlibEmbedder(tmp_path, tmp_path, "0" * 64)
