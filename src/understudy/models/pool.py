"""Sessions that are open, each once: by file, runtime and options."""

from __future__ import annotations

import threading
from pathlib import Path

from understudy.core.plan import Compute
from understudy.models.cache import Cache
from understudy.models.graph import Graph, read_graph
from understudy.models.session import Session, open_session, verified_bytes
from understudy.models.sources import FetchProgress
from understudy.models.spec import ModelSpec

__all__ = ["SessionPool"]


class SessionPool:
    """Opens sessions on demand and shares them. Safe to use from several threads.

    Args:
        cache: Where the weights are.
        compute: Where networks run.
    """

    def __init__(self, cache: Cache, compute: Compute | None = None) -> None:
        self.cache = cache
        self.compute = compute or Compute()
        # The name of a file in the cache carries its digest.
        self._sessions: dict[tuple[Path, str, Compute], Session] = {}
        self._graphs: dict[Path, Graph] = {}
        self._lock = threading.Lock()

    def session(self, spec: ModelSpec, progress: FetchProgress | None = None) -> Session:
        """The open session of a model, its weights fetched if need be (errors: see Cache, open_session)."""
        with self._lock:
            key = (self.cache.path(spec), spec.runtime, self.compute)
            if key not in self._sessions:
                self._sessions[key] = open_session(
                    *self._here(spec, progress), self.compute, self.cache.root / ".compiled"
                )
            return self._sessions[key]

    def graph(self, spec: ModelSpec, progress: FetchProgress | None = None) -> Graph:
        """What can be read of a model's graph without running it (errors: see Cache, read_graph)."""
        with self._lock:
            key = self.cache.path(spec)
            if key not in self._graphs:
                self._graphs[key] = read_graph(verified_bytes(*self._here(spec, progress)))
            return self._graphs[key]

    def _here(self, spec: ModelSpec, progress: FetchProgress | None) -> tuple[Path, ModelSpec]:
        """The file, not verified yet when it was here already: whoever opens it does that; and what it must be."""
        if not self.cache.installed(spec):
            self.cache.ensure(spec, progress)
        return self.cache.path(spec), self.cache.resolved(spec)
