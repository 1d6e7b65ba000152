from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from commands import Finished, Run, assert_failed, command

import graphs_enhance
from graphs_catalog import own_row
from https_site import CERTIFICATE, Site
from understudy.models.spec import load_catalog


def test_list_pull_verify_remove(understudy: Run, home: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    shutil.copy(next(home.glob("models/facemesh-468-*")), mirror / "face_landmark.tflite")
    mine = {
        "UNDERSTUDY_HOME": str(tmp_path / "mine"),
        "UNDERSTUDY_MIRROR": str(mirror),
        "UNDERSTUDY_OFFLINE": "1",
    }

    listed = understudy("models", "list", **mine)
    assert listed.code == 0
    assert "facemesh-468" in listed.out
    assert "Apache-2.0" in listed.out
    [event] = understudy("models", "list", "--json", **mine).events
    assert {model["name"]: model["installed"] for model in event["models"]}["facemesh-468"] is False

    pulled = understudy("models", "pull", "facemesh-468", **mine)
    assert pulled.code == 0
    path = Path(pulled.out.split()[1])
    assert path.stat().st_size == 1_242_398
    assert "facemesh-468  verified" in understudy("models", "verify", **mine).out

    path.write_bytes(b"not these")
    assert_failed(
        understudy("models", "verify", **mine), 5, "facemesh-468", "understudy models pull facemesh-468"
    )
    assert understudy("models", "pull", "facemesh-468", **mine).code == 0
    assert understudy("models", "verify", **mine).code == 0

    assert understudy("models", "remove", "facemesh-468", **mine).out == "removed facemesh-468\n"
    assert not path.exists()
    assert understudy("models", "remove", "facemesh-468", **mine).out == "nothing to remove\n"


def test_offline_says_what_is_missing_and_how_to_get_it(understudy: Run, tmp_path: Path) -> None:
    done = understudy("models", "pull", "facemesh-468", "--offline", "--home", tmp_path / "none")
    assert_failed(done, 5, "facemesh-468", "face_landmark.tflite", "UNDERSTUDY_MIRROR")


def test_an_unknown_name_gets_the_choices(understudy: Run) -> None:
    assert_failed(understudy("models", "pull", "facemsh"), 5, "'facemsh'", "facemesh-468")


ROWS = """
[[model]]
name = "{name}"
family = "restorer"
runtime = "onnx"
file = "{name}.onnx"
{digest}
sources = ["{url}/{name}.onnx"]
licence = "{licence}"
licence_url = "https://example.org/{licence}"
origin = "made on the spot"
restricted = {restricted}
"""


@pytest.fixture
def store(site: Site, tmp_path: Path) -> dict[str, str]:
    """Environment with three models of a web server of ours: a free one, a limited one, an unpinned one."""
    rows = tmp_path / "rows"
    rows.mkdir()
    text = ""
    for name, licence in (("free", "CC0-1.0"), ("limited", "CC-BY-NC-4.0"), ("loose", "CC0-1.0")):
        data = name.encode() * 1000
        site.files[f"/{name}.onnx"] = data
        digest = (
            f'sha256 = "{hashlib.sha256(data).hexdigest()}"\nbytes = {len(data)}' if name != "loose" else ""
        )
        restricted = str(name == "limited").lower()
        text += ROWS.format(name=name, digest=digest, url=site.url, licence=licence, restricted=restricted)
    (rows / "enhancer.toml").write_text(text)
    return {
        "UNDERSTUDY_HOME": str(tmp_path / "mine"),
        "UNDERSTUDY_CATALOG": str(rows),
        "SSL_CERT_FILE": str(CERTIFICATE),
        "NO_PROXY": "127.0.0.1",
    }


def test_the_table_fits_a_narrow_terminal(understudy: Run) -> None:
    listed = understudy("models", "list", COLUMNS="80")
    assert listed.code == 0
    assert max(map(len, listed.out.splitlines()[:-1])) <= 80
    [inswapper] = [text for text in listed.out.splitlines() if text.startswith("inswapper_128 ")]
    for part in ("554.3 MB", "InsightFace-NC *", "no", "inswapper"):
        assert part in inswapper
    roles = [text.strip().lower() for text in listed.out.splitlines() if text.isupper()]
    assert {"detector", "swapper", "enhancer", "masker", "upscaler"} <= set(roles)
    some = understudy("models", "list", "--role", "swapper", "--json").events[0]["models"]
    assert {model["role"] for model in some} == {"swapper"}
    assert all({"licence", "bytes", "installed", "family", "restricted"} <= model.keys() for model in some)


def test_a_limited_model_says_its_terms_and_waits(understudy: Run, store: dict[str, str], site: Site) -> None:
    refused = understudy("models", "pull", "limited", "free", **store)
    assert_failed(refused, 9, "CC-BY-NC-4.0", "--accept-licence")
    for part in ("limited  0.0 MB", "CC-BY-NC-4.0", "https://example.org/CC-BY-NC-4.0", site.url):
        assert part in refused.out
    assert site.asked == []
    assert understudy("models", "pull", "limited", "--accept-licence", **store).code == 0
    assert understudy("models", "remove", "limited", **store).code == 0
    assert understudy("models", "pull", "limited", **store).code == 0  # asked once


def test_an_unpinned_model_is_kept_to_its_first_digest(
    understudy: Run, store: dict[str, str], site: Site
) -> None:
    assert_failed(understudy("models", "pull", "loose", **store), 9, "digest", "--accept-unpinned")
    assert understudy("models", "pull", "loose", "--accept-unpinned", **store).code == 0
    [event] = understudy("models", "list", "loose", "--json", **store).events
    assert event["models"][0]["bytes"] == 5000
    understudy("models", "remove", "loose", **store)
    site.files["/loose.onnx"] = b"another"
    assert_failed(understudy("models", "pull", "loose", **store), 5, "digest")


def test_json_holds_the_terms_too(understudy: Run, store: dict[str, str]) -> None:
    events = understudy("models", "pull", "limited", "--json", **store).events
    assert [event["event"] for event in events] == ["terms", "error"]
    assert events[0]["licence"] == "CC-BY-NC-4.0"
    assert events[1]["code"] == "ModelNotAccepted"


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of our own")
@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"n\n", 9), (b"\x04", 9)])
def test_a_terminal_is_asked(
    environment: dict[str, str], store: dict[str, str], answer: bytes, code: int
) -> None:
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(command()), "models", "pull", "limited"],
        env={**environment, **store, "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        seen = b""
        while b"accept this licence?" not in seen:
            seen += os.read(ours, 1000)
        os.write(ours, answer)
        with contextlib.suppress(OSError):  # how a terminal says that the other side is gone
            while chunk := os.read(ours, 1000):
                seen += chunk
        os.close(ours)
    assert process.returncode == code, seen
    assert b"https://example.org/CC-BY-NC-4.0" in seen


def test_to_another_machine(understudy: Run, store: dict[str, str], tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    understudy("models", "pull", "free", "limited", "--accept-licence", **store)
    exported = understudy("models", "export", stick, "free", "limited", **store)
    assert exported.out == "exported free, limited\n"
    there = {**store, "UNDERSTUDY_HOME": str(tmp_path / "there"), "UNDERSTUDY_OFFLINE": "1"}
    assert_failed(understudy("models", "import", stick, **there), 9, "CC-BY-NC-4.0")
    imported = understudy("models", "import", stick, "--accept-licence", **there)
    assert imported.out.endswith("imported free, limited\n")
    assert understudy("models", "verify", **there).out == "free  verified\nlimited  verified\n"
    # The folder is a mirror as well.
    mirrored = {**there, "UNDERSTUDY_HOME": str(tmp_path / "third"), "UNDERSTUDY_MIRROR": str(stick)}
    assert understudy("models", "pull", "free", **mirrored).code == 0


def test_patterns_and_roles(understudy: Run) -> None:
    def names(*arguments: str) -> list[str]:
        return [
            model["name"] for model in understudy("models", "list", *arguments, "--json").events[0]["models"]
        ]

    assert names("hyperswap_1?_256") == ["hyperswap_1a_256", "hyperswap_1b_256", "hyperswap_1c_256"]
    assert names("inswapper_128", "--role", "attributes") == ["genderage", "fairface", "inswapper_128"]
    assert_failed(understudy("models", "remove", "nothing*"), 5, "'nothing*'", "models list")
    assert_failed(understudy("models", "verify", "--role", "actor"), 5, "'actor'", "swapper")
    assert_failed(understudy("models", "remove"), 2, "--role")


def test_a_swap_with_an_engine_that_is_not_here_says_what_to_run(
    swapping: Run, shared_media: Path, tmp_path: Path
) -> None:
    photo = sorted((shared_media / "portraits").glob("*.jpg"))[0]
    done = swapping("swap", photo, photo, "-o", "x.png", "--swapper", "inswapper_128")
    assert_failed(
        done,
        9,
        "understudy models pull inswapper_128 w600k_r50",
        "inswapper_128, 554.3 MB",
        "LicenseRef-InsightFace-NC (restricts use)",
    )
    assert not (tmp_path / "x.png").exists()


def test_a_model_of_ones_own_is_a_row(swapping: Run, shared_media: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    row = load_catalog()["gfpgan_1.4"]
    own_row(tmp_path / "rows", row, graphs_enhance.GRAPHS[row.family](row), "mine")
    photo = sorted((shared_media / "portraits").glob("*.jpg"))[0]
    command = ("swap", photo, photo, "-o", "x.png", "--swapper", "none", "--enhancer", "mine", "--json")
    result = swapping(*command, UNDERSTUDY_CATALOG=str(tmp_path / "rows")).events[-1]
    assert result["event"] == "result", result
    assert result["device"]["mine"] == "cpu (ONNX Runtime)"
    assert (tmp_path / "x.png").exists()
    (tmp_path / "rows" / "enhancer.toml").write_text("[[model]]\nname = 1")
    assert_failed(understudy_list(swapping, tmp_path), 5, "rows", "docs/models.md")


def understudy_list(run: Run, folder: Path) -> Finished:
    return run("models", "list", UNDERSTUDY_CATALOG=str(folder / "rows"))
