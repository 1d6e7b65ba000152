"""Measured faces as numbers that take little room, and back to the last bit.

What is measured is rounded before anything is made of it, so that a film that is rendered from a kept analysis comes
out as it did while it was analysed. A landmark is a whole number of steps from the middle of its face; a step is a 64th
of a pixel, or the least power of two at which the face fits into 16 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from understudy.analysis.moments import Moment, Sample
from understudy.core.types import Face, FloatArray

__all__ = ["Columns", "pack", "rounded", "unpack", "unpack_face"]

Columns = dict[str, NDArray[Any]]
"""What is known of n faces, a row each, by the name of what it is."""

_FINEST: Final = -6  # exponent of the least step in pixels
_MOST: Final = 32_000  # steps from the middle; some less than fit, so that rounding again changes nothing
_SHAPE_STEP: Final = 2.0**-15  # of proportions, in widths of a face


def rounded(moment: Moment) -> Moment:
    """The moment with its samples as they will be kept."""
    return replace(moment, samples={track: _rounded(sample) for track, sample in moment.samples.items()})


def pack(samples: Sequence[Sample]) -> Columns:
    """The columns of n samples that were rounded.

    Returns:
        ``points`` and ``shape`` (n, 468, 3) int16; ``origin`` (n, 2) int32 and ``exponent`` (n,) int8 of the points;
        ``bbox`` (n, 4), ``keypoints`` (n, 5, 2) and ``gaze`` (n, 2; not a number when unknown) float32; ``score`` and
        ``confidence`` (n,) float64; ``bridged`` (n,) bool; ``flags`` (n,) bytes.
    """
    if not samples:
        return {}
    faces = [sample.face for sample in samples]
    coded = [_coded(sample.landmarks) for sample in samples]
    unknown = np.full(2, np.nan, np.float32)
    return {
        "points": np.stack([points for points, _, _ in coded]),
        "origin": np.stack([origin for _, origin, _ in coded]),
        "exponent": np.array([exponent for _, _, exponent in coded], np.int8),
        "shape": np.stack([_coded_shape(sample.proportions) for sample in samples]),
        "gaze": np.stack([unknown if sample.gaze is None else sample.gaze for sample in samples]),
        "bbox": np.stack([face.bbox for face in faces]).astype(np.float32),
        "keypoints": np.stack([face.keypoints for face in faces]).astype(np.float32),
        "score": np.array([face.score for face in faces], np.float64),
        "confidence": np.array([face.confidence for face in faces], np.float64),
        "bridged": np.array([sample.bridged for sample in samples], np.bool_),
        "flags": np.array([",".join(face.flags).encode() for face in faces], "S"),
    }


def unpack(columns: Columns, row: int) -> Sample:
    """The sample of one row."""
    gaze = columns["gaze"][row]
    points = _decoded(columns["points"][row], columns["origin"][row], int(columns["exponent"][row]))
    return Sample(
        replace(unpack_face(columns, row), landmarks=points),
        None if np.isnan(gaze[0]) else gaze,
        columns["shape"][row].astype(np.float32) * np.float32(_SHAPE_STEP),
        bool(columns["bridged"][row]),
    )


def unpack_face(columns: Columns, row: int) -> Face:
    """The face of one row, without landmarks."""
    flags = columns["flags"][row].decode()
    return Face(
        columns["bbox"][row],
        float(columns["score"][row]),
        columns["keypoints"][row],
        confidence=float(columns["confidence"][row]),
        flags=tuple(flags.split(",")) if flags else (),
    )


def _rounded(sample: Sample) -> Sample:
    shape = _coded_shape(sample.proportions).astype(np.float32) * np.float32(_SHAPE_STEP)
    gaze = None if sample.gaze is None else sample.gaze.astype(np.float32)
    face = replace(
        sample.face,
        bbox=sample.face.bbox.astype(np.float32),
        keypoints=sample.face.keypoints.astype(np.float32),
        landmarks=_decoded(*_coded(sample.landmarks)),
    )
    return replace(sample, face=face, gaze=gaze, proportions=shape)


def _coded(landmarks: FloatArray) -> tuple[NDArray[np.int16], NDArray[np.int32], int]:
    points = landmarks.astype(np.float64)
    middle = (points[:, :2].min(0) + points[:, :2].max(0)) / 2
    points[:, :2] -= middle
    reach = max(float(np.abs(points).max()), 1e-3)
    exponent = max(int(np.ceil(np.log2(reach / _MOST))), _FINEST)
    origin = np.rint(middle / 2.0**exponent).astype(np.int32)
    steps = np.rint(landmarks.astype(np.float64) / 2.0**exponent)
    steps[:, :2] -= origin
    return steps.astype(np.int16), origin, exponent


def _decoded(steps: NDArray[np.int16], origin: NDArray[np.int32], exponent: int) -> FloatArray:
    points = steps.astype(np.int32)
    points[:, :2] += origin
    return (points * 2.0**exponent).astype(np.float32)


def _coded_shape(proportions: FloatArray) -> NDArray[np.int16]:
    return np.asarray(np.clip(np.rint(proportions / _SHAPE_STEP), -32_767, 32_767), np.int16)
