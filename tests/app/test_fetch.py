from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from understudy.app.fetch import fetch
from understudy.core.errors import ModelMissing
from understudy.models.spec import HttpsFile, ModelSpec

SPEC = ModelSpec(
    name="one",
    role="detector",
    family="none",
    runtime="onnx",
    file="one.onnx",
    sha256=hashlib.sha256(b"").hexdigest(),
    bytes=1,
    sources=(HttpsFile(url="https://localhost/one.onnx"),),
    licence="CC0-1.0",
    licence_url="",
    origin="nobody",
)


@dataclass
class Transfer:
    """A cache whose transfers are made here."""

    work: Callable[[Callable[[int, int | None], None]], None]
    here: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def installed(self, _spec: ModelSpec) -> bool:
        return self.here

    def require_accepted(self, _specs: Sequence[ModelSpec]) -> None:
        """All are."""

    def ensure(self, _spec: ModelSpec, report: Callable[[int, int | None], None]) -> Path:
        try:
            self.work(report)
        finally:
            self.ended.set()
        return Path()


def test_progress_of_what_arrives() -> None:
    def work(report: Callable[[int, int | None], None]) -> None:
        for done in (10, 20):
            report(done, 20)

    steps = list(fetch(Transfer(work), [SPEC]))  # type: ignore[arg-type]
    assert [(step.stage, step.done, step.total, step.label) for step in steps] == [
        *(("fetch", 0, None, "one"), ("fetch", 10, 20, "one"), ("fetch", 20, 20, "one"))
    ]


def test_nothing_is_said_about_what_is_here() -> None:
    assert list(fetch(Transfer(lambda _: None, here=True), [SPEC])) == []  # type: ignore[arg-type]


def test_errors_arrive_where_they_are_awaited() -> None:
    def work(_report: Callable[[int, int | None], None]) -> None:
        raise ModelMissing("gone")

    with pytest.raises(ModelMissing, match="gone"):
        list(fetch(Transfer(work), [SPEC]))  # type: ignore[arg-type]


def test_closing_ends_the_transfer() -> None:
    def work(report: Callable[[int, int | None], None]) -> None:
        for done in range(1_000_000):
            report(done, None)

    transfer = Transfer(work)
    steps = fetch(transfer, [SPEC])  # type: ignore[arg-type]
    for _ in range(5):
        next(steps)
    steps.close()
    assert transfer.ended.wait(5)
