"""The record of a film: whole after a crash, gone after a block, and kept only when somebody wants it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from render_fakes import TintBox, analyse

from films import make_film
from gates import Eye, guard_of, passing
from signing import signing_key
from understudy.core.errors import Blocked
from understudy.core.plan import (
    Content,
    Look,
    PhotoOutput,
    PhotoSource,
    ResolvedPlan,
    VideoOutput,
    VideoSource,
)
from understudy.core.report import Report
from understudy.core.types import Face, Result
from understudy.core.verdict import Allow, check_allowed
from understudy.execution.local import LocalExecutor
from understudy.render.build import Cast, Limits
from understudy.render.gauge import Gauge
from understudy.render.record import Record
from understudy.render.steps import Work
from understudy.safety.guard import Guard
from understudy.vision.roles import Finding

CONTENT = Content(sha256="0" * 64, size=1, media_type="video/matroska")


class Finds:
    def track(self, *_: object) -> tuple[Face, None]:
        raise AssertionError("these faces have no landmarks")


class Keeping:
    """A reporter that keeps what it is given, and writes no page."""

    gauge = Gauge(Finds())

    def __init__(self) -> None:
        self.given: list[tuple[Record, int]] = []

    def publish(self, record: Record, frames: int, allow: Allow) -> Report:
        check_allowed(allow)
        self.given.append((record, frames))
        return Report(Path("page.html"), "sound", frames, len(record.frames), 1, (), (), (), False)


class FailingAt(TintBox):
    """Fails at a face of this number."""

    def __init__(self, number: int) -> None:
        self._left = number

    def swap(self, picture: Any, face: Any, actor: Any) -> Any:
        self._left -= 1
        if self._left == -1:
            raise RuntimeError("the lights went out")
        return super().swap(picture, face, actor)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Six segments of ten frames."""
    return make_film(
        tmp_path / "in.mkv", pts=[40 * n for n in range(60)], time_base=Fraction(1, 1000), codec="ffv1"
    )


def render(
    film: Path, reporter: Any, swapper: TintBox | None = None, guard: Guard | None = None, **output: Any
) -> Result:
    folder = film.parent
    plan = ResolvedPlan(
        target=CONTENT,
        source=VideoSource(path=Path(CONTENT.sha256)),
        look=Look(),
        models=(),
        output=VideoOutput(encoder="ffv1", **output),
        software="test",
    )
    work = Work(swapper or TintBox(), [None])
    cast = Cast(analyse, work, guard or passing(folder / "gate"), signing_key(), reporter)
    steps = LocalExecutor(Limits(folder / "renders", Fraction(2, 5))).run(
        plan, film, folder / "out.mkv", cast
    )
    result = [step.result for step in steps][-1]
    assert result is not None
    return result


def crash(film: Path, reporter: Any) -> None:
    with pytest.raises(RuntimeError, match="lights"):
        render(film, reporter, FailingAt(35))


def records(film: Path) -> list[str]:
    return sorted(path.name for path in (film.parent / "renders").glob("*/*.npz"))


def test_the_record_of_a_crashed_render_is_whole_after_the_next_run(film: Path) -> None:
    first, second = Keeping(), Keeping()
    crash(film, first)
    assert first.given == []
    assert records(film)[:2] == ["000000.npz", "000001.npz"]
    result = render(film, second)
    assert [notice.code for notice in result.notices] == ["render-resumed"]
    ((record, frames),) = second.given
    assert (frames, result.report and result.report.recorded) == (60, 60)
    assert record.frames["number"].tolist() == list(range(60))
    assert record.frames["time"] == pytest.approx(np.arange(60) * 0.04)
    assert record.faces["frame"].tolist() == list(range(60))
    assert record.faces["drawn"].all()
    # The fake's last three faces are doubtful.
    assert np.flatnonzero(record.faces["confidence"] < 0.5).tolist() == [57, 58, 59]
    assert not any((film.parent / "renders").iterdir())


def test_what_an_earlier_run_rendered_without_a_report_is_no_part_of_it(film: Path) -> None:
    crash(film, None)
    assert records(film) == []
    keeping = Keeping()
    result = render(film, keeping)
    ((record, frames),) = keeping.given
    first = int(record.frames["number"][0])
    assert first in (20, 30)
    assert (frames, len(record.frames)) == (60, 60 - first)
    assert result.frames == 60


def test_a_record_of_a_segment_that_does_not_count_is_thrown_away(film: Path) -> None:
    crash(film, Keeping())
    (folder,) = (film.parent / "renders").iterdir()
    (folder / "segments.jsonl").write_text("", "utf-8")
    keeping = Keeping()
    render(film, keeping)
    assert keeping.given[0][0].frames["number"].tolist() == list(range(60))


def test_a_blocked_film_leaves_no_record_and_no_report(film: Path) -> None:
    seen: list[int] = []

    def sees(_: np.ndarray) -> tuple[Finding, ...]:
        seen.append(0)
        return (Finding("NUDE", 0.9, None),) if len(seen) > 8 else ()

    keeping = Keeping()
    with pytest.raises(Blocked):
        render(film, keeping, guard=guard_of(film.parent / "gate", Eye(sees)))
    assert keeping.given == []
    assert records(film) == []
    assert sorted(path.name for path in film.parent.iterdir() if path.is_file()) == ["in.mkv"]


def test_without_a_report_nothing_is_kept(film: Path) -> None:
    crash(film, None)
    assert records(film) == []
    assert render(film, None).report is None


def test_a_photo_has_a_record_of_one_frame(tmp_path: Path, portraits: list[Path]) -> None:
    plan = ResolvedPlan(
        target=CONTENT,
        source=PhotoSource(path=Path(CONTENT.sha256)),
        look=Look(),
        models=(),
        output=PhotoOutput(),
        software="test",
    )
    keeping = Keeping()
    cast = Cast(analyse, Work(TintBox(), [None]), passing(), signing_key(), keeping)
    executor = LocalExecutor(Limits(tmp_path / "renders"))
    *_, last = executor.run(plan, portraits[0], tmp_path / "out.png", cast)
    ((record, frames),) = keeping.given
    assert (frames, len(record.frames), record.faces["drawn"].tolist()) == (1, 1, [True])
    assert last.result is not None
    assert last.result.report is not None
