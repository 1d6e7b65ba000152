from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from understudy.app.engine import Engine
from understudy.app.faces import find_faces
from understudy.app.performance import perform
from understudy.core.errors import FaceError
from understudy.core.types import Face
from understudy.media.frame import Frame


def test_a_head_turns_and_blinks_and_the_background_stays(engine: Engine, scene: Path) -> None:
    found = find_faces(scene, engine)
    face = found.faces[0]
    assert face.landmarks is not None
    pixels = found.picture.bgr()
    frames = list(perform(pixels, face, 48))
    assert len(frames) == 48
    assert all(frame.shape == pixels.shape for frame in frames)

    seen = [engine.landmarker.refine(Frame.from_bgr(frame), face) for frame in frames]
    assert min(one.confidence for one in seen) > 0.9
    width = float(np.ptp(face.landmarks[:, 0]))
    noses = np.array([one.keypoints[2] for one in seen])
    assert 0.05 * width < np.ptp(noses[:, 0]) < 0.5 * width
    # The lids of the eye on the left of the picture, in widths of the face.
    lids = [float(np.linalg.norm((one.landmarks[159] - one.landmarks[145])[:2])) / width for one in seen]
    assert min(lids) < 0.8 * float(np.median(lids))
    # It leads on to itself: no jump at the end that is larger than those on the way.
    steps = np.linalg.norm(np.diff(np.vstack([noses, noses[:1]]), axis=0), axis=1)
    assert steps[-1] < 1.5 * np.sort(steps)[-3]

    far = np.ones(pixels.shape[:2], bool)
    x, y = face.landmarks[:, 0], face.landmarks[:, 1]
    reach = 1.6 * width
    far[
        max(int(y.min() - reach), 0) : int(y.max() + reach),
        max(int(x.min() - reach), 0) : int(x.max() + reach),
    ] = False
    if far.any():
        assert all(np.array_equal(frame[far], pixels[far]) for frame in frames)


def test_a_face_without_landmarks_is_refused() -> None:
    face = Face(np.zeros(4, np.float32), 1.0, np.zeros((5, 2), np.float32))
    with pytest.raises(FaceError):
        next(perform(np.zeros((8, 8, 3), np.uint8), face, 1))


def test_drawn_faces_are_where_they_were_found(engine: Engine, portraits: list[Path], tmp_path: Path) -> None:
    from understudy.app.faces import draw_faces

    pair = np.hstack([cv2.imread(str(path)) for path in portraits[:2]])
    cv2.imwrite(str(tmp_path / "pair.png"), pair)
    found = find_faces(tmp_path / "pair.png", engine)
    assert [face.bbox[0] < 1024 for face in found.faces] == [True, False]
    drawn = draw_faces(found)
    changed = np.argwhere((drawn != pair).any(2))
    boxes = np.array([face.bbox for face in found.faces])
    assert abs(changed[:, 1].min() - boxes[:, 0].min()) < 8
    assert abs(changed[:, 1].max() - boxes[:, 2].max()) < 8
