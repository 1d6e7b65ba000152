"""A bounded stage that runs an iterable in its own thread.

Stages chain: the iterable of one may read from another. To end a chain early, ``stop()`` every stage (nothing
blocks any more), then ``join()`` every stage.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from understudy.core.errors import Cancelled

__all__ = ["Background"]

T = TypeVar("T")


class Background(Generic[T]):
    """Iterates ``items`` in a thread, at most ``capacity`` ahead of whoever consumes.

    An error of the iterable re-raises in the consumer, after the items before it. A consumer that waits on a
    stopped stage gets :class:`Cancelled`. As a context manager it stops and joins on every exit.

    Args:
        items: Iterated, and closed if it is a generator, in the stage's own thread.
        capacity: How many items may wait.
        name: Of the thread.
    """

    def __init__(self, items: Iterable[T], capacity: int, name: str) -> None:
        self._items = items
        self._capacity = capacity
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._changed:
            while not (self._waiting or self._ended or self._stopped):
                # Windows does not interrupt a wait without end: Ctrl+C would go unheard.
                self._changed.wait(0.2)
            if self._stopped:
                raise Cancelled("Stopped.")
            if self._waiting:
                item = self._waiting.popleft()
                self._changed.notify_all()
                return item
            error, self._error = self._error, None
        if error is not None:
            raise error
        raise StopIteration

    def __enter__(self) -> Background[T]:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        self.join()

    def stop(self) -> None:
        """Let go of what waits and wake both sides; the thread ends after its current item."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the thread's end."""
        self._thread.join()

    def _run(self) -> None:
        iterator = iter(self._items)
        error: BaseException | None = None
        try:
            for item in iterator:
                if not self._offer(item):
                    break
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
        except BaseException as caught:  # whatever it is, it belongs to the consumer
            error = caught
        with self._changed:
            self._error = error
            self._ended = True
            self._changed.notify_all()

    def _offer(self, item: T) -> bool:
        with self._changed:
            while len(self._waiting) >= self._capacity and not self._stopped:
                self._changed.wait()
            if self._stopped:
                return False
            self._waiting.append(item)
            self._changed.notify_all()
            return True
