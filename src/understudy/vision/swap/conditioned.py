"""Engines that are told whom to draw by an embedding: SimSwap, Ghost, HifiFace, HyperSwap and their kind.

The row's ``needs`` name an embedder and, where the engine was trained with another's vectors, a converter, which is
fed the embedding as the embedder gives it. Its settings are those of :class:`Settings`.
"""

from __future__ import annotations

from understudy.core.plan import Look
from understudy.core.types import FloatArray
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.vision.embed.crossface import open_converter
from understudy.vision.embed.families import open_embedder
from understudy.vision.swap.identity import EmbeddingSource, Mix, unit
from understudy.vision.swap.neural import Network, NeuralSwapper
from understudy.vision.swap.rows import RowSettings, embedder_of, needed, ports, read_settings

__all__ = ["Settings", "open_swapper"]


class Settings(RowSettings):
    """What a row of this family may set.

    Attributes:
        denormalise: The output is in the units of the normalised input; otherwise it is 0 to 1.
        unit_source: The source goes in at length 1, and not as the embedder or the converter gives it.
    """

    denormalise: bool = True
    unit_source: bool = True


def open_swapper(spec: ModelSpec, pool: SessionPool, look: Look, mix: Mix = "quality") -> NeuralSwapper:
    """Open an engine of this family (errors: see :func:`understudy.vision.swap.families.open_swapper`)."""
    settings = read_settings(spec, Settings)
    embedder = embedder_of(spec, pool.cache.catalog)
    converter = needed(spec, pool.cache.catalog, "converter")
    converts = open_converter(converter, pool) if converter else None

    def latent(embedding: FloatArray) -> FloatArray:
        vector = converts.convert(embedding) if converts else embedding
        return unit(vector) if settings.unit_source else vector

    target, source = ports(spec, pool)
    network = Network(spec, pool.session(spec), target, source, settings.denormalise)
    devices = {model.name: pool.session(model).device for model in (embedder, converter) if model}
    identity = EmbeddingSource(open_embedder(embedder, pool), devices, latent, look.likeness, mix)
    return NeuralSwapper(network, identity, look)
