"""inswapper and the engines that speak its language: the embedding goes through a matrix of the graph, the emap.

The row's ``needs`` name the embedder.
"""

from __future__ import annotations

from understudy.core.errors import ModelError
from understudy.core.plan import Look
from understudy.core.types import FloatArray
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.embed.families import open_embedder
from understudy.vision.swap.identity import EmbeddingSource, Mix, unit
from understudy.vision.swap.neural import Network, NeuralSwapper
from understudy.vision.swap.rows import RowSettings, embedder_of, ports, read_settings

__all__ = ["open_swapper"]


def open_swapper(spec: ModelSpec, pool: SessionPool, look: Look, mix: Mix = "quality") -> NeuralSwapper:
    """Open an engine of this family (errors: see :func:`understudy.vision.swap.families.open_swapper`).

    Source: InsightFace's INSwapper. With ê the embedding at length 1 and E the last initializer, z = ê · E goes in
    at length 1.
    """
    read_settings(spec, RowSettings)
    embedder = embedder_of(spec, pool.cache.catalog)
    emap = pool.graph(spec).last_initializer()
    if emap.ndim != 2 or emap.shape[0] != emap.shape[1]:
        raise ModelError(f"The graph of {spec.name} ends in no emap, but in {emap.shape} numbers.")

    def latent(embedding: FloatArray) -> FloatArray:
        return unit(unit(embedding) @ emap)

    target, source = ports(spec, pool)
    devices = {embedder.name: pool.session(embedder).device}
    identity = EmbeddingSource(open_embedder(embedder, pool), devices, latent, look.likeness, mix)
    return NeuralSwapper(Network(spec, pool.session(spec), target, source), identity, look)
