"""The cache: only verified bytes get the final name, whatever happens on the way."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from package_index import TWO, Index

from understudy.core.errors import DependencyMissing, ModelCorrupt, ModelMissing
from understudy.models.cache import Cache, Status
from understudy.models.session import open_session


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def files_of(root: Path) -> list[str]:
    """What lies in the cache, but for its locks."""
    return sorted(path.name for path in root.rglob("*") if path.is_file() and path.suffix != ".lock")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.mark.usefixtures("no_network")
class TestMirror:
    def test_file_by_its_own_name(self, index: Index, tmp_path: Path) -> None:
        mirror = tmp_path / "mirror"
        mirror.mkdir()
        (mirror / "two.tflite").write_bytes(TWO)
        cache = Cache(tmp_path / "cache", mirror, offline=True, catalog=index.catalog)
        path = cache.ensure(index.catalog["two"])
        assert path.read_bytes() == (mirror / "two.tflite").read_bytes()
        assert files_of(cache.root) == [path.name]

    def test_archive_is_opened_once_for_all_its_members(self, index: Index, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "cache", index.folder, offline=True, catalog=index.catalog)
        cache.ensure(index.catalog["one"])
        index.wheel.unlink()
        assert cache.verify(index.catalog["two"]) is Status.VERIFIED
        assert cache.verify(index.catalog["three"]) is Status.MISSING
        cache.ensure(index.catalog["three"])
        assert len(files_of(cache.root)) == 3

    @pytest.mark.parametrize("name", ["one", "three"])
    def test_one_flipped_bit_in_the_archive_is_refused(self, index: Index, tmp_path: Path, name: str) -> None:
        flip_a_bit(index.wheel)
        flip_a_bit(index.sdist)
        cache = Cache(tmp_path / "cache", index.folder, catalog=index.catalog)
        with pytest.raises(ModelCorrupt, match="not opened"):
            cache.ensure(index.catalog[name])
        assert files_of(cache.root) == []

    def test_one_flipped_bit_in_a_file_is_refused(self, index: Index, tmp_path: Path) -> None:
        mirror = tmp_path / "mirror"
        mirror.mkdir()
        (mirror / "two.tflite").write_bytes(TWO)
        flip_a_bit(mirror / "two.tflite")
        cache = Cache(tmp_path / "cache", mirror, catalog=index.catalog)
        with pytest.raises(ModelCorrupt, match=r"two\.tflite"):
            cache.ensure(index.catalog["two"])
        assert files_of(cache.root) == []


@pytest.mark.usefixtures("no_network")
class TestCached:
    def test_one_flipped_bit_is_refused_at_every_load(self, index: Index, tmp_path: Path) -> None:
        spec = index.catalog["two"]
        cache = Cache(tmp_path / "cache", index.folder, catalog=index.catalog)
        flip_a_bit(cache.ensure(spec))
        assert cache.verify(spec) is Status.CORRUPT
        with pytest.raises(ModelCorrupt, match="understudy models pull two"):
            cache.ensure(spec)
        with pytest.raises(ModelCorrupt):
            open_session(cache.path(spec), spec)
        assert cache.verify(cache.catalog["one"]) is Status.VERIFIED
        cache.pull(spec)
        assert cache.verify(spec) is Status.VERIFIED

    def test_remove(self, index: Index, tmp_path: Path) -> None:
        spec = index.catalog["two"]
        cache = Cache(tmp_path / "cache", index.folder, catalog=index.catalog)
        cache.ensure(spec)
        assert cache.remove(spec)
        assert not cache.remove(spec)
        assert cache.verify(spec) is Status.MISSING

    def test_offline_says_what_is_missing_and_how_to_get_it(self, index: Index, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "cache", tmp_path, offline=True, catalog=index.catalog)
        with pytest.raises(ModelMissing) as caught:
            cache.ensure(index.catalog["one"])
        message = str(caught.value)
        for part in ("one", "models pull one", "one.tflite", index.wheel.name, str(tmp_path)):
            assert part in message


class TestIndex:
    def test_wheel_of_another_machine(self, served_index: Index, tmp_path: Path) -> None:
        seen: list[tuple[int, int | None]] = []
        cache = Cache(tmp_path / "cache", catalog=served_index.catalog)
        cache.ensure(cache.catalog["one"], lambda done, total: seen.append((done, total)))
        cache.ensure(cache.catalog["two"])
        assert served_index.downloads == [served_index.wheel.name]
        assert len(files_of(cache.root)) == 2
        size = served_index.wheel.stat().st_size
        assert seen == sorted(seen)
        assert seen[-1] == (size, size)

    def test_source_archive_runs_no_code(self, served_index: Index, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "cache", catalog=served_index.catalog)
        cache.ensure(cache.catalog["three"])
        assert served_index.downloads == [served_index.sdist.name]
        assert not served_index.ran_setup.exists()
        assert len(files_of(cache.root)) == 1

    @pytest.mark.parametrize("name", ["one", "three"])
    def test_other_bytes_are_refused(self, served_index: Index, tmp_path: Path, name: str) -> None:
        flip_a_bit(served_index.wheel)
        flip_a_bit(served_index.sdist)
        cache = Cache(tmp_path / "cache", catalog=served_index.catalog)
        with pytest.raises(ModelCorrupt, match="digest"):
            cache.ensure(cache.catalog[name])
        assert files_of(cache.root) == []
        assert not served_index.ran_setup.exists()

    def test_not_on_the_index(self, served_index: Index, tmp_path: Path) -> None:
        served_index.wheel.unlink()
        cache = Cache(tmp_path / "cache", catalog=served_index.catalog)
        with pytest.raises(ModelMissing, match="UNDERSTUDY_MIRROR"):
            cache.ensure(cache.catalog["one"])
        assert files_of(cache.root) == []

    def test_no_pip(self, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
        with pytest.raises(DependencyMissing, match="ensurepip"):
            Cache(tmp_path / "cache", catalog=index.catalog).ensure(index.catalog["one"])


_CHILD = """
import json, sys
from pathlib import Path
from understudy.models.cache import Cache
from understudy.models.spec import Catalog, ModelSpec
rows = [ModelSpec.model_validate(row) for row in json.loads(sys.argv[2])]
cache = Cache(Path(sys.argv[1]), catalog=Catalog(rows))
print(cache.ensure(rows[0]))
"""


def start_child(root: Path, index: Index) -> subprocess.Popen[str]:
    rows = json.dumps([spec.model_dump() for spec in index.catalog.values()])
    command = [sys.executable, "-c", _CHILD, str(root), rows]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class TestAtOnce:
    def test_processes_and_threads_fetch_once(self, served_index: Index, tmp_path: Path) -> None:
        served_index.seconds_per_chunk = 0.02
        root = tmp_path / "cache"
        children = [start_child(root, served_index) for _ in range(2)]
        cache = Cache(root, catalog=served_index.catalog)
        threads = [threading.Thread(target=cache.ensure, args=(cache.catalog["one"],)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outputs = [child.communicate(timeout=60)[0].strip() for child in children]
        assert outputs == [str(cache.path(cache.catalog["one"]))] * 2
        assert served_index.downloads == [served_index.wheel.name]

    @pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
    def test_killed_fetch_leaves_nothing_under_the_final_name(
        self, served_index: Index, tmp_path: Path
    ) -> None:
        served_index.seconds_per_chunk = 0.2
        root = tmp_path / "cache"
        child = start_child(root, served_index)
        deadline = time.monotonic() + 60
        while not served_index.downloads and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert not list(root.glob("*.tflite"))
        served_index.seconds_per_chunk = 0.0
        cache = Cache(root, catalog=served_index.catalog)
        path = cache.ensure(cache.catalog["one"])
        assert cache.verify(cache.catalog["one"]) is Status.VERIFIED
        assert files_of(root) == sorted([path.name, cache.path(cache.catalog["two"]).name])

    def test_stopping_removes_what_was_fetched(self, served_index: Index, tmp_path: Path) -> None:
        served_index.seconds_per_chunk = 0.05
        cache = Cache(tmp_path / "cache", catalog=served_index.catalog)

        def stop(*_: int | None) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            cache.ensure(cache.catalog["one"], stop)
        assert files_of(cache.root) == []


@pytest.mark.network
@pytest.mark.skipif(bool(os.environ.get("UNDERSTUDY_OFFLINE")), reason="UNDERSTUDY_OFFLINE is set")
def test_the_real_index(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    try:
        cache.ensure(cache.catalog["blazeface-short"])
    except ModelMissing as error:
        pytest.skip(f"no network: {error}")
    assert cache.verify(cache.catalog["facemesh-468"]) is Status.VERIFIED
