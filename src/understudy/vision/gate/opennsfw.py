"""OpenNSFW: 224 × 224 BGR less the means of ImageNet, and the probabilities of safe and not safe.

Source: Mahadeokar and Pesavento, "Open Sourcing a Deep Learning Solution for Detecting NSFW Images", 2016.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.embed.digest import weights_digest
from understudy.vision.gate.classifier import Classifier
from understudy.vision.roles import BgrImage

__all__ = ["open_gate"]

_MEAN_BGR: Final = (104.0, 117.0, 123.0)


def open_gate(spec: ModelSpec, pool: SessionPool) -> Classifier:
    """Open the network of a row (errors: see ``vision/gate/families.py``)."""
    digest = weights_digest(spec, pool.cache)
    return Classifier(pool.session(spec), spec, digest, _blob, _score, keep_shape=False)


def _blob(pixels: BgrImage) -> FloatArray:
    """(1, h, w, 3): this graph, which was made from Caffe by way of Keras, has its channels last."""
    return np.asarray(pixels[None] - np.array(_MEAN_BGR, np.float32), np.float32)


def _score(output: NDArray[np.float32]) -> float:
    return float(np.clip(output[1], 0, 1))
