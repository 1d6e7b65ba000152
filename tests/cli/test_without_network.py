"""A swap, its signature and its check need no network, and ask for none."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import c2pa
import pytest
from commands import command

from portrait_film import make_portrait_film
from signing import signing_key
from understudy.safety.provenance import offline_context

pytestmark = pytest.mark.thorough

URL = "http://198.51.100.7/store.c2pa"  # TEST-NET-2: nobody answers there (RFC 5737)

# Imported by every Python of a test before anything else: a socket that is opened is written down and refused.
TRAP = """
import os, socket

def refuse(*arguments, **options):
    with open(os.environ["TRAPPED"], "a") as file:
        file.write(repr(arguments) + chr(10))
    raise OSError("the test forbids the network")

for name in ("connect", "connect_ex", "sendto", "sendmsg", "bind"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse
"""

COMMANDS = [
    ["swap", "ada.jpg", "scene.jpg", "-o", "out.jpg"],
    ["verify", "out.jpg"],
    ["swap", "ada.jpg", "scene.mp4", "-o", "out.mp4", "--preset", "ultrafast"],
    ["verify", "out.mp4"],
]


@pytest.fixture
def folder(portraits: list[Path], tmp_path: Path) -> Path:
    """An actor, a film, and a photo that says its credentials lie on the network."""
    shutil.copy(portraits[0], tmp_path / "ada.jpg")
    make_portrait_film(portraits[-1], tmp_path / "scene.mp4", frames=3)
    key, out = signing_key(), io.BytesIO()
    with (
        offline_context() as context,
        c2pa.Builder({"claim_generator_info": [{"name": "camera"}]}, context=context) as builder,
        c2pa.Signer.from_info(c2pa.C2paSignerInfo("es256", key.chain, key.private, None)) as signer,
    ):
        builder.set_intent(c2pa.C2paBuilderIntent.CREATE, c2pa.C2paDigitalSourceType.DIGITAL_CAPTURE)
        builder.set_no_embed()
        builder.set_remote_url(URL)
        builder.sign(signer, "image/jpeg", io.BytesIO(portraits[-1].read_bytes()), out)
    assert URL.encode() in out.getvalue()
    (tmp_path / "scene.jpg").write_bytes(out.getvalue())
    return tmp_path


@pytest.fixture
def variables(environment: dict[str, str], home: Path, folder: Path) -> dict[str, str]:
    """A home with the weights; nothing says that the network must not be asked."""
    own = folder / "own"
    own.mkdir()
    (own / "models").symlink_to(home / "models")
    return {**environment, "UNDERSTUDY_HOME": str(own)}


def run_all(folder: Path, variables: dict[str, str], *prefix: str) -> None:
    for words in COMMANDS:
        done = subprocess.run(
            [*prefix, str(command()), *words], cwd=folder, env=variables, capture_output=True, check=False
        )
        assert done.returncode == 0, done


def test_photo_and_film_are_swapped_signed_and_verified_where_there_is_no_network(
    folder: Path, variables: dict[str, str]
) -> None:
    unshare = shutil.which("unshare")
    alone = [str(unshare), "--map-root-user", "--net"]
    if unshare is None or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system cannot take the network away from a process")
    run_all(folder, variables, *alone)


def test_no_socket_is_opened(folder: Path, variables: dict[str, str]) -> None:
    trap = folder / "trap"
    trap.mkdir()
    (trap / "sitecustomize.py").write_text(TRAP, encoding="utf-8")
    trapped = folder / "trapped.txt"
    path = [str(trap), *filter(None, [variables.get("PYTHONPATH")])]
    run_all(folder, {**variables, "PYTHONPATH": os.pathsep.join(path), "TRAPPED": str(trapped)})
    assert not trapped.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's system calls")
def test_no_library_connects_anywhere(folder: Path, variables: dict[str, str]) -> None:
    """Sockets of Python are one thing; what compiled libraries do is seen in the system calls."""
    strace, log = shutil.which("strace"), folder / "calls.txt"
    if strace is None:
        pytest.skip("strace is not installed")
    traced = [strace, "-f", "-qq", "-e", "trace=%network", "-A", "-o", str(log)]
    if subprocess.run([*traced, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace is not permitted here")
    run_all(folder, variables, *traced)
    assert "AF_INET" not in log.read_text(encoding="utf-8")
