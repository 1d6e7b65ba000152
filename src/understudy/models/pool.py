"""Sessions that are open, each once: by digest, runtime and options."""

from __future__ import annotations

import threading

from understudy.models.cache import Cache
from understudy.models.session import Session, open_session
from understudy.models.sources import FetchProgress
from understudy.models.spec import ModelSpec

__all__ = ["SessionPool"]


class SessionPool:
    """Opens sessions on demand and shares them. Safe to use from several threads.

    Args:
        cache: Where the weights are.
        threads: For each session, where its runtime has threads of its own.
    """

    def __init__(self, cache: Cache, threads: int = 1) -> None:
        self.cache = cache
        self._threads = threads
        self._sessions: dict[tuple[str, str, int], Session] = {}
        self._lock = threading.Lock()

    def session(self, spec: ModelSpec, progress: FetchProgress | None = None) -> Session:
        """The open session of a model, its weights fetched if need be (errors: see Cache, open_session)."""
        key = (spec.sha256, spec.runtime, self._threads)
        with self._lock:
            if key not in self._sessions:
                path = self.cache.ensure(spec, progress)
                self._sessions[key] = open_session(path, spec, self._threads)
            return self._sessions[key]
