"""Marqo's ``nsfw-image-detection-384``: a ViT that gives two logits, of not safe and of safe."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.crop import network_input
from understudy.vision.embed.digest import weights_digest
from understudy.vision.gate.classifier import Classifier

__all__ = ["open_gate"]


def open_gate(spec: ModelSpec, pool: SessionPool) -> Classifier:
    """Open the network of a row (errors: see ``vision/gate/families.py``)."""
    digest = weights_digest(spec, pool.cache)
    return Classifier(
        pool.session(spec), spec, digest, lambda pixels: network_input(pixels, spec), _score, keep_shape=True
    )


def _score(output: NDArray[np.float32]) -> float:
    """The softmax of the two; the logits' difference is cut where a float has no more to say."""
    return 1 / (1 + math.exp(float(np.clip(output[1] - output[0], -60, 60))))
