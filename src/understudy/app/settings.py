"""What a user sets once: ``config.toml`` and environment variables.

The command line wins over the environment, that over the file, and the file over the defaults. Every name is
the same in all of them: ``--likeness 0.7``, ``UNDERSTUDY_LIKENESS=0.7``, and in the file ``likeness = 0.7``.
Settings are read once, at an entry point, and travel as an argument from there.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import platformdirs
from pydantic import Field, ValidationError, create_model
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from understudy.app.options import rejected, swap_options
from understudy.core.errors import InputError, PlanError

__all__ = ["Folders", "Settings", "describe", "find_folders", "load_settings"]

_PREFIX = "UNDERSTUDY_"
_WHAT_MAY_STAND_IN_IT = "'understudy config show' lists what may stand in it."


@dataclass(frozen=True)
class Folders:
    """Where things are kept.

    Attributes:
        config: The settings file; it need not exist.
        models: Folder of the cached weights.
        renders: Folder of what interrupted renders have done.
        analyses: Folder of what was measured of films.
        keys: Folder of the key that results are signed with.
        consent: The file of the records of consent; it need not exist.
        evidence: Folder of what the content gate has seen.
        appeals: Folder of records of what it blocked.
    """

    config: Path
    models: Path
    renders: Path
    analyses: Path
    keys: Path
    consent: Path
    evidence: Path
    appeals: Path


class Settings(BaseSettings):
    """Everything that can be set outside the command line; each option of a swap is a field too.

    Attributes:
        offline: Whether the network is forbidden.
        mirror: Folder that serves weights before the network is asked.
        catalog: Folder with rows of models of the user's own.
        policy: The content gate's policy, instead of the package's.
        keep_analyses: Whether what was measured of a film is kept for the next time.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        frozen=True,
        extra="forbid",
        env_ignore_empty=True,
        validate_default=False,
        enable_decoding=False,  # the plan's fields take text as it is typed, "box,region", and not as JSON
    )

    offline: bool = Field(False, description="Never use the network.")
    mirror: Path | None = Field(None, description="Folder that serves weights before the network does.")
    catalog: Path | None = Field(None, description="Folder with rows (and files) of models of your own.")
    policy: Path | None = Field(
        None, description="File with the content gate's policy, instead of the built-in one."
    )
    keep_analyses: bool = Field(
        True,
        description="Keep what was found in a film (on this machine, for 30 days), so that it is found once.",
    )

    @property
    def swap_defaults(self) -> dict[str, Any]:
        """The options of a swap that the environment or the file sets."""
        return {name: value for name in swap_options() if (value := getattr(self, name)) is not None}


def find_folders(home: Path | None = None) -> Folders:
    """The user's folders: ``home``, else ``UNDERSTUDY_HOME``, else what the operating system intends."""
    chosen = home or os.environ.get(f"{_PREFIX}HOME")
    if chosen:
        root = Path(chosen).expanduser()
        config = cache = data = root
    else:
        config = platformdirs.user_config_path("understudy", appauthor=False)
        cache = platformdirs.user_cache_path("understudy", appauthor=False)
        data = platformdirs.user_data_path("understudy", appauthor=False)
    return Folders(
        config=config / "config.toml",
        models=cache / "models",
        renders=cache / "renders",
        analyses=cache / "analyses",
        keys=data / "keys",
        consent=data / "consent.jsonl",
        evidence=cache / "evidence",
        appeals=data / "appeals",
    )


def load_settings(folders: Folders, given: Mapping[str, Any] | None = None) -> Settings:
    """Read the file and the environment.

    Args:
        folders: From :func:`find_folders`.
        given: What the command line says, by name; None values are not said.

    Raises:
        InputError: The file cannot be read or is not TOML.
        PlanError: A name or a value is not allowed; says where it stands.
    """
    said = {name: value for name, value in (given or {}).items() if value is not None}
    try:
        return _settings_from(folders.config)(**said)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"the settings cannot be read ({error}).",
            path=folders.config,
            next_step="Mend or remove that file.",
        ) from error
    except ValidationError as error:
        raise _explain(error, folders.config, said) from error


def describe(settings: Settings, folders: Folders) -> list[tuple[str, Any, str, str]]:
    """Each setting as (name, value, where it comes from, description)."""
    in_file: dict[str, Any] = {}
    if folders.config.is_file():
        in_file = tomllib.loads(folders.config.read_text(encoding="utf-8"))
    options = swap_options()
    rows = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if os.environ.get(_PREFIX + name.upper()):
            origin = _PREFIX + name.upper()
        else:
            origin = "config.toml" if name in in_file else "default"
        if value is None and name in options:
            value = options[name].default
        rows.append((name, value, origin, field.description or ""))
    return rows


def _settings_from(config: Path) -> type[Settings]:
    """The settings class bound to one file, with a field for each option of a swap; None means not set."""

    class _WithFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (the base class names them)
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config)

    fields: dict[str, Any] = {
        name: (option.annotation, Field(None, description=option.description))
        for name, option in swap_options().items()
    }
    return cast(type[Settings], create_model("Settings", __base__=_WithFile, **fields))


def _explain(error: ValidationError, config: Path, said: Mapping[str, Any]) -> PlanError:
    """One sentence about the first thing that is wrong, naming the place where it was said."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    options = swap_options()
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, [*options, *Settings.model_fields], 1)
        hint = f"Did you mean {near[0]!r}?" if near else _WHAT_MAY_STAND_IN_IT
        return PlanError(f"there is no setting called {name!r}.", path=config, next_step=hint)
    variable = _PREFIX + name.upper()
    if name in said:
        place, value = f"--{name.replace('_', '-')}", said[name]
    elif os.environ.get(variable):
        place, value = f"the environment variable {variable}", os.environ[variable]
    else:
        place, value = f"{name!r} in {config}", first["input"]
    return rejected(name, place, value, first["msg"])
