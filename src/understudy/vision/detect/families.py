"""Any detector of the catalogue, as users' options want it."""

from __future__ import annotations

from understudy.core.plan import Seeing
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.detect.search import Search
from understudy.vision.detect.tiles import Tiles
from understudy.vision.families import family_module
from understudy.vision.roles import Detector, PartialDetector

__all__ = ["open_detector"]


def open_detector(spec: ModelSpec, pool: SessionPool, seeing: Seeing) -> PartialDetector:
    """Open a detector, its weights fetched if need be.

    A family's ``open_detector(spec, pool, seeing)`` gives a plain :class:`Detector`, which looks once at whatever
    picture it is given and is searched with in tiles here, or a :class:`PartialDetector`, which searches by itself.

    Args:
        spec: The catalogue's row.
        pool: Opens the network.
        seeing: Size, least score, angles and number of faces.

    Raises:
        ModelError: The row does not fit its family, or the weights cannot be had.
    """
    detector: Detector = family_module("detect", spec.family).open_detector(spec, pool, seeing)
    if not isinstance(detector, PartialDetector):
        side = seeing.detector_size or (max(spec.input_size) if spec.input_size else 640)
        detector = Tiles(detector, side)
    if seeing.detector_angles == (0,) and seeing.max_faces is None:
        return detector
    return Search(detector, seeing.detector_angles or (0,), seeing.max_faces)
