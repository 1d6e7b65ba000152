"""BlazeFace (short range) over whole pictures: faces from 40 pixels up, at any roll up to about 90 degrees.

The network is made for 128 × 128 selfies, but it is fully convolutional: on a larger input it gives a larger
map of the same answers. So a picture is searched in a few sizes, the large ones in blocks that bound the
memory, and every candidate is looked at again alone, turned upright, as the network was trained to see faces,
and then nearer and in the mirror. That is what tells a face from texture.

Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019; anchors
and boxes as in MediaPipe's face_detection_short_range graph.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.geometry import iou
from understudy.core.plan import Seeing
from understudy.core.types import Face, FloatArray, Region
from understudy.models.pool import SessionPool
from understudy.models.session import Session
from understudy.models.spec import ModelSpec
from understudy.vision.crop import Crop, network_input, sample
from understudy.vision.detect.tiles import spans
from understudy.vision.roles import BgrImage, Picture

__all__ = ["BlazeFace", "open_detector"]

_LAYERS = ((8, 2), (16, 6))
"""(stride in pixels, anchors per cell) of the two maps."""

_SMALLEST_SEEN = 18.0
"""Face size in the network's pixels from which it finds practically all."""

_LEVEL_RATIO = 4.0
"""Sizes of a picture differ by no more than this: the network finds faces of 18 to well over 110 pixels."""

_BLOCK, _SMALL_BLOCK, _OVERLAP = 512, 320, 80
"""In the network's pixels: sides of what is run at once, for photos and bit by bit for films; and what blocks
share, the largest face that a coarser size of the picture might miss."""

_CANDIDATE, _PROMISING, _ACCEPTED = 0.5, 0.58, 0.68
"""Least score of a candidate, least mean of it and the first look's, least mean of it and both looks'.

Measured on 279 candidates that are no faces and 232 faces (38 to 180 pixels, turned by up to 70°, half of
them blurred, dark and noisy): 2 and 230 are accepted.
"""

_MOST_FACES = 100

_SAME_PLACE = 0.5
"""Share of the smaller of two boxes from which they are one face."""

_FIRST_LOOK, _SECOND_LOOK = 4.0, 3.0
"""Side of what is looked at, in face sizes."""

_MOUTH = 0.415
"""Half the mouth's width in eye distances, of a typical face (ArcFace's five-point template)."""


class _Found(NamedTuple):
    """Detections in picture pixels: (n, 4) boxes, (n,) scores, (n, 6, 2) key points."""

    boxes: FloatArray
    scores: FloatArray
    points: FloatArray


@dataclass(frozen=True)
class _Block:
    """A part of one size of the picture: ``region`` is shown at ``scale``."""

    region: Region
    scale: float


class BlazeFace:
    """Finds faces.

    Args:
        session: The network.
        spec: Its catalogue row.
        smallest: Size in pixels of the smallest face that is looked for.
        accepted: Least mean score of a face over the three looks at it.
    """

    def __init__(
        self, session: Session, spec: ModelSpec, smallest: float = 40.0, accepted: float = _ACCEPTED
    ) -> None:
        if spec.input_size is None:
            raise ValueError(f"the catalogue's row {spec.name} has no input_size")
        self._session, self._spec = session, spec
        self._side = spec.input_size[0]
        self._smallest, self._accepted = smallest, accepted

    def detect(self, picture: Picture) -> list[Face]:
        """All faces of the picture, best score first; no landmarks."""
        blocks = [block for scale in self._scales(picture) for block in _blocks(picture, scale, _BLOCK)]
        return self._search(picture, blocks, _MOST_FACES)

    def detect_part(self, picture: Picture, step: int, known: Sequence[FloatArray] = ()) -> list[Face]:
        """The new faces of a part of the picture, for films.

        Args:
            picture: The frame.
            step: Count it up from call to call: every other one looks for large faces, everywhere; those between
                for small ones, in one part of the picture after the other, so that :meth:`parts` steps see
                everything. At most two faces are found in a step.
            known: (4,) boxes of faces that are not to be found again.
        """
        fine, coarse = self._turns(picture)
        if coarse and step % 2:
            return self._search(picture, coarse, 2, known)
        return self._search(picture, [fine[step // (2 if coarse else 1) % len(fine)]], 2, known)

    def parts(self, picture: Picture) -> int:
        """Number of steps after which :meth:`detect_part` has looked everywhere."""
        fine, coarse = self._turns(picture)
        return len(fine) * (2 if coarse else 1)

    def _turns(self, picture: Picture) -> tuple[list[_Block], list[_Block]]:
        """Blocks of the finest size, which take turns, and what shows large faces."""
        finest, *others = self._scales(picture)
        # A large picture gets larger blocks, so that a round does not take for ever.
        side = max(_SMALL_BLOCK, 0.3 * max(picture.width, picture.height) * finest)
        if others:
            # Twice the network's square shows faces from an eighth of the height up to most of it.
            least = others[-1]
            middle = max(2 * least, finest * _SMALLEST_SEEN / _OVERLAP)
            if middle < finest:
                others = [middle] if middle <= 2 * least else [middle, least]
        coarse = [block for scale in others for block in _blocks(picture, scale, _BLOCK)]
        return _blocks(picture, finest, side), coarse

    def _scales(self, picture: Picture) -> list[float]:
        """From the one that shows the smallest face large enough to the whole in the network's square."""
        finest = _SMALLEST_SEEN / self._smallest
        coarsest = self._side / max(picture.width, picture.height)
        if coarsest >= finest:
            return [coarsest]
        steps = math.ceil(math.log(finest / coarsest, _LEVEL_RATIO))
        return [finest * (coarsest / finest) ** (i / steps) for i in range(steps + 1)]

    def _search(
        self, picture: Picture, blocks: Sequence[_Block], limit: int, known: Sequence[FloatArray] = ()
    ) -> list[Face]:
        found = [self._run(picture, block) for block in blocks]
        candidates = _Found(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        new = [
            i
            for i in _merged(candidates)
            if all(_overlap(candidates.boxes[i], box) < _SAME_PLACE for box in known)
        ]
        faces = [self._look_again(picture, candidates, i) for i in new[:limit]]
        accepted = sorted((face for face in faces if face), key=lambda face: -face.score)
        kept: list[Face] = []
        for face in accepted:
            if all(_overlap(face.bbox, other.bbox) < _SAME_PLACE for other in kept):
                kept.append(face)
        return kept

    def _run(self, picture: Picture, block: _Block) -> _Found:
        extent = block.region.width, block.region.height
        size = max(round(extent[0] * block.scale), 1), max(round(extent[1] * block.scale), 1)
        pixels = picture.bgr(block.region, size)
        # The maps' cells are 16 pixels; less than one training input is more than the network has seen.
        width, height = (max(math.ceil(length / 32) * 32, self._side) for length in size)
        padded = cv2.copyMakeBorder(pixels, 0, height - size[1], 0, width - size[0], cv2.BORDER_CONSTANT)
        found = self._network(np.asarray(padded, np.uint8), _CANDIDATE)
        ratio = np.array([extent[0] / size[0], extent[1] / size[1]], np.float32)
        corner = np.array([block.region.x, block.region.y], np.float32) - 0.5
        boxes = found.boxes * np.tile(ratio, 2) + np.tile(corner, 2)
        return _Found(boxes, found.scores, found.points * ratio + corner)

    def _network(self, pixels: BgrImage, least: float) -> _Found:
        """Detections in the pixels' own coordinates, measured from edge to edge."""
        height, width = pixels.shape[:2]
        outputs = self._session.run(
            {"input": network_input(pixels, self._spec)}, ("regressors", "classificators")
        )
        logits = outputs["classificators"].reshape(-1)
        chosen = np.flatnonzero(logits > math.log(least / (1 - least)))
        values = outputs["regressors"].reshape(-1, 16)[chosen]
        anchors = _anchors(width, height)[chosen]
        middle, half = anchors + values[:, :2], values[:, 2:4] / 2
        scores = np.asarray(1 / (1 + np.exp(-np.clip(logits[chosen], -80, 80))), np.float32)
        points = values[:, 4:].reshape(-1, 6, 2) + anchors[:, None]
        return _Found(np.hstack([middle - half, middle + half]), scores, points)

    def _look_again(self, picture: Picture, candidates: _Found, index: int) -> Face | None:
        """The candidate seen alone and upright; None when it then is no face."""
        box, points, score = candidates.boxes[index], candidates.points[index], candidates.scores[index]
        middle, extent = (box[:2] + box[2:]) / 2, float(max(box[2] - box[0], box[3] - box[1]))
        eyes = points[1] - points[0]
        crop = Crop(float(middle[0]), float(middle[1]), _FIRST_LOOK * extent, math.atan2(eyes[1], eyes[0]))
        pixels = sample(picture, crop, self._side)
        found, first = self._look(pixels, _FIRST_LOOK)
        if found is None or score + first < 2 * _PROMISING:
            return None
        nearer = replace(crop, size=_SECOND_LOOK * extent)
        _, second = self._look(sample(picture, nearer, self._side)[:, ::-1], _SECOND_LOOK)
        mean = float(score + first + second) / 3
        if mean < self._accepted:
            return None
        matrix = crop.matrix(self._side)
        seen = found.boxes[0]
        centre = matrix[:, :2] @ (seen[:2] + seen[2:]) / 2 + matrix[:, 2]
        half = float(seen[2] - seen[0]) / 2 * crop.size / self._side
        bbox = np.concatenate([centre - half, centre + half]).astype(np.float32)
        return Face(bbox, mean, _keypoints(found.points[0] @ matrix[:, :2].T + matrix[:, 2]))

    def _look(self, pixels: BgrImage, look: float) -> tuple[_Found | None, float]:
        """The best detection of about the size and place that are looked at, and its score (0 without)."""
        found = self._network(pixels, 0.01)
        face = self._side / look
        centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        sizes = (found.boxes[:, 2] - found.boxes[:, 0]) / face
        near = np.abs(centres - self._side / 2).max(1) < 0.4 * face
        same = np.flatnonzero(near & (sizes > 0.5) & (sizes < 2))
        if not len(same):
            return None, 0.0
        best = same[[np.argmax(found.scores[same])]]
        return _Found(*(part[best] for part in found)), float(found.scores[best[0]])


def open_detector(spec: ModelSpec, pool: SessionPool, seeing: Seeing) -> BlazeFace:
    """Open the detector of a row; it has no size to choose (errors: see ``vision/detect/families.py``)."""
    accepted = _ACCEPTED if seeing.detector_score is None else seeing.detector_score
    return BlazeFace(pool.session(spec), spec, accepted=accepted)


def _anchors(width: int, height: int) -> FloatArray:
    """(n, 2) centres of the anchors for an input of this size, in the order of the network's outputs."""
    layers = []
    for stride, count in _LAYERS:
        x, y = np.meshgrid(np.arange(width // stride) + 0.5, np.arange(height // stride) + 0.5)
        layers.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1) * stride, count, axis=0))
    return np.concatenate(layers).astype(np.float32)


def _blocks(picture: Picture, scale: float, side: float) -> list[_Block]:
    """Equal blocks of at most about ``side`` network pixels that cover the picture, overlapping."""
    columns = spans(picture.width, side / scale, _OVERLAP / scale)
    rows = spans(picture.height, side / scale, _OVERLAP / scale)
    return [_Block(Region(x, y, w, h), scale) for y, h in rows for x, w in columns]


def _merged(found: _Found) -> list[int]:
    """Indices of the best of each heap of detections of one size, best first."""
    left = list(np.argsort(-found.scores, kind="stable"))
    kept: list[int] = []
    while left:
        best = left.pop(0)
        kept.append(int(best))
        left = [i for i in left if iou(found.boxes[best], found.boxes[i]) < 0.4]
    return kept


def _overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Intersection over the smaller box's area: 1 when one holds the other."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return float(width * height / max(smaller, 1e-6))


def _keypoints(points: NDArray[np.floating]) -> FloatArray:
    """Our five points from BlazeFace's six (right eye, left eye, nose, mouth, two ears; sides of the person).

    It gives the mouth's middle only: the corners are put where a typical face has them, along the eye line.
    """
    right_eye, left_eye, nose, mouth = points[:4]
    half = _MOUTH * (left_eye - right_eye)
    return np.stack([right_eye, left_eye, nose, mouth - half, mouth + half]).astype(np.float32)
