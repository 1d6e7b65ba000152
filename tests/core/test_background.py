"""A stage in its own thread: bounded, errors surface, and it always ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from understudy.core.background import Background
from understudy.core.errors import Cancelled


def test_items_come_in_order_and_at_most_so_many_ahead() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for index in range(50):
            made.append(index)
            yield index

    with Background(items(), 3, "test") as stage:
        for expected, item in enumerate(stage):
            assert item == expected
            assert len(made) <= expected + 3 + 2
        with pytest.raises(StopIteration):
            next(stage)


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    with Background(items(), 3, "test") as stage:
        assert next(stage) == 1
        with pytest.raises(ValueError, match="broken"):
            next(stage)


@pytest.mark.timeout(5)
def test_a_chain_that_is_stopped_ends_and_closes_its_source() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    first = Background(endless(), 2, "test-1")
    second = Background((item + 1 for item in first), 2, "test-2")
    assert next(second) == 1
    time.sleep(0.05)
    for stage in (first, second):
        stage.stop()
    for stage in (first, second):
        stage.join()
    assert closed.is_set()
    with pytest.raises(Cancelled):
        next(second)
