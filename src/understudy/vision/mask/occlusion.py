"""What is in front of a face: XSeg, and segmentation networks like it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from understudy.core.errors import ModelError
from understudy.core.plan import Look
from understudy.core.types import Region, TrackedFace
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.mask.aligned import Window
from understudy.vision.roles import Picture

__all__ = ["OcclusionMasker", "open_masker"]


class _Settings(BaseModel):
    """What a row's ``settings`` may say.

    Attributes:
        channels_last: The graph takes (1, h, w, 3) and gives (1, h, w, 1).
        bgr: It takes blue first.
        logits: A positive answer means face; else the answer is a share of 0 to 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    channels_last: bool = False
    bgr: bool = False
    logits: bool = False


class OcclusionMasker:
    """Keeps what hides the face, and all that is no face; open it with :func:`open_masker`."""

    def __init__(self, window: Window, session: Session, settings: _Settings) -> None:
        self._window = window
        self._session = session
        self._settings = settings

    @property
    def devices(self) -> Mapping[str, str]:
        """Where the network runs."""
        return {self._window.spec.name: self._session.device}

    def mask(self, picture: Picture, face: TrackedFace, region: Region) -> NDArray[np.uint8]:
        """255 where the face is seen."""
        values = self._window.look(picture, face.face)
        if self._settings.bgr:
            values = values[:, ::-1]
        if self._settings.channels_last:
            values = values.transpose(0, 2, 3, 1)
        answers = self._session.run({"input": np.ascontiguousarray(values)}).values()
        seen = next(iter(answers)).reshape(self._window.size, self._window.size)
        if self._settings.logits:
            seen = (seen > 0).astype(np.float32)
        return self._window.lay_back(face.face, seen, region)


def open_masker(spec: ModelSpec, pool: SessionPool, look: Look) -> OcclusionMasker:  # noqa: ARG001
    """Open a masker of this family.

    Args:
        spec: Its row; ``input_size`` (square) and ``template`` are needed.
        pool: Opens its network.
        look: As for every masker; this one has no options.

    Raises:
        ModelError: The row is wrong, or its weights are missing or corrupt.
    """
    try:
        settings = _Settings.model_validate(dict(spec.settings))
    except ValidationError as error:
        raise ModelError(f"The settings of {spec.name} are wrong: {error}.") from error
    return OcclusionMasker(Window.of(spec), pool.session(spec), settings)
