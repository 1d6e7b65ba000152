"""Weights from an address, over a real TLS connection: resumed, checked as a whole, sources in order."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from https_site import Site
from understudy.core.errors import ModelCorrupt, ModelMissing
from understudy.models.cache import Cache, Status
from understudy.models.spec import Archive, Catalog, HttpsFile, Member, ModelSpec

DATA = np.random.default_rng(3).bytes(3_000_000)
OTHER = DATA[:-1] + bytes([DATA[-1] ^ 1])


def row(*urls: str, data: bytes | None = DATA, **more: object) -> ModelSpec:
    """A row for ``data``; None makes it an unpinned one."""
    known = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} if data is not None else {}
    fields = {
        **{"name": "net", "role": "swapper", "family": "test", "runtime": "onnx", "file": "net.onnx"},
        **{
            "sources": [HttpsFile(url=url) for url in urls],
            "licence": "CC0-1.0",
            "origin": "made on the spot",
        },
        **{"licence_url": "https://example.org/licence", **known, **more},
    }
    return ModelSpec.model_validate(fields)


def cache_of(folder: Path, *rows: ModelSpec, mirror: Path | None = None) -> Cache:
    return Cache(folder / "models", mirror, catalog=Catalog(rows))


def pull(cache: Cache, name: str = "net") -> bytes:
    return cache.pull(cache.catalog[name]).read_bytes()


def left_over(cache: Cache) -> list[str]:
    return sorted(path.name for path in (cache.root / ".fetch").rglob("*"))


def test_it_arrives_with_progress_and_leaves_nothing_else(site: Site, tmp_path: Path) -> None:
    site.files["/net.onnx"] = DATA
    cache = cache_of(tmp_path, row(site.url + "/net.onnx"))
    seen: list[tuple[int, int | None]] = []
    path = cache.pull(cache.catalog["net"], lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == DATA
    assert seen == sorted(seen)
    assert seen[-1] == (len(DATA), len(DATA))
    assert left_over(cache) == []


def test_a_broken_connection_is_resumed_at_once(site: Site, tmp_path: Path) -> None:
    site.files["/net.onnx"] = DATA
    site.break_after = [1_000_000, 500_000]
    cache = cache_of(tmp_path, row(site.url + "/net.onnx"))
    assert pull(cache) == DATA
    assert [asked for _, asked in site.asked] == ["", "bytes=1000000-", "bytes=1500000-"]


def test_a_stopped_download_goes_on_the_next_time(site: Site, tmp_path: Path) -> None:
    site.files["/net.onnx"] = DATA
    cache = cache_of(tmp_path, row(site.url + "/net.onnx"))

    def stop(done: int, _total: int | None) -> None:
        if done > 1_500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.pull(cache.catalog["net"], stop)
    assert cache.verify(cache.catalog["net"]) is Status.MISSING
    assert pull(cache) == DATA
    started = int(site.asked[-1][1].removeprefix("bytes=").removesuffix("-"))
    assert started > 1_500_000
    assert left_over(cache) == []


def test_a_server_without_ranges_begins_again(site: Site, tmp_path: Path) -> None:
    site.files["/net.onnx"] = DATA
    site.ranges = False
    site.break_after = [1_000_000]
    cache = cache_of(tmp_path, row(site.url + "/net.onnx"))
    assert pull(cache) == DATA
    assert len(site.asked) == 2


@pytest.mark.parametrize("data", [DATA, None], ids=["pinned", "unpinned"])
def test_two_versions_are_never_joined(site: Site, tmp_path: Path, data: bytes | None) -> None:
    site.files["/net.onnx"] = OTHER[::-1]
    site.break_after = [1_000_000] + [0] * 3
    cache = cache_of(tmp_path, row(site.url + "/net.onnx", data=data))
    cache.records.accept_unpinned(cache.catalog["net"])
    with pytest.raises(ModelMissing):
        pull(cache)
    assert left_over(cache) != []
    site.files["/net.onnx"] = DATA
    site.break_after = []
    assert pull(cache) == DATA


def test_without_names_for_versions_an_unpinned_file_begins_again(site: Site, tmp_path: Path) -> None:
    site.files["/net.onnx"] = DATA
    site.etags = False
    site.break_after = [1_000_000]
    cache = cache_of(tmp_path, row(site.url + "/net.onnx", data=None))
    cache.records.accept_unpinned(cache.catalog["net"])
    assert pull(cache) == DATA
    assert [asked for _, asked in site.asked] == ["", ""]


def test_one_flipped_bit_is_refused_and_forgotten(site: Site, tmp_path: Path) -> None:
    site.files["/net.onnx"] = OTHER
    cache = cache_of(tmp_path, row(site.url + "/net.onnx"))
    with pytest.raises(ModelCorrupt, match="digest"):
        pull(cache)
    assert cache.verify(cache.catalog["net"]) is Status.MISSING
    assert left_over(cache) == []
    site.files["/net.onnx"] = DATA
    assert pull(cache) == DATA


def test_a_longer_file_is_refused_without_reading_all_of_it(site: Site, tmp_path: Path) -> None:
    site.files["/net.onnx"] = DATA * 5
    cache = cache_of(tmp_path, row(site.url + "/net.onnx"))
    seen: list[int] = []
    with pytest.raises(ModelCorrupt):
        cache.pull(cache.catalog["net"], lambda done, _: seen.append(done))
    assert seen[-1] < len(DATA) + 2**21


def test_sources_are_tried_in_order_and_each_failure_is_said(site: Site, tmp_path: Path) -> None:
    site.files |= {"/wrong": OTHER, "/right": DATA}
    cache = cache_of(tmp_path, row(site.url + "/none", site.url + "/wrong", site.url + "/right"))
    assert pull(cache) == DATA
    assert [path for path, _ in site.asked] == ["/none", "/wrong", "/right"]
    cache = cache_of(tmp_path / "two", row(site.url + "/none", site.url + "/wrong"))
    with pytest.raises(ModelCorrupt) as caught:
        pull(cache)
    for part in (
        "/none could not be fetched: HTTP Error 404",
        "/wrong differ",
        "net.onnx",
        "UNDERSTUDY_MIRROR",
    ):
        assert part in str(caught.value)


def test_nobody_there(tmp_path: Path, site: Site) -> None:
    address = site.url.rpartition(":")[0] + ":9/net.onnx"
    with pytest.raises(ModelMissing, match="refused"):
        pull(cache_of(tmp_path, row(address)))


def test_a_redirection_must_stay_on_https(site: Site, tmp_path: Path) -> None:
    site.files["/net.onnx"] = DATA
    site.leads_to = {"/good": "/net.onnx", "/bad": site.url.replace("https", "http") + "/net.onnx"}
    assert pull(cache_of(tmp_path / "good", row(site.url + "/good"))) == DATA
    with pytest.raises(ModelMissing, match="not https"):
        pull(cache_of(tmp_path / "bad", row(site.url + "/bad")))


def test_an_untrusted_server_is_refused(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.files["/net.onnx"] = DATA
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ModelMissing, match="CERTIFICATE_VERIFY_FAILED"):
        pull(cache_of(tmp_path, row(site.url + "/net.onnx")))


class TestPack:
    @pytest.fixture
    def cache(self, site: Site, tmp_path: Path) -> Cache:
        """Two models in a zip, one of them in a folder of it."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as pack:
            pack.writestr("pack/net.onnx", DATA)
            pack.writestr("other.onnx", OTHER)
            pack.writestr("README.txt", "words")
        site.files["/pack.zip"] = file.getvalue()
        digest = hashlib.sha256(file.getvalue()).hexdigest()
        archive = Archive(kind="zip", filename="pack.zip", url=site.url + "/pack.zip", sha256=digest)
        members = [Member(archive=archive, path=name) for name in ("net.onnx", "other.onnx")]
        return cache_of(
            tmp_path,
            row(sources=[members[0]]),
            row(data=OTHER, name="other", file="other.onnx", sources=[members[1]]),
        )

    def test_one_download_serves_all_its_models(self, cache: Cache, site: Site) -> None:
        site.break_after = [2_000_000]
        assert pull(cache) == DATA
        assert pull(cache, "other") == OTHER
        assert len(site.asked) == 2
        assert left_over(cache) == []

    def test_what_was_not_accepted_is_left_in_it(self, cache: Cache) -> None:
        rows = [cache.catalog["net"], cache.catalog["other"].model_copy(update={"restricted": True})]
        cache = Cache(cache.root, catalog=Catalog(rows))
        pull(cache)
        assert not cache.installed(cache.catalog["other"])

    def test_it_is_not_opened_unchecked(self, cache: Cache, site: Site) -> None:
        data = bytearray(site.files["/pack.zip"])
        data[100] ^= 1
        site.files["/pack.zip"] = bytes(data)
        with pytest.raises(ModelCorrupt, match=r"pack\.zip differ"):
            pull(cache)
        assert left_over(cache) == []
