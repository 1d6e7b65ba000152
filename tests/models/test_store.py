"""What the store asks of the user: terms once, trust in the first digest; and what it takes to other machines."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from test_download import DATA, OTHER, cache_of, row

from https_site import Site
from understudy.core.errors import ModelCorrupt, ModelError, ModelMissing, ModelNotAccepted
from understudy.models.cache import Cache, Status
from understudy.models.exchange import export_models, import_models
from understudy.models.pool import SessionPool
from understudy.models.spec import Catalog, load_catalog

LIMITED = {"restricted": True, "licence": "CC-BY-NC-4.0"}


class TestLicence:
    def test_nothing_limited_is_fetched_before_it_was_accepted(self, site: Site, tmp_path: Path) -> None:
        site.files["/net.onnx"] = DATA
        cache = cache_of(tmp_path, row(site.url + "/net.onnx", **LIMITED))
        with pytest.raises(ModelNotAccepted) as caught:
            cache.ensure(cache.catalog["net"])
        for part in ("net, 3.0 MB", "CC-BY-NC-4.0", "example.org/licence", "understudy models pull net"):
            assert part in str(caught.value)
        assert caught.value.exit_code == 9
        assert site.asked == []

    def test_it_is_accepted_once_for_every_model_under_it(self, site: Site, tmp_path: Path) -> None:
        site.files |= {"/net.onnx": DATA, "/two.onnx": OTHER}
        two = row(site.url + "/two.onnx", data=OTHER, name="two", file="two.onnx", **LIMITED)
        other = two.model_copy(
            update={"name": "x", "file": "x.onnx", "licence_url": "https://example.org/another"}
        )
        cache = cache_of(tmp_path, row(site.url + "/net.onnx", **LIMITED), two, other)
        cache.records.accept_licence(cache.catalog["net"])
        again = Cache(cache.root, catalog=cache.catalog)
        again.ensure(cache.catalog["net"])
        again.ensure(cache.catalog["two"])
        assert again.unaccepted(cache.catalog["x"]) == ("licence",)
        [accepted] = json.loads((cache.root / "records.json").read_text())["licences"]
        assert accepted["licence"] == "CC-BY-NC-4.0"
        assert datetime.date.fromisoformat(accepted["date"]) <= datetime.date.today()

    def test_a_mirror_does_not_accept_it(self, tmp_path: Path) -> None:
        mirror = tmp_path / "mirror"
        mirror.mkdir()
        (mirror / "net.onnx").write_bytes(DATA)
        cache = cache_of(tmp_path, row("https://localhost/net.onnx", **LIMITED), mirror=mirror)
        with pytest.raises(ModelNotAccepted):
            cache.pull(cache.catalog["net"])

    def test_one_error_names_all_that_wait(self, tmp_path: Path) -> None:
        rows = [row("https://localhost/a", name=name, file=name, **LIMITED) for name in ("a", "b")]
        cache = cache_of(tmp_path, *rows)
        with pytest.raises(ModelNotAccepted, match="models pull a b"):
            cache.require_accepted(rows)


class TestUnpinned:
    @pytest.fixture
    def cache(self, site: Site, tmp_path: Path) -> Cache:
        site.files["/net.onnx"] = DATA
        return cache_of(tmp_path, row(site.url + "/net.onnx", data=None))

    def test_it_needs_trust_and_says_so(self, cache: Cache) -> None:
        with pytest.raises(ModelNotAccepted, match="no published digest"):
            cache.ensure(cache.catalog["net"])
        assert cache.unaccepted(cache.catalog["net"]) == ("unpinned",)

    def test_the_first_digest_is_kept_and_another_one_refused(self, cache: Cache, site: Site) -> None:
        spec = cache.catalog["net"]
        cache.records.accept_unpinned(spec)
        path = cache.ensure(spec)
        assert cache.resolved(spec).bytes == len(DATA)
        path.write_bytes(OTHER)
        assert cache.verify(spec) is Status.CORRUPT
        with pytest.raises(ModelCorrupt):
            SessionPool(cache).session(spec)
        assert cache.remove(spec)
        site.files["/net.onnx"] = OTHER
        with pytest.raises(ModelCorrupt, match="digest"):
            cache.pull(spec)
        site.files["/net.onnx"] = DATA
        assert cache.pull(spec).read_bytes() == DATA

    def test_a_mirror_is_trusted_and_recorded(self, cache: Cache, tmp_path: Path) -> None:
        mirror = tmp_path / "mirror"
        mirror.mkdir()
        (mirror / "net.onnx").write_bytes(DATA)
        mirrored = Cache(cache.root, mirror, catalog=cache.catalog)
        mirrored.ensure(cache.catalog["net"])
        assert cache.verify(cache.catalog["net"]) is Status.VERIFIED
        (mirror / "net.onnx").write_bytes(OTHER)
        cache.remove(cache.catalog["net"])
        with pytest.raises(ModelCorrupt):
            mirrored.ensure(cache.catalog["net"])

    def test_a_file_that_nobody_recorded_is_not_used(self, cache: Cache) -> None:
        cache.root.mkdir()
        cache.path(cache.catalog["net"]).write_bytes(DATA)
        with pytest.raises(ModelCorrupt):
            cache.ensure(cache.catalog["net"])

    def test_broken_records_are_said_not_overwritten(self, cache: Cache) -> None:
        cache.root.mkdir()
        cache.records.path.write_text("{")
        with pytest.raises(ModelError, match="records"):
            cache.ensure(cache.catalog["net"])
        assert cache.records.path.read_text() == "{"


class TestExchange:
    def test_to_a_machine_without_network(self, site: Site, tmp_path: Path) -> None:
        site.files |= {"/net.onnx": DATA, "/two.onnx": OTHER}
        two = row(site.url + "/two.onnx", data=None, name="two", file="two.onnx")
        here = cache_of(tmp_path, row(site.url + "/net.onnx", **LIMITED), two)
        here.records.accept_licence(here.catalog["net"])
        here.records.accept_unpinned(two)
        specs = list(here.catalog.values())
        for spec in specs:
            here.ensure(spec)
        stick = tmp_path / "stick"
        export_models(here, specs, stick)
        assert sorted(path.name for path in stick.iterdir()) == ["models.json", "net.onnx", "two.onnx"]

        there = Cache(tmp_path / "there", offline=True, catalog=here.catalog)
        with pytest.raises(ModelNotAccepted):
            import_models(there, stick)
        there.records.accept_licence(there.catalog["net"])
        assert [spec.name for spec in import_models(there, stick)] == ["net", "two"]
        assert all(there.verify(spec) is Status.VERIFIED for spec in specs)

    @pytest.mark.parametrize("data", [DATA, None], ids=["pinned", "unpinned"])
    def test_a_flipped_bit_on_the_way_is_refused(
        self, site: Site, tmp_path: Path, data: bytes | None
    ) -> None:
        site.files["/net.onnx"] = DATA
        here = cache_of(tmp_path, row(site.url + "/net.onnx", data=data))
        here.records.accept_unpinned(here.catalog["net"])
        here.ensure(here.catalog["net"])
        export_models(here, [here.catalog["net"]], tmp_path / "stick")
        (tmp_path / "stick" / "net.onnx").write_bytes(OTHER)
        there = Cache(tmp_path / "there", catalog=here.catalog)
        with pytest.raises(ModelCorrupt):
            import_models(there, tmp_path / "stick")
        assert not there.installed(there.catalog["net"])

    def test_only_what_is_here_and_good_can_be_exported(self, tmp_path: Path) -> None:
        cache = cache_of(tmp_path, row("https://localhost/net.onnx"))
        with pytest.raises(ModelMissing, match="models pull net"):
            export_models(cache, [cache.catalog["net"]], tmp_path / "stick")
        cache.root.mkdir()
        cache.path(cache.catalog["net"]).write_bytes(OTHER)
        with pytest.raises(ModelCorrupt):
            export_models(cache, [cache.catalog["net"]], tmp_path / "stick")

    def test_a_folder_that_is_no_export(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "models", catalog=Catalog([]))
        with pytest.raises(ModelError, match="models export"):
            import_models(cache, tmp_path)


class TestOwnRows:
    ROW = """
[[model]]
name = "mine"
family = "restorer"
runtime = "onnx"
file = "mine.onnx"
sources = ["file:mine.onnx"]
licence = "CC0-1.0"
licence_url = ""
origin = "me"
"""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "mine"
        folder.mkdir()
        (folder / "enhancer.toml").write_text(self.ROW)
        (folder / "mine.onnx").write_bytes(DATA)
        return folder

    def test_they_are_behind_the_packages_own(self, folder: Path) -> None:
        catalog = load_catalog(folder)
        assert [spec.name for spec in catalog.role("enhancer")][-1] == "mine"
        assert catalog.role("enhancer")[0] == load_catalog().role("enhancer")[0]

    def test_a_file_is_used_where_it_is_and_kept_to_its_digest(self, folder: Path, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "models", offline=True, catalog=load_catalog(folder))
        spec = cache.catalog["mine"]
        assert cache.ensure(spec) == folder / "mine.onnx"
        assert cache.resolved(spec).bytes == len(DATA)
        (folder / "mine.onnx").write_bytes(OTHER)
        with pytest.raises(ModelCorrupt, match="understudy models remove mine"):
            cache.ensure(spec)
        assert cache.remove(spec)
        assert (folder / "mine.onnx").read_bytes() == OTHER
        assert cache.ensure(spec)
        (folder / "mine.onnx").unlink()
        with pytest.raises(ModelMissing, match="a model of yours"):
            cache.ensure(spec)

    def test_the_same_name_in_another_folder_is_another_file(self, folder: Path, tmp_path: Path) -> None:
        cache = Cache(tmp_path / "models", catalog=load_catalog(folder))
        cache.resolved(cache.catalog["mine"])
        moved = folder.rename(tmp_path / "moved")
        (moved / "mine.onnx").write_bytes(OTHER)
        again = Cache(tmp_path / "models", catalog=load_catalog(moved))
        assert again.ensure(again.catalog["mine"]) == moved / "mine.onnx"

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            (("name =", "nmae ="), "nmae"),
            (('"file:mine.onnx"', '"zip:none.zip:mine.onnx"'), "none.zip"),
            (('"mine"', '"gfpgan_1.4"'), "share a name"),
            (("[[model]]", "[[model"), "line"),
            (("[[model]]", "[[modle]]"), "'model' is missing"),
        ],
    )
    def test_a_bad_row_is_explained(self, folder: Path, change: tuple[str, str], complaint: str) -> None:
        (folder / "enhancer.toml").write_text(self.ROW.replace(*change))
        with pytest.raises(ModelError, match=complaint):
            load_catalog(folder)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="cannot be read"):
            load_catalog(tmp_path / "none")
