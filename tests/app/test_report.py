"""The report: what it counts, what it says, and that its page is safe to open."""

from __future__ import annotations

import base64
import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import understudy
from gates import allowed
from understudy.app.report.page import Subject
from understudy.app.report.people import appearances
from understudy.app.report.reporter import PageReporter
from understudy.app.report.summary import Story, is_unlike, tell
from understudy.app.report.words import clock, figure, share
from understudy.core.errors import OutputExists, PlanError
from understudy.core.report import Report
from understudy.render.gauge import Gauge
from understudy.render.record import FACE, FRAME, SAMPLE, Glimpse, Record

ACTOR = "a<b>&\"'.jpg"
SHOTS = (100, 140)  # frames at which they begin, after the first
NO = float("nan")


def frames_of(numbers: Sequence[int]) -> np.ndarray:
    return np.array([(n, n / 24, sum(n >= cut for cut in SHOTS)) for n in numbers], FRAME)


def face(frame: int, track: int = 0, **said: Any) -> tuple[Any, ...]:
    known = {
        **{"person": -1, "actor": 0, "drawn": True, "bridged": False, "weight": 1.0, "confidence": 1.0},
        **{"flags": "", "x": 100.0, "y": 100.0, "size": 50.0, **said},
    }
    return (frame, track, *(known[name] for name in FACE.names[2:]))


def record_of(
    faces: Sequence[Any], frames: int = 200, samples: Sequence[Any] = (), glimpses: Any = ()
) -> Record:
    return Record(
        frames_of(range(frames)),
        np.array(list(faces), FACE),
        np.array(list(samples), SAMPLE),
        tuple(glimpses),
    )


def stories(record: Record, roles: Sequence[str | None] = (None,)) -> list[Story]:
    return [tell(who, record.frames) for who in appearances(record, (ACTOR,), roles)]


def hard() -> Record:
    """One person: 20 to 159, not 50 to 59; each kind of trouble in frames of its own."""
    faces = [face(n) for n in range(20, 50)]
    faces += [face(n, confidence=0.2, flags="profile,small") for n in range(60, 66)]
    faces += [face(n, weight=0.4) for n in range(66, 90)]
    faces += [face(n, bridged=True) for n in range(90, 100)]
    faces += [face(n) for n in range(100, 120)] + [face(120, drawn=False)]
    faces += [face(n) for n in range(121, 140)] + [face(n, track=1) for n in range(140, 160)]
    samples = [(30, 0, 0.5, NO, NO), (70, 0, 0.7, 2.0, NO), (71, 0, NO, NO, 3.0), (72, 0, NO, NO, 5.0)]
    ok, data = cv2.imencode(".jpg", np.full((8, 8, 3), 90, np.uint8))
    assert ok
    seen = [Glimpse(frame, 0, 0.1, data.tobytes(), data.tobytes()) for frame in (53, 62, 62)]
    return record_of(faces, samples=samples, glimpses=seen)


def test_each_trouble_is_counted_where_it_is() -> None:
    (story,) = stories(hard())
    whole = story.whole
    counted = (
        whole.seen,
        whole.swapped,
        whole.bridged,
        whole.faded,
        whole.skipped,
        whole.missed,
        whole.doubtful,
    )
    assert counted == (120, 129, 10, 24, 1, 10, 6)
    assert (whole.person, whole.shot, whole.frames) == (f"Played by {ACTOR}", None, 200)
    assert whole.stop == pytest.approx(200 / 24)
    assert (whole.likeness, whole.expression) == (pytest.approx(0.6), 2.0)
    assert whole.flicker == pytest.approx(np.sqrt(17), abs=1e-3)
    assert whole.samples == (2, 1, 2)
    assert [(row.shot, row.frames, row.swapped, row.missed) for row in story.rows] == [
        (1, 100, 70, 10),
        (2, 40, 39, 0),
        (3, 60, 20, 0),
    ]
    assert [(span.first, span.last, span.shot) for span in story.spans] == [(50, 99, 1), (120, 120, 2)]
    assert story.spans[0].troubles == ("faded", "missed", "bridged", "doubtful")
    assert story.spans[0].reasons == ("profile", "small")
    assert story.spans[0].stop == pytest.approx(100 / 24)
    assert (story.there, story.bad) == (140, 17)


@pytest.mark.parametrize(
    ("again", "said", "missed"),
    [
        (40, {}, 10),
        (40, {"flags": "cut"}, 0),  # left the picture
        (40, {"x": 400.0}, 0),  # somebody else, elsewhere
        (90, {}, 0),  # gone for longer than two seconds
    ],
)
def test_missed_is_who_was_there_before_and_after(again: int, said: dict[str, Any], missed: int) -> None:
    (story,) = stories(
        record_of([face(n) for n in range(30)] + [face(n, 1, **said) for n in range(again, 98)])
    )
    assert story.whole.missed == missed


def test_nobody_is_missed_across_a_cut_or_where_nothing_was_recorded() -> None:
    over_cut = record_of([face(n) for n in (*range(90, 97), *range(105, 130))])
    assert stories(over_cut)[0].whole.missed == 0
    known = [*range(20), *range(30, 60)]
    part = Record(frames_of(known), np.array([face(n) for n in known], FACE), np.empty(0, SAMPLE))
    (story,) = stories(part)
    assert (story.whole.missed, story.whole.frames, len(story.rows)) == (0, 50, 2)


def test_short_doubts_are_no_moments_and_near_ones_are_one() -> None:
    def spans(*doubted: int) -> list[tuple[int, int]]:
        faces = [face(n, confidence=0.2 if n in doubted else 1) for n in range(60)]
        return [(span.first, span.last) for span in stories(record_of(faces))[0].spans]

    assert spans(10, 11, 12) == []
    assert spans(10, 11, 12, 13) == [(10, 13)]
    assert spans(*range(10, 16), *range(20, 26), *range(40, 50)) == [(10, 25), (40, 49)]


def test_people_who_were_not_told_apart_are_followed_by_place() -> None:
    faces = [face(n, 0, x=100.0) for n in range(40)] + [face(n, 1, x=300.0) for n in range(30)]
    faces += [face(n, 2, x=310.0) for n in range(35, 60)] + [face(n, 3, x=90.0) for n in range(45, 60)]
    one, two = stories(record_of(faces))
    assert {one.who.name, two.who.name} == {"Face 1", "Face 2"}
    assert {one.who.tracks, two.who.tracks} == {frozenset({0, 3}), frozenset({1, 2})}
    assert sorted((one.whole.missed, two.whole.missed)) == [5, 5]


def test_people_who_are_known_keep_their_number_or_their_role() -> None:
    faces = [face(n, 0, person=2) for n in range(9)] + [face(n, 1, person=4) for n in range(9)]
    assert [story.who.name for story in stories(record_of(faces))] == ["Person 2", "Person 4"]
    assert [story.who.name for story in stories(record_of(faces[:9]), ("anna.png",))] == ["anna.png"]


def reporter(page: Path, **said: Any) -> PageReporter:
    subject = Subject("target <i>.mp4", "out <script>.mp4", (ACTOR,), "an embedder", 0.9, "understudy 9")
    known: dict[str, Any] = {"overwrite": False, "roles": (None,), "doubtful": False, **said}
    return PageReporter(page, gauge=Gauge(None), subject=subject, **known)  # type: ignore[arg-type]


class Reader(HTMLParser):
    """Reads a page, and checks that what is opened is closed in order."""

    EMPTY = frozenset({"meta", "img", "path", "rect", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def published(tmp_path: Path, record: Record, frames: int = 200, **said: Any) -> tuple[Report, Reader, str]:
    page = tmp_path / "report.html"
    report = reporter(page, overwrite=True, **said).publish(record, frames, allowed())
    text = page.read_text("utf-8")
    return report, Reader(text), text


def test_the_page_says_what_it_is_about_and_escapes_every_name(tmp_path: Path) -> None:
    report, page, text = published(tmp_path, hard())
    assert report.verdict == "poor"
    assert "Do not trust it as it is" in page.text
    assert "out <script>.mp4" in page.text
    assert ACTOR in page.text
    assert "synthetic media" in page.text
    assert "likeness to a<b>&\"'.jpg is 0.60; two pictures of one person reach 0.90" in page.text
    assert page.all("script") == page.all("b") == page.all("i") == []
    assert "87.9 % of 140 faces to replace can be trusted (17 cannot)" in page.text
    assert json.loads(json.dumps(asdict(report), default=str))["people"][0]["missed"] == 10
    assert str(tmp_path) not in text


def test_the_page_fetches_nothing_and_runs_nothing(tmp_path: Path) -> None:
    _, page, text = published(tmp_path, hard())
    (policy,) = [tag for tag in page.all("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "form")
        assert not any(name.startswith("on") or name in ("href", "xlink:href") for name in attributes)
        assert (attributes.get("src") or "data:").startswith("data:")
    assert "url(" not in text
    assert "@import" not in text


def test_pictures_and_plots_have_words_and_tables_have_heads(tmp_path: Path) -> None:
    report, page, _ = published(tmp_path, hard())
    images = page.all("img")
    assert len(images) == 2  # frame 53 and 62 are of one moment: one picture before, one after
    for image in images:
        assert image["alt"]
        data = base64.b64decode((image["src"] or "").split(",")[1])
        assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (8, 8, 3)
    plots = [svg for svg in page.all("svg") if svg.get("aria-hidden") != "true"]
    assert len(plots) == 3
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in plots)
    assert all(th["scope"] in ("col", "row") for th in page.all("th"))
    rows = len(report.people) + len(report.rows) + len(report.spans)
    assert len([th for th in page.all("th") if th["scope"] == "row"]) == rows


def test_the_plot_has_every_state_at_its_time(tmp_path: Path) -> None:
    _, _, text = published(tmp_path, hard())
    start = text.index('<svg class="bar"')
    drawing = ET.fromstring(text[start : text.index("</svg>", start) + 6])
    end = 200 / 24
    found = [
        (rect.get("class"), *(round(float(rect.get(name, "")) / 1000 * end * 24) for name in ("x", "width")))
        for rect in drawing.iter("rect")
    ]
    assert found == [
        *(("fine", 20, 30), ("missed", 50, 10), ("doubtful", 60, 6), ("faded", 66, 24), ("bridged", 90, 10)),
        *(("fine", 100, 20), ("skipped", 120, 1), ("fine", 121, 39)),
    ]
    cuts = next(path.get("d", "") for path in drawing.iter("path") if path.get("class") == "cut")
    assert [round(float(cut.split(" ")[0]) / 1000 * 200) for cut in cuts.split("M")[1:]] == list(SHOTS)


def test_a_long_film_makes_no_long_page(tmp_path: Path) -> None:
    count = 40_000
    frames = np.array([(n, n / 24, n // 20) for n in range(count)], FRAME)
    faces = np.array([face(n, n // 20, confidence=0.2 if n % 40 < 6 else 1) for n in range(count)], FACE)
    record = Record(frames, faces, np.empty(0, SAMPLE))
    report, page, text = published(tmp_path, record, count)
    assert (len(report.rows), len(report.spans), report.shots) == (2000, 1000, 2000)
    assert len(text) < 400_000
    assert "1,800 rows more: --json has all" in " ".join(page.text.split())
    # One doubtful frame among thousands is still drawn.
    single = np.array([face(n, confidence=0.2 if n == 31_415 else 1) for n in range(count)], FACE)
    _, _, text = published(tmp_path, Record(frames, single, np.empty(0, SAMPLE)), count)
    assert text.count('<rect class="doubtful" x=') == 1


def test_a_sound_film_says_so_and_unrecorded_frames_are_named(tmp_path: Path) -> None:
    record = record_of([face(n) for n in range(200)])
    report, page, _ = published(tmp_path, record)
    assert report.verdict == "sound"
    assert "Nothing stands out" in page.text
    assert "100 % of 200 faces" in page.text
    report, page, _ = published(tmp_path, record, frames=260)
    assert (report.verdict, report.frames, report.recorded) == ("look", 260, 200)
    assert "60 frames were rendered by an earlier run without a report" in page.text
    assert published(tmp_path, record, doubtful=True)[0].verdict == "poor"
    assert published(tmp_path, record_of([]), frames=200)[0].verdict == "poor"


def test_no_page_without_the_gates_leave_nor_over_another(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    with pytest.raises(TypeError, match="Allow"):
        reporter(page).publish(hard(), 200, None)  # type: ignore[arg-type]
    assert not page.exists()
    page.write_text("mine", "utf-8")
    with pytest.raises(OutputExists):
        reporter(page).publish(hard(), 200, allowed())
    assert page.read_text("utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_how_it_says_things() -> None:
    assert [clock(seconds) for seconds in (0, 59.96, 61.5, 3723.2)] == [
        "0:00.0",
        "1:00.0",
        "1:01.5",
        "1:02:03.2",
    ]
    assert [share(part, 3000) for part in (0, 1, 1500, 2999, 3000)] == [
        "0 %",
        "0.1 %",
        "50.0 %",
        "99.9 %",
        "100 %",
    ]
    assert [figure(value, 1) for value in (None, -0.01, -1.25, 3)] == ["–", "0.0", "−1.2", "3.0"]
    assert [is_unlike(value, 0.9) for value in (None, 0.87, 0.885, 0.95)] == [False, True, False, False]


def test_a_swap_writes_it(home: Path, actor: Path, scene: Path, tmp_path: Path) -> None:
    page = tmp_path / "look.html"
    result = understudy.swap(actor, scene, tmp_path / "new.png", home=home, offline=True, report=page)
    assert result.report is not None
    assert result.report.page == page
    (person,) = result.report.people
    assert (person.person, person.swapped, person.samples[1]) == ("Played by ada.jpg", 1, 1)
    assert person.expression is not None
    assert 0 < person.expression < 5
    text = page.read_text("utf-8")
    assert "Report on new.png" in text
    assert str(tmp_path) not in text


def test_a_page_that_cannot_be_is_refused_before_any_work(
    home: Path, actor: Path, scene: Path, tmp_path: Path
) -> None:
    def swap(report: Path, **options: Any) -> None:
        understudy.swap(actor, scene, tmp_path / "new.png", home=home, offline=True, report=report, **options)

    with pytest.raises(PlanError, match=r"look\.txt") as refused:
        swap(tmp_path / "look.txt")
    assert refused.value.next_step == "The name of a report must end in .html."
    (tmp_path / "look.html").write_text("mine", "utf-8")
    with pytest.raises(OutputExists, match=r"look\.html"):
        swap(tmp_path / "look.html")
    assert (tmp_path / "look.html").read_text("utf-8") == "mine"
    assert not (tmp_path / "new.png").exists()
