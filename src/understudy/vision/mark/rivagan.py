"""RivaGAN: 32 bits in the colours of a picture, written by one network and read by another.

Source: Zhang, Xu, Cuesta-Infante and Veeramachaneni, "Robust Invisible Video Watermarking with Attention", 2019,
arXiv:1909.01285. The networks get one picture as a film of one frame, BGR of −1 to 1, as the ``invisible-watermark``
package 0.2.0 gives it to them.

That package shows them the picture at its own size. Here both see it at the same number of pixels, whatever its size,
and the change is enlarged: so the mark outlives scaling, which it otherwise does not, the coarser pattern is what
compression leaves, and the cost is the same for every picture. A coarse pattern is easier to see as well, and so it is
laid on more weakly. ``benchmarks/watermark.py`` measures what that gives.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from understudy.core.errors import ModelError
from understudy.core.types import FloatArray
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.roles import Picture

__all__ = ["RivaGan", "RivaGanReader", "open_mark", "open_reader"]

_BITS: Final = 32
_PIXELS: Final = 256 * 256  # that the networks see
_LEAST: Final = 16  # pixels of a side, of pictures as thin as a thread
_STRENGTH: Final = 0.4  # of what the network adds, which is up to 2 levels of 255
_HALF: Final = 127.5


class RivaGan:
    """Writes marks.

    Args:
        session: The network: (1, 3, 1, h, w) and (1, 32) to (1, 3, 1, h, w).
        spec: Its catalogue row.
    """

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        self._session, self._spec = session, spec

    @property
    def devices(self) -> Mapping[str, str]:
        """Where the network runs."""
        return {self._spec.name: self._session.device}

    def change(self, picture: Picture, bits: FloatArray) -> FloatArray:
        """See :class:`understudy.vision.roles.Mark`."""
        shown = _shown(picture)
        (marked,) = self._session.run(
            {"frame": shown, "data": bits.astype(np.float32).reshape(1, _BITS)}, ("output",)
        ).values()
        _check(marked, shown.shape, self._spec)
        change = (_STRENGTH * _HALF) * (marked - shown)[0, :, 0]
        return np.ascontiguousarray(np.moveaxis(change, 0, -1))


class RivaGanReader:
    """Reads marks.

    Args:
        session: The network: (1, 3, 1, h, w) to (1, 32).
        spec: Its catalogue row.
    """

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        self._session, self._spec = session, spec

    def read(self, picture: Picture) -> FloatArray:
        """See :class:`understudy.vision.roles.MarkReader`."""
        (read,) = self._session.run({"frame": _shown(picture)}).values()
        _check(read, (1, _BITS), self._spec)
        return np.asarray(read[0])


def open_mark(spec: ModelSpec, pool: SessionPool) -> RivaGan:
    """Open what writes (errors: see ``vision/mark/families.py``)."""
    return RivaGan(pool.session(spec), spec)


def open_reader(spec: ModelSpec, pool: SessionPool) -> RivaGanReader:
    """Open what reads (errors: see ``vision/mark/families.py``)."""
    return RivaGanReader(pool.session(spec), spec)


def _shown(picture: Picture) -> FloatArray:
    """(1, 3, 1, h, w) of −1 to 1, of the picture's shape but always of about as many pixels."""
    scale = math.sqrt(_PIXELS / (picture.width * picture.height))
    size = max(round(scale * picture.width), _LEAST), max(round(scale * picture.height), _LEAST)
    blob = cv2.dnn.blobFromImage(picture.bgr(None, size), 1 / _HALF, size, (_HALF,) * 3)
    return np.asarray(blob, np.float32)[:, :, None]


def _check(values: FloatArray, shape: tuple[int, ...], spec: ModelSpec) -> None:
    if values.shape != shape or not np.isfinite(values).all():
        raise ModelError(
            f"{spec.name} gave no {shape} finite numbers; its weights are not what its row says."
        )
