"""What is measured is written down and read back to the last bit, and a film rendered from it is the same film."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from moving import Square, SquareDetector, SquareLandmarker, frame_of

from understudy.analysis.analyse import rows
from understudy.analysis.casting import Chooser, Rules
from understudy.analysis.coding import pack, rounded, unpack
from understudy.analysis.keeping import recorded
from understudy.analysis.moments import Moment, Sample
from understudy.analysis.observe import observe
from understudy.analysis.observed import Observed
from understudy.analysis.people import Group
from understudy.analysis.recorder import CHUNK, Recorder
from understudy.analysis.replay import replay
from understudy.analysis.shelf import Unsound
from understudy.analysis.store import AnalysisStore
from understudy.core.people import Exemplar
from understudy.core.types import Face, MediaInfo, TrackedFace
from understudy.media.frame import Frame

BASE = Fraction(1, 24)


def film(count: int = 40) -> list[Frame]:
    """Two squares that move, and after 24 frames another shot with one."""
    frames = []
    for number in range(count):
        squares: list[Square] = [(100.0 + 2 * number, 130, 80), (350.0, 100 + number, 60)]
        slope = 0.0
        if number >= 24:
            squares, slope = [(240.0 - number, 140, 100)], 0.3
        frame = frame_of(squares, slope)
        frame.pts = frame.source_pts = 10 + 2 * number
        frame.time_base = BASE / 2
        frames.append(frame)
    return frames


def moments(frames: list[Frame]) -> list[tuple[Frame, Moment]]:
    return [
        (frame, rounded(moment)) for frame, moment in observe(frames, SquareDetector(), SquareLandmarker())
    ]


def observed(frames: list[Frame]) -> Observed:
    shelf: dict[str, bytes] = {}
    recorder = Recorder(shelf)
    for frame, moment in moments(frames):
        recorder.add(frame, frame.pts, moment)
    recorder.finish(BASE / 2, (480, 270), "film")
    return Observed(shelf)


def plain(sample: Sample) -> list[object]:
    face = sample.face
    values = [face.bbox, face.keypoints, sample.landmarks, sample.proportions]
    gaze = None if sample.gaze is None else sample.gaze.tolist()
    return [[v.tolist() for v in values], face.score, face.confidence, face.flags, sample.bridged, gaze]


def drawn(row: TrackedFace) -> list[object]:
    face = row.face
    assert face.landmarks is not None
    return [row.track, row.weight, row.actor, row.bridged, face.landmarks.tolist(), face.keypoints.tolist()]


def test_a_sample_is_kept_to_the_last_bit_and_rounded_by_little() -> None:
    rng = np.random.default_rng(0)
    for size in (30, 300, 3000):
        points = (rng.uniform(0, 1, (468, 3)) * size + (700, 200, -size / 2)).astype(np.float32)
        keypoints = points[:5, :2].copy()
        box = np.r_[points[:, :2].min(0), points[:, :2].max(0)]
        face = Face(box, 0.123456789, keypoints, points, 1 / 3, ("small", "cut"))
        shape = rng.normal(0, 0.05, (468, 3)).astype(np.float32)
        sample = Sample(face, None if size == 30 else np.array([0.1, -0.2], np.float32), shape, size == 300)
        kept = rounded(Moment(0, 0, {7: sample})).samples[7]
        (again,) = (unpack(pack([kept]), 0),)
        assert plain(again) == plain(kept)
        assert plain(rounded(Moment(0, 0, {7: kept})).samples[7]) == plain(kept)
        step = max(1 / 64, size / 32_000)
        assert np.abs(kept.landmarks - sample.landmarks).max() <= step
        assert np.abs(kept.proportions - sample.proportions).max() <= 2**-16
        assert (kept.face.score, kept.face.flags, kept.bridged) == (0.123456789, face.flags, sample.bridged)


def test_moments_come_back_as_they_were() -> None:
    frames = film(CHUNK + 4)
    kept = observed(frames)
    assert len(kept) == len(frames)
    for number, (frame, moment) in enumerate(moments(frames)):
        again = kept.moment(number)
        assert (again.number, again.shot, again.follows) == (number, moment.shot, dict(moment.follows))
        assert {t: plain(s) for t, s in again.samples.items()} == {
            t: plain(s) for t, s in moment.samples.items()
        }
        glimpse = kept.glimpse(number)
        assert {t: s.face.bbox.tolist() for t, s in glimpse.samples.items()} == {
            t: s.face.bbox.tolist() for t, s in moment.samples.items()
        }
        assert kept.frame_at(frame.pts) == kept.frame_at(frame.pts + 1) == number
    assert kept.frame_at(0) == 0
    assert kept.seconds(24) == pytest.approx(1.0)
    assert kept.seconds(len(kept)) == pytest.approx(len(kept) / 24)


def test_a_film_rendered_from_what_is_kept_has_the_same_rows() -> None:
    frames = film()
    for rules in (Rules(), Rules(faces="many"), Rules(order="right")):
        fused = [(f, [drawn(row) for row in found]) for f, found in rows(moments(frames), Chooser(rules))]
        again = [(f, [drawn(row) for row in found]) for f, found in replay(frames, observed(frames), rules)]
        assert again == fused
    assert any(found for _, found in again)


def test_any_part_at_any_rate_is_looked_up_by_the_films_own_time() -> None:
    frames = film()
    kept = observed(frames)
    whole = dict(enumerate([drawn(row) for row in found] for _, found in replay(frames, kept, Rules())))
    picked = [12, 12, 13, 30, 30, 39]
    ticks = [frames[number].copied(tick, Fraction(1, 100)) for tick, number in enumerate(picked)]
    part = [[drawn(row) for row in found] for _, found in replay(ticks, kept, Rules())]
    assert part == [whole[number] for number in picked]


def info(frames: list[Frame]) -> MediaInfo:
    return MediaInfo(
        path=Path("film.mkv"),
        kind="video",
        container="matroska",
        codec="ffv1",
        width=480,
        height=270,
        stored_width=480,
        stored_height=270,
        orientation=1,
        pixel_format="gbrp",
        bit_depth=8,
        time_base=frames[0].time_base,
    )


def keep(store: AnalysisStore, key: str, frames: list[Frame], stop: int | None = None) -> None:
    going = recorded(moments(frames), store.draft(key), info(frames), strict=False)
    for number, _ in enumerate(going, 1):
        if number == stop:
            going.close()  # type: ignore[attr-defined]
            return


def test_it_is_kept_when_it_is_whole_and_only_then(tmp_path: Path) -> None:
    store, frames = AnalysisStore(tmp_path / "analyses"), film(8)
    keep(store, "a" * 64, frames, stop=5)
    assert store.find("a" * 64) is None
    assert list(store.root.iterdir()) == []
    resampled = [frame.copied(number, BASE) for number, frame in enumerate(frames)]
    keep(store, "a" * 64, resampled)
    assert list(store.root.iterdir()) == []
    keep(store, "a" * 64, frames)
    found = store.find("a" * 64)
    assert found is not None
    assert len(found) == 8
    assert [(each.name, each.frames) for each in store.kept()] == [("film.mkv", 8)]


@pytest.mark.parametrize("name", ["header.json", "index.npz", "faces-00000.npz", "views.npz"])
@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_damaged_one_is_noticed_and_thrown_away(tmp_path: Path, name: str, how: str) -> None:
    store = AnalysisStore(tmp_path)
    keep(store, "a" * 64, film(4))
    piece = tmp_path / ("a" * 64) / name
    data = piece.read_bytes()
    if how == "gone":
        piece.unlink()
    else:
        middle = len(data) // 2
        piece.write_bytes(data[:middle] if how == "cut" else data[:middle] + b"?" + data[middle + 1 :])
    assert store.find("a" * 64) is None
    # A folder without a header is of no analysis; a new one takes its place.
    keep(store, "a" * 64, film(4))
    assert store.find("a" * 64) is not None


def test_a_shelf_without_a_header_is_no_analysis() -> None:
    with pytest.raises(Unsound):
        Observed({})


def test_names_are_the_films_and_outlive_an_analysis_and_who_is_who_does_not(tmp_path: Path) -> None:
    store, key = AnalysisStore(tmp_path), "a" * 64
    keep(store, key, film(4))
    names = {"Ada": Exemplar(10, (1.0, 2.0, 3.0, 4.0))}
    store.name("c" * 64, names)
    store.keep_groups(key, "f" * 64, [Group((0, 2), 0.5), Group((1,), 1.0)])
    assert store.names("c" * 64) == names
    assert store.groups(key, "f" * 64) == (Group((0, 2), 0.5), Group((1,), 1.0))
    assert store.groups(key, "0" * 64) is None
    keep(store, key, film(4))
    assert store.names("c" * 64) == names
    assert store.groups(key, "f" * 64) is None
    store.clean(time.time() - 60)
    assert store.names("c" * 64) == names
    store.clean(time.time() + 60)
    assert store.names("c" * 64) == {}
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_used_for_a_month_goes_and_the_folder_stays_small(tmp_path: Path) -> None:
    store = AnalysisStore(tmp_path)
    keep(store, "a" * 64, film(2))
    keep(store, "b" * 64, film(2))
    month = time.time() - 31 * 86_400
    os.utime(tmp_path / ("a" * 64) / "header.json", (month, month))
    abandoned = tmp_path / "draft-x"
    abandoned.mkdir()
    (abandoned / "faces-00000.npz").write_bytes(b"")
    for path in (abandoned / "faces-00000.npz", abandoned):
        os.utime(path, (month, month))
    keep(store, "c" * 64, film(2))
    assert sorted(path.name[0] for path in tmp_path.iterdir()) == ["b", "c"]
    for number in range(70):
        folder = tmp_path / f"{number:064d}"
        folder.mkdir()
        (folder / "header.json").write_text('{"name": "x", "frames": 1}')
        os.utime(folder / "header.json", (1e9, time.time() - 100 - number))
    keep(store, "d" * 64, film(2))
    left = {path.name for path in tmp_path.iterdir()}
    assert len(left) == 64
    assert {"b" * 64, "c" * 64, "d" * 64} <= left


def test_who_looks_at_an_analysis_keeps_it(tmp_path: Path) -> None:
    store = AnalysisStore(tmp_path)
    keep(store, "a" * 64, film(2))
    header = tmp_path / ("a" * 64) / "header.json"
    os.utime(header, (1e9, 1e9))
    assert store.find("a" * 64) is not None
    assert time.time() - header.stat().st_mtime < 60
    assert store.clean(time.time() - 60) == []


def test_a_disk_that_takes_nothing_keeps_nobody_from_rendering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, store = film(8), AnalysisStore(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("understudy.analysis.shelf.FolderShelf.__setitem__", refuse)
    gone_by = list(recorded(moments(frames), store.draft("a" * 64), info(frames), strict=False))
    assert len(gone_by) == 8
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="No space"):
        list(recorded(moments(frames), store.draft("a" * 64), info(frames), strict=True))


def test_what_follows_is_kept() -> None:
    shelf: dict[str, bytes] = {}
    recorder, frames = Recorder(shelf), film(4)
    for (frame, moment), follows in zip(moments(frames), ({}, {}, {1: 0}, {}), strict=True):
        recorder.add(frame, frame.pts, replace(moment, follows=follows))
    recorder.finish(BASE, (480, 270), "film")
    kept = Observed(shelf)
    assert kept.follows == {1: 0}
