from __future__ import annotations

from pathlib import Path

import pytest

from understudy.app.options import swap_options
from understudy.app.settings import Folders, describe, find_folders, load_settings
from understudy.core.errors import InputError, PlanError
from understudy.core.plan import (
    Casting,
    Compute,
    Look,
    PhotoOutput,
    PhotoSource,
    Role,
    Seeing,
    VideoOutput,
    VideoSource,
)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return find_folders(tmp_path)


def write(folders: Folders, text: str) -> None:
    folders.config.write_text(text, encoding="utf-8")


def test_every_field_of_the_plan_is_an_option_once() -> None:
    models = (PhotoSource, VideoSource, Casting, Seeing, Look, Compute, PhotoOutput, VideoOutput)
    fields = {name for model in models for name in model.model_fields}
    assert set(swap_options()) == fields - {"kind", "path", "actor"}


def test_command_line_over_environment_over_file_over_default(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings(folders).swap_defaults == {}
    write(folders, "likeness = 0.1\noffline = true\nfaces = 'many'\n")
    assert load_settings(folders).swap_defaults == {"likeness": 0.1, "faces": "many"}
    monkeypatch.setenv("UNDERSTUDY_LIKENESS", "0.2")
    monkeypatch.setenv("UNDERSTUDY_OFFLINE", "0")
    settings = load_settings(folders)
    assert settings.swap_defaults == {"likeness": 0.2, "faces": "many"}
    assert not settings.offline
    assert load_settings(folders, {"offline": True, "likeness": None}).offline


@pytest.mark.parametrize(
    ("name", "typed", "toml", "value"),
    [
        ("mask", "box, region", '["box", "region"]', ("box", "region")),
        ("mask_region", "skin,nose", '"skin,nose"', ("skin", "nose")),
        ("mask_padding", "10", "10", (10, 10, 10, 10)),
        ("mask_padding", "1,2", "[1, 2, 1, 2]", (1, 2, 1, 2)),
        ("detector_angles", "0,90", "[0, 90]", (0, 90)),
        ("age", "20-40", "[20, 40]", (20, 40)),
        ("pixel_boost", "256", "256", 256),
        (
            "cast",
            "anna.png=ada.png",
            '["anna.png=ada.png"]',
            (Role(reference="anna.png", actor=("ada.png",)),),
        ),
    ],
)
def test_lists_are_written_as_on_the_command_line(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, name: str, typed: str, toml: str, value: object
) -> None:
    write(folders, f"{name} = {toml}\n")
    assert load_settings(folders).swap_defaults == {name: value}
    write(folders, f'{name} = "{typed}"\n')
    assert load_settings(folders).swap_defaults == {name: value}
    write(folders, "")
    monkeypatch.setenv(f"UNDERSTUDY_{name.upper()}", typed)
    assert load_settings(folders).swap_defaults == {name: value}


def test_described_with_their_origin(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folders, "quality = 80\n")
    monkeypatch.setenv("UNDERSTUDY_CRF", "20")
    rows = {name: (value, origin) for name, value, origin, _ in describe(load_settings(folders), folders)}
    assert rows["quality"] == (80, "config.toml")
    assert rows["crf"] == (20.0, "UNDERSTUDY_CRF")
    assert rows["likeness"] == (1.0, "default")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("likenes = 1", ["'likenes'", "Did you mean 'likeness'"]),
        ("zzz = 1", ["'zzz'", "config show"]),
        ("likeness = 3", ["'likeness' in", "'3'", "0 to 1"]),
        ("actor_face = 'right'", ["'actor_face'", "largest, left, N"]),
        ("faces = 'two'", ["one, many"]),
        ("trim_start = -1", ["greater than or equal to 0"]),
        ("mask = 'boxes'", ["box, occlusion, region, mouth, or several with commas between"]),
        ("offline = 'perhaps'", ["'offline'", "valid boolean"]),
    ],
)
def test_wrong_settings_are_explained(folders: Folders, text: str, parts: list[str]) -> None:
    write(folders, text)
    with pytest.raises(PlanError) as caught:
        load_settings(folders)
    for part in [*parts, str(folders.config)]:
        assert part in str(caught.value)


def test_a_wrong_variable_is_named(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_LIKENESS", "much")
    with pytest.raises(PlanError, match="environment variable UNDERSTUDY_LIKENESS cannot be 'much'"):
        load_settings(folders)


@pytest.mark.parametrize("content", [b"likeness", b"\xff\xfe\x00"])
def test_a_file_that_is_not_toml(folders: Folders, content: bytes) -> None:
    folders.config.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_settings(folders)
    assert caught.value.path == str(folders.config)


def test_home_comes_from_the_argument_then_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "a"))
    home = tmp_path / "a"
    assert find_folders() == Folders(
        home / "config.toml",
        home / "models",
        home / "renders",
        home / "analyses",
        home / "keys",
        home / "consent.jsonl",
        home / "evidence",
        home / "appeals",
    )
    assert find_folders(tmp_path / "b").models == tmp_path / "b" / "models"
    monkeypatch.delenv("UNDERSTUDY_HOME")
    assert find_folders().config.name == "config.toml"
    assert "understudy" in str(find_folders().models)
