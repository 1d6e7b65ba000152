"""dlib's face descriptor: 128 numbers that are near for the same person.

Two pictures show the same person when the Euclidean distance of their descriptors is below 0.6, its author's
threshold. Their lengths hardly differ (1.27 to 1.70), and cosine tells people apart as well: over 32,385 pairs
of 33 synthetic portraits, turned, shrunk, blurred, darkened and mirrored, and the frames of a clip, the area
under the curve is 0.9998 for both. A distance of 0.6 is a cosine of about 0.91, at which 11 % of the pairs of
different portraits (who are more alike than people are) count as one person; at the catalogue's bound, 0.93, 4
% do, and no two of the same person fall below.

The face is aligned by dlib's own five points, found inside our box in an upright cut-out.
"""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy as np

from understudy.core.errors import DependencyMissing
from understudy.core.types import Face, FloatArray
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool
from understudy.models.sources import FetchProgress
from understudy.models.spec import ModelSpec
from understudy.vision.crop import Crop, sample
from understudy.vision.embed.digest import weights_digest
from understudy.vision.roles import Picture

__all__ = ["DlibEmbedder", "open_embedder"]

_SIDE = 400
"""Pixels of the cut-out's side. It is twice the face, which so has more pixels than the network's 150."""


class DlibEmbedder:
    """Describes who a face is. Safe to use from several threads, one at a time.

    Args:
        descriptor: The network's file, verified.
        points: The five-point shape predictor's file, verified.
        digest: SHA-256 of the network's file.

    Raises:
        DependencyMissing: dlib is not installed.
    """

    device = "cpu (dlib)"

    def __init__(self, descriptor: Path, points: Path, digest: str) -> None:
        try:
            import dlib
        except ImportError:
            raise DependencyMissing(
                "Recognising people needs dlib, which is not installed.",
                next_step="Install it: pip install 'understudy[identity]'",
            ) from None
        self._dlib = dlib
        self._digest = digest
        self._network = dlib.face_recognition_model_v1(str(descriptor))
        self._points = dlib.shape_predictor(str(points))
        self._lock = threading.Lock()

    @classmethod
    def open(cls, cache: Cache, spec: ModelSpec, progress: FetchProgress | None = None) -> DlibEmbedder:
        """Load the model, its weights fetched if need be (errors: see :class:`Cache`)."""
        (points,) = spec.needs
        return cls(
            cache.ensure(spec, progress),
            cache.ensure(cache.catalog[points], progress),
            digest=weights_digest(spec, cache),
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the weights; part of every cache key."""
        return self._digest

    def embed(self, picture: Picture, face: Face) -> FloatArray:
        """(128,) float32, not normalised: compare by Euclidean distance."""
        eyes = face.keypoints[1] - face.keypoints[0]
        x, y = (face.bbox[:2] + face.bbox[2:]) / 2
        crop = Crop(float(x), float(y), 2 * face.size, math.atan2(eyes[1], eyes[0]))
        rgb = np.ascontiguousarray(sample(picture, crop, _SIDE)[..., ::-1])
        low, high = _SIDE // 4, _SIDE * 3 // 4
        with self._lock:
            points = self._points(rgb, self._dlib.rectangle(low, low, high, high))
            return np.array(self._network.compute_face_descriptor(rgb, points), np.float32)


def open_embedder(spec: ModelSpec, pool: SessionPool) -> DlibEmbedder:
    """Open the embedder of a row (errors: see ``vision/embed/families.py``)."""
    return DlibEmbedder.open(pool.cache, spec)
