"""The store of weights as the settings have it, and fetching as a generator of progress."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Sequence

from understudy.app.settings import Folders, Settings
from understudy.core.errors import Cancelled
from understudy.core.types import Progress
from understudy.models.cache import Cache, Status
from understudy.models.spec import ModelSpec, load_catalog

__all__ = ["fetch", "open_cache"]

_END = object()


def open_cache(settings: Settings, folders: Folders) -> Cache:
    """The user's store of weights; its catalogue has the user's own rows too.

    Raises:
        ModelError: Those rows are not as they should be.
    """
    return Cache(folders.models, settings.mirror, settings.offline, load_catalog(settings.catalog))


def fetch(
    cache: Cache, specs: Sequence[ModelSpec], *, renew: bool = False
) -> Generator[Progress, None, None]:
    """Make sure that these weights are in the cache; yields only while something arrives.

    Args:
        cache: Where they go.
        specs: Which.
        renew: Look at the bytes of those that are here too, and replace wrong ones. Else that is left to whoever
            loads them.

    Raises:
        ModelCorrupt: What arrived differs from the catalogue.
        ModelMissing: It may not or could not be fetched.
        ModelNotAccepted: Some are missing whose terms the user has not accepted; nothing was fetched then.
    """
    cache.require_accepted(specs)
    for spec in specs:
        if not cache.installed(spec) or (renew and cache.verify(spec) is not Status.VERIFIED):
            yield Progress("fetch", 0, None, "bytes", label=spec.name)
            yield from _fetch_one(cache, spec, renew)


def _fetch_one(cache: Cache, spec: ModelSpec, renew: bool) -> Generator[Progress, None, None]:
    events: queue.Queue[object] = queue.Queue(maxsize=64)
    stopped = threading.Event()

    def report(done: int, total: int | None) -> None:
        # Raised inside the transfer, which then cleans up after itself.
        if stopped.is_set():
            raise Cancelled("Stopped while weights were fetched.")
        events.put(Progress("fetch", done, total, "bytes", label=spec.name))

    def work() -> None:
        outcome: object = _END
        try:
            (cache.pull if renew else cache.ensure)(spec, report)
        except BaseException as error:
            outcome = error
        if not stopped.is_set():
            events.put(outcome)

    thread = threading.Thread(target=work, name=f"fetch {spec.name}", daemon=True)
    thread.start()
    try:
        while (event := events.get()) is not _END:
            if isinstance(event, BaseException):
                raise event
            assert isinstance(event, Progress)
            yield event
    finally:
        stopped.set()
        # Room for a report that is waiting to be put, so that the thread sees the flag.
        while not events.empty():
            events.get_nowait()
        thread.join(timeout=1)
