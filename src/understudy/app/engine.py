"""The models that a job uses, opened once: which they are, where their weights are, what is fetched first."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from understudy.analysis.analyse import analyse
from understudy.analysis.casting import Rules
from understudy.analysis.store import AnalysisStore
from understudy.app.fetch import fetch, open_cache
from understudy.app.gatekeeper import Gatekeeper
from understudy.app.identity import Identity
from understudy.app.settings import Folders, Settings
from understudy.core.errors import ModelMissing, PlanError
from understudy.core.plan import Casting, Compute, Look, ModelRef, Seeing
from understudy.core.types import Face, Progress
from understudy.models.pool import SessionPool
from understudy.models.spec import ModelSpec
from understudy.render.run import Analysis
from understudy.render.steps import Work
from understudy.safety.consent import ConsentStore
from understudy.safety.visible_mark import label_of
from understudy.vision.attributes.families import open_attributes
from understudy.vision.detect.families import open_detector
from understudy.vision.embed.families import open_embedder, same_person
from understudy.vision.enhance.families import choose_enhancer, open_enhancer
from understudy.vision.landmark.facemesh import FaceMesh
from understudy.vision.landmark.families import open_landmarker
from understudy.vision.mark.families import mark_spec, open_mark
from understudy.vision.mask.families import choose_maskers, open_maskers
from understudy.vision.roles import Attributes, KeypointRefiner, PartialDetector, Picture, Swapper
from understudy.vision.swap.families import choose_swapper, open_swapper
from understudy.vision.swap.identity import Mix
from understudy.vision.upscale.families import choose_upscaler, open_upscaler

__all__ = ["Engine", "Identity"]

Looks = Look | Sequence[Look]


class Engine:
    """The models for jobs that see and compute alike. Opens nothing before it is needed.

    Args:
        settings: Where weights may come from.
        folders: Where they are kept.
        seeing: How faces are found.
        compute: Where networks run.

    Raises:
        PlanError: ``seeing`` names a model that there is not.
        ModelError: The user's own rows of models are not as they should be.
    """

    def __init__(
        self,
        settings: Settings,
        folders: Folders,
        seeing: Seeing | None = None,
        compute: Compute | None = None,
    ) -> None:
        self.cache = open_cache(settings, folders)
        self.renders = folders.renders
        self.keeps_analyses = settings.keep_analyses
        self._analyses, self._offline = folders.analyses, settings.offline
        self.keys = folders.keys
        self.consent = ConsentStore(folders.consent)
        self._pool = SessionPool(self.cache, compute)
        self.gate = Gatekeeper(self.cache, folders, settings.policy, self._attributes_if_here)
        self.seeing = seeing or Seeing()
        self._detector_spec = self._row("detector", self.seeing.detector)
        self._landmarker_spec = self.cache.catalog.role("landmarker")[0]
        self._points_spec = self._row("landmarker", self.seeing.landmarker)

    def prepare(
        self, look: Looks = (), casting: Casting | None = None, *, people: bool = False
    ) -> Generator[Progress, None, None]:
        """Fetch what is missing and open it; for a swap the content gate too.

        Args:
            look: One or several, for a swap; none needs no swapper and no gate.
            casting: Who is replaced; None needs nothing that tells people apart.
            people: Whether people are to be told apart even so, as far as that is possible here.

        Raises:
            PlanError: There is no model of a name in ``look``.
            ModelError: Weights are missing or corrupt.
            DependencyMissing: What runs them is not installed.
            Undetermined: The gate cannot be opened.
        """
        specs = self._specs(look, casting)
        specs += [self._embedder_spec] if people and self._recognises() else []
        yield from fetch(self.cache, self.cache.catalog.with_needs(specs))
        if look:
            yield from self.gate.prepare()
        yield Progress("load", 0, len(specs), "steps")
        for done, spec in enumerate(specs, 1):
            self._open(spec)
            yield Progress("load", done, len(specs), "steps")

    @cached_property
    def detector(self) -> PartialDetector:
        """Finds faces."""
        return open_detector(self._detector_spec, self._pool, self.seeing)

    @cached_property
    def landmarker(self) -> FaceMesh:
        """Places landmarks and follows them."""
        return FaceMesh(self._pool.session(self._landmarker_spec), self._landmarker_spec)

    @cached_property
    def points(self) -> KeypointRefiner | None:
        """Places the points that a neural engine aligns by; None when they are the landmarker's own."""
        if self._points_spec is self._landmarker_spec:
            return None
        return open_landmarker(self._points_spec, self._pool)

    @cached_property
    def identity(self) -> Identity:
        """Tells people apart.

        Raises:
            DependencyMissing: What runs the embedder is not installed.
            ModelError: Its weights are missing or corrupt.
        """
        spec = self._embedder_spec
        return Identity(open_embedder(spec, self._pool), same_person(spec), spec.name)

    def identity_if_here(self) -> Identity | None:
        """Tells people apart, when nothing has to be installed or fetched for that."""
        return self.identity if self._installed() and self.cache.ready(self._embedder_spec) else None

    @cached_property
    def analyses(self) -> AnalysisStore:
        """Where analyses are kept; for as long as this engine lives, if they are not to be kept longer."""
        if self.keeps_analyses:
            return AnalysisStore(self._analyses)
        self._scratch = tempfile.TemporaryDirectory(prefix="understudy-")
        return AnalysisStore(Path(self._scratch.name))

    def recogniser(self) -> Identity | None:
        """Tells people apart, if that is installed or was asked for by name (errors: as for :attr:`identity`)."""
        return self.identity if self.seeing.embedder != "auto" else self.identity_if_here()

    @cached_property
    def attributes(self) -> Attributes:
        """Tells how a face looks.

        Raises:
            ModelMissing: No model for that is installed.
        """
        return open_attributes(self._attributes_spec, self._pool)

    def _attributes_if_here(self) -> Attributes | None:
        ready = any(map(self.cache.ready, self.cache.catalog.role("attributes")))
        return self.attributes if ready else None

    def swapper(self, look: Look, mix: Mix = "quality") -> Swapper:
        """The engine that ``look`` asks for."""
        return open_swapper(self._swapper_spec(look), self._pool, look, mix)

    def work(
        self, look: Look, actors: Sequence[Sequence[tuple[Picture, Face]]], mix: Mix = "quality"
    ) -> Work:
        """Everything that ``look`` asks for, opened and made up for the actors.

        Args:
            look: What is done to a frame.
            actors: The photos of each, with the face that is meant; none for the swapper ``none``.
            mix: How several photos of one become a likeness.
        """
        catalog, pool = self.cache.catalog, self._pool
        swapper = None if look.swapper == "none" else self.swapper(look, mix)
        return Work(
            swapper=swapper,
            actors=[swapper.prepare(photos) for photos in actors] if swapper else (),
            enhancer=open_enhancer(choose_enhancer(look.enhancer, catalog), pool, look)
            if look.enhancer
            else None,
            maskers=open_maskers(look, catalog, pool),
            upscaler=open_upscaler(choose_upscaler(look.upscaler, catalog), pool) if look.upscaler else None,
            label=label_of(look.label),
            mark=open_mark(mark_spec(catalog), pool) if look.watermark else None,
            keyframes=look.keyframes if self._slow(look) else 1,
        )

    def works(
        self, looks: Sequence[Look], actors: Sequence[Sequence[tuple[Picture, Face]]], mix: Mix = "quality"
    ) -> Work:
        """The work of the first look, with the others' (arguments: as :meth:`work`)."""
        first, *others = (self.work(look, actors, mix) for look in looks)
        return replace(first, others=tuple(others))

    def analysis(self, rules: Rules | None = None) -> Analysis:
        """Finds and follows faces, and chooses by the rules; by default the largest."""
        return partial(
            analyse,
            detector=self.detector,
            landmarker=self.landmarker,
            rules=rules or Rules(),
            points=self.points,
        )

    def models(self, look: Looks, casting: Casting | None = None) -> tuple[ModelRef, ...]:
        """The exact weights that take part in a swap, or in an analysis."""
        specs = map(self.cache.resolved, self.cache.catalog.with_needs(self._specs(look, casting)))
        return tuple(
            ModelRef(name=spec.name, role=spec.role, sha256=spec.sha256) for spec in specs if spec.sha256
        )

    def devices(self, look: Looks, casting: Casting | None = None) -> dict[str, str]:
        """Where each of them runs."""
        return {
            spec.name: "cpu (dlib)" if spec.runtime == "dlib" else self._pool.session(spec).device
            for spec in self._specs(look, casting)
        }

    def _open(self, spec: ModelSpec) -> None:
        if spec.runtime == "dlib":
            _ = self.identity  # no graph: its family loads it by itself
        else:
            self._pool.session(spec)

    def _specs(self, look: Looks, casting: Casting | None) -> list[ModelSpec]:
        specs = [self._detector_spec, self._landmarker_spec, *self._casting_specs(casting or Casting())]
        specs += [self._points_spec] if self._points_spec is not self._landmarker_spec else []
        looks = (look,) if isinstance(look, Look) else look
        of_looks = {spec.name: spec for each in looks for spec in self._look_specs(each)}
        return [*specs, *of_looks.values()]

    def _casting_specs(self, casting: Casting) -> Iterator[ModelSpec]:
        if casting.knows_by_picture or (casting.knows_people and self._recognises()):
            yield self._embedder_spec
        if casting.by_looks:
            yield self._attributes_spec

    def _recognises(self) -> bool:
        """Whether people can be told apart, if need be with weights that are fetched first."""
        if self.seeing.embedder != "auto":
            return True
        return self._installed() and (self.cache.ready(self._embedder_spec) or not self._offline)

    def _installed(self) -> bool:
        """Whether what runs the embedder is installed."""
        return self._embedder_spec.runtime != "dlib" or importlib.util.find_spec("dlib") is not None

    def _look_specs(self, look: Look) -> Iterator[ModelSpec]:
        catalog = self.cache.catalog
        if look.swapper != "none" and (swapper := self._swapper_spec(look)):
            yield swapper
        if look.enhancer:
            yield choose_enhancer(look.enhancer, catalog)
        yield from choose_maskers(look, catalog, self.cache.installed)
        if look.upscaler:
            yield choose_upscaler(look.upscaler, catalog)
        if look.watermark:
            yield mark_spec(catalog)

    def _slow(self, look: Look) -> bool:
        """Whether a face takes longer to draw than to carry from one frame to another."""
        neural = look.swapper != "none" and self._swapper_spec(look) is not None
        return neural or look.enhancer is not None

    def _swapper_spec(self, look: Look) -> ModelSpec | None:
        return choose_swapper(look.swapper, self.cache.catalog, self.cache.ready)

    @cached_property
    def _embedder_spec(self) -> ModelSpec:
        """The one that is asked for; else a better one than the built-in, when the user has installed one."""
        if self.seeing.embedder != "auto":
            return self._row("embedder", self.seeing.embedder)
        built_in, *others = self.cache.catalog.role("embedder")
        rivals = (spec for spec in others if "same_person" in spec.settings and self.cache.ready(spec))
        return next(rivals, built_in)

    @cached_property
    def _attributes_spec(self) -> ModelSpec:
        rows = self.cache.catalog.role("attributes")
        chosen = next(filter(self.cache.ready, rows), None)
        if chosen is None:
            raise ModelMissing(
                "To go by gender or age, a model that estimates them is needed, and none is installed.",
                next_step=f"Run: understudy models pull {rows[0].name}",
            )
        return chosen

    def _row(self, role: str, name: str) -> ModelSpec:
        rows = {spec.name: spec for spec in self.cache.catalog.role(role)}
        rows = {"auto": next(iter(rows.values())), **rows}
        if name not in rows:
            raise PlanError(f"There is no {role} {name!r}.", next_step=f"Choose one of: {', '.join(rows)}.")
        return rows[name]
