"""The models that a job uses, opened once: which they are, where their weights are, what is fetched first."""

from __future__ import annotations

from collections.abc import Generator
from functools import cached_property, partial

from understudy.analysis.analyse import analyse
from understudy.app.fetch import fetch
from understudy.app.settings import Folders, Settings
from understudy.core.plan import Casting, Look, ModelRef
from understudy.core.types import Progress
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.render.run import Analysis
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.landmark.facemesh import FaceMesh
from understudy.vision.roles import Swapper
from understudy.vision.swap.families import choose_swapper, open_swapper

__all__ = ["Engine"]


class Engine:
    """Detector, landmarker and swappers for jobs with the same settings. Opens nothing before it is needed.

    Args:
        settings: Where weights may come from.
        folders: Where they are kept.
    """

    def __init__(self, settings: Settings, folders: Folders) -> None:
        self.cache = Cache(folders.models, settings.mirror, settings.offline)
        self._pool = SessionPool(self.cache)
        self._detector_spec = self.cache.catalog.role("detector")[0]
        self._landmarker_spec = self.cache.catalog.role("landmarker")[0]

    def prepare(self, look: Look | None = None) -> Generator[Progress, None, None]:
        """Fetch what is missing and open it.

        Args:
            look: For a swap; None needs no swapper.

        Raises:
            PlanError: There is no engine of the name in ``look``.
            ModelError: Weights are missing or corrupt.
        """
        specs = self._specs(look)
        yield from fetch(self.cache, specs)
        yield Progress("load", 0, len(specs), "steps")
        for done, spec in enumerate(specs, 1):
            self._pool.session(spec)
            yield Progress("load", done, len(specs), "steps")

    @cached_property
    def detector(self) -> BlazeFace:
        """Finds faces."""
        return BlazeFace(self._pool.session(self._detector_spec), self._detector_spec)

    @cached_property
    def landmarker(self) -> FaceMesh:
        """Places landmarks."""
        return FaceMesh(self._pool.session(self._landmarker_spec), self._landmarker_spec)

    def swapper(self, look: Look) -> Swapper:
        """The engine that ``look`` asks for."""
        return open_swapper(self._swapper_spec(look), self._pool.session, look)

    def analysis(self, casting: Casting) -> Analysis:
        """Finds and follows the faces that ``casting`` is about."""
        return partial(analyse, detector=self.detector, landmarker=self.landmarker, faces=casting.faces)

    def models(self, look: Look) -> tuple[ModelRef, ...]:
        """The exact weights that take part in a swap."""
        return tuple(
            ModelRef(name=spec.name, role=spec.role, sha256=spec.sha256) for spec in self._specs(look)
        )

    def devices(self, look: Look) -> dict[str, str]:
        """Where each of them runs."""
        return {spec.name: self._pool.session(spec).device for spec in self._specs(look)}

    def _specs(self, look: Look | None) -> list[ModelSpec]:
        swapper = self._swapper_spec(look) if look else None
        return [self._detector_spec, self._landmarker_spec, *([swapper] if swapper else [])]

    def _swapper_spec(self, look: Look) -> ModelSpec | None:
        return choose_swapper(look.swapper, self.cache.catalog, self.cache.installed)
