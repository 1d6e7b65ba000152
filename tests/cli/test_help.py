from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import Run, assert_failed

from understudy.app.options import swap_options

HEAVY = {"av", "cv2", "PIL", "onnxruntime", "dlib"}


def test_help_teaches_by_example(understudy: Run) -> None:
    for arguments in ([], ["--help"]):
        done = understudy(*arguments)
        assert done.code == 0
        for line in ("understudy demo", "understudy swap ada.jpg scene.mp4", "understudy doctor", "consent"):
            assert line in done.out


def test_every_option_of_the_plan_is_a_flag_with_its_description(understudy: Run) -> None:
    done = understudy("swap", "--help", COLUMNS="200")
    assert done.code == 0
    assert "understudy swap ada.jpg scene.mp4 --encoder libx265" in done.out
    text = " ".join(done.out.replace("│", " ").split())
    for option in swap_options().values():
        assert option.flag in text
        assert option.description.split(".")[0][:50] in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["preview"],
        ["faces"],
        ["doctor"],
        ["demo"],
        ["models"],
        ["models", "pull"],
        ["config"],
        ["config", "show"],
    ],
)
def test_every_command_explains_itself(understudy: Run, arguments: list[str]) -> None:
    done = understudy(*arguments, "--help")
    assert done.code == 0
    assert f"understudy {' '.join(arguments)}" in done.out


def test_version(understudy: Run) -> None:
    done = understudy("--version")
    assert (done.code, done.out) == (0, "understudy 0.1.0\n")


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, understudy.cli.app; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["swop"], "No such command 'swop'"),
        (["swap"], "Missing argument '[ACTOR] TARGET'"),
        (["swap", "a.jpg", "b.jpg", "--likenes", "1"], "--likenes"),
        (["models"], "Missing command"),
        (["preview", "a.jpg", "b.jpg", "-o", "c.png", "--at", "2"], "'--at'"),
    ],
)
def test_wrong_usage_is_one_sentence_and_a_next_step(
    understudy: Run, arguments: list[str], part: str
) -> None:
    done = understudy(*arguments)
    assert_failed(done, 2, part, "--help' shows what it takes")


def test_wrong_usage_as_json(understudy: Run) -> None:
    done = understudy("swap", "--json")
    assert done.code == 2
    [event] = done.events
    assert (event["event"], event["code"], event["exit_code"]) == ("error", "PlanError", 2)
    assert done.err == ""


def test_settings_are_shown_and_checked(understudy: Run) -> None:
    done = understudy("config", "path", "--home", "there")
    assert (done.code, Path(done.out.strip())) == (0, Path("there", "config.toml"))
    done = understudy("config", "show", "--json", UNDERSTUDY_LIKENESS="0.75")
    [event] = done.events
    assert event["settings"]["likeness"] == {"value": 0.75, "origin": "UNDERSTUDY_LIKENESS"}
    assert_failed(
        understudy("config", "show", UNDERSTUDY_LIKENESS="7"), 2, "UNDERSTUDY_LIKENESS cannot be '7'"
    )


def test_debug_shows_the_traceback(understudy: Run) -> None:
    done = understudy("swap", "none.jpg", "none.mp4", "--debug")
    assert done.code == 3
    assert "Traceback" in done.err
    assert "error: none.jpg: There is no such file." in done.err
