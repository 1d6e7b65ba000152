"""Nothing is sent, and nothing is left behind but what the user asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Run, command

from portrait_film import make_portrait_film

# Imported by every Python of the test before anything else: a socket that is opened is written down and refused.
TRAP = """
import os, socket, sys, traceback

def refuse(*arguments, **options):
    with open(os.environ["TRAPPED"], "a") as file:
        traceback.print_stack(file=file)
    raise OSError("the test forbids the network")

for name in ("connect", "connect_ex", "sendto", "sendmsg", "bind"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse
"""
TELEMETRY = ("Microsoft", "DeveloperTools", "onnxruntime", "telemetry")


@pytest.fixture
def trapped(tmp_path: Path) -> dict[str, str]:
    """Environment in which Python's sockets are trapped."""
    folder = tmp_path / "trap"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(TRAP, encoding="utf-8")
    return {
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",  # the trap's own would be taken for a file left behind
        "TRAPPED": str(tmp_path / "trapped.txt"),
    }


@pytest.fixture
def files(portraits: list[Path], tmp_path: Path) -> list[Path]:
    return [
        Path(shutil.copy(portraits[i], tmp_path / name)) for i, name in enumerate(("ada.jpg", "scene.jpg"))
    ]


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_trap_works(trapped: dict[str, str], environment: dict[str, str], tmp_path: Path) -> None:
    code = "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**environment, **trapped}, check=False, capture_output=True
    )
    assert done.returncode != 0
    assert (tmp_path / "trapped.txt").exists()


def test_no_command_opens_a_socket_or_leaves_a_file(
    swapping: Run, trapped: dict[str, str], files: list[Path], tmp_path: Path
) -> None:
    commands = [
        ["swap", *files, "-o", "out.jpg"],
        ["faces", files[1], "--draw", "who.png"],
        ["preview", *files, "-o", "look.png"],
        ["doctor"],
        ["models", "list"],
        ["models", "verify"],
        ["config", "show"],
    ]
    for arguments in commands:
        done = swapping(*arguments, **trapped)
        assert done.code == 0, done
    assert not (tmp_path / "trapped.txt").exists()
    assert files_in(tmp_path / "home") == []
    assert files_in(tmp_path) == sorted(
        ["ada.jpg", "scene.jpg", "out.jpg", "who.png", "look.png", str(Path("trap", "sitecustomize.py"))]
    )


def test_of_a_film_only_its_analysis_is_kept_and_not_even_that_if_one_says_so(
    environment: dict[str, str], home: Path, trapped: dict[str, str], portraits: list[Path], tmp_path: Path
) -> None:
    film = make_portrait_film(portraits[-1], tmp_path / "scene.mp4", frames=4)
    own = tmp_path / "own"
    own.mkdir()
    (own / "models").symlink_to(home / "models", target_is_directory=True)
    variables = {**environment, **trapped, "UNDERSTUDY_HOME": str(own), "TMPDIR": str(tmp_path / "scratch")}
    (tmp_path / "scratch").mkdir()

    def kept(**more: str) -> list[str]:
        for words in (["swap", str(portraits[0]), str(film), "--person", "1"], ["analyse", str(film)]):
            done = subprocess.run(
                [str(command()), *words],
                cwd=tmp_path,
                env={**variables, **more},
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done
        assert files_in(tmp_path / "scratch") == []
        # Besides, the key that results are signed with, and what the gate saw, as numbers.
        assert {Path(name).parts[0] for name in files_in(own)} <= {"analyses", "evidence", "keys", "models"}
        return [name for name in files_in(own) if name.startswith("analyses")]

    assert kept(UNDERSTUDY_KEEP_ANALYSES="false") == []
    (people, *pieces) = sorted({Path(name).name for name in kept()} - {"header.json"}, reverse=True)
    assert (people, pieces) == ("views.npz", ["people-55533b28a95800a5.json", "index.npz", "faces-00000.npz"])
    assert not (tmp_path / "trapped.txt").exists()
    # What tells people apart is not among it: no vector, and no name but the film's.
    (header,) = own.glob("analyses/*/header.json")
    assert json.loads(header.read_text())["name"] == "scene.mp4"
    (who,) = own.glob("analyses/*/people-*.json")
    assert json.loads(who.read_text()) == [[[0], 1.0]]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's system calls")
def test_no_library_connects_anywhere(
    environment: dict[str, str], home: Path, files: list[Path], tmp_path: Path
) -> None:
    """The trap sees Python only; the system calls show what compiled libraries do."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    log = tmp_path / "calls.txt"
    done = subprocess.run(
        [
            strace,
            "-f",
            "-qq",
            "-e",
            "trace=%network",
            "-o",
            str(log),
            str(command()),
            "swap",
            *map(str, files),
        ],
        cwd=tmp_path,
        env={**environment, "UNDERSTUDY_HOME": str(home), "UNDERSTUDY_OFFLINE": "1"},
        capture_output=True,
        check=False,
    )
    if b"ptrace" in done.stderr:
        pytest.skip("strace is not permitted here")
    assert done.returncode == 0, done
    assert "AF_INET" not in log.read_text(encoding="utf-8")


def test_it_works_where_there_is_no_network(
    environment: dict[str, str], home: Path, files: list[Path], tmp_path: Path
) -> None:
    unshare = shutil.which("unshare")
    alone = [str(unshare), "--map-root-user", "--net"]
    if unshare is None or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system cannot take the network away from a process")
    done = subprocess.run(
        [*alone, str(command()), "swap", *map(str, files), "-o", "out.jpg"],
        cwd=tmp_path,
        env={**environment, "UNDERSTUDY_HOME": str(home)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert (tmp_path / "out.jpg").exists()


def test_onnx_runtime_leaves_no_telemetry(environment: dict[str, str], tmp_path: Path) -> None:
    """Since 1.29 it writes and sends telemetry unless it is told not to before it is imported."""
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("Identity", ["a"], ["b"])
    value = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "ab"]
    model = onnx.helper.make_model(
        onnx.helper.make_graph([node], "graph", value[:1], value[1:]),
        opset_imports=[onnx.helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.save(model, tmp_path / "model.onnx")
    code = (
        "import understudy, onnxruntime, numpy, time\n"
        "session = onnxruntime.InferenceSession('model.onnx', providers=['CPUExecutionProvider'])\n"
        "session.run(None, {'a': numpy.zeros(1, numpy.float32)})\n"
        "time.sleep(1)\n"
    )
    quiet = {name: value for name, value in environment.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=quiet, check=True, capture_output=True)
    assert files_in(tmp_path / "home") == []
