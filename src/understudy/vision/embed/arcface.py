"""ArcFace and networks trained like it: a direction that is near for the same person, from an aligned crop."""

from __future__ import annotations

import numpy as np

from understudy.core.errors import ModelError
from understudy.core.types import Face, FloatArray
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.align import cut, fit
from understudy.vision.crop import network_input
from understudy.vision.embed.digest import weights_digest
from understudy.vision.roles import Picture
from understudy.vision.square import plain_if_normalised

__all__ = ["ArcFace", "open_embedder"]


class ArcFace:
    """Describes who a face is.

    Args:
        session: The network.
        spec: Its catalogue row, with size and template of the crop.
        digest: SHA-256 of the weights.
        prefilter: False samples the picture as InsightFace does, aliased.
    """

    def __init__(self, session: Session, spec: ModelSpec, digest: str, prefilter: bool = True) -> None:
        if spec.input_size is None or spec.template is None:
            raise ModelError(f"The row of {spec.name} has no input_size or no template.")
        self._session, self._spec, self._prefilter = session, spec, prefilter
        self._side, self._template = spec.input_size[0], spec.template
        self._digest = digest

    @property
    def digest(self) -> str:
        """SHA-256 of the weights; part of every cache key."""
        return self._digest

    @property
    def device(self) -> str:
        """Where it really runs."""
        return self._session.device

    def embed(self, picture: Picture, face: Face) -> FloatArray:
        """(d,) float32, not normalised: compare by cosine."""
        crop = cut(picture, fit(face.keypoints, self._template, self._side), self._prefilter)
        (output,) = self._session.run({"input": network_input(crop, self._spec)}).values()
        return np.ascontiguousarray(output.reshape(-1), np.float32)


def open_embedder(spec: ModelSpec, pool: SessionPool) -> ArcFace:
    """Open the embedder of a row (errors: see ``vision/embed/families.py``)."""
    return ArcFace(pool.session(spec), plain_if_normalised(spec, pool), weights_digest(spec, pool.cache))
