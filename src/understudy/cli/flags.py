"""Flags made from the plan's fields, and the ones that every command has."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from understudy.app.options import Option, swap_options
from understudy.app.settings import Folders, Settings, find_folders, load_settings

__all__ = ["Invocation", "Moment", "command", "swap_flags"]

_PANELS = {
    "source": "Which part",
    "casting": "Who plays whom",
    "seeing": "How faces are found",
    "look": "How it looks",
    "compute": "Where networks run",
    "output": "What is written",
}

Moment = Annotated[
    float,
    typer.Option(min=0, max=1, metavar="SHARE", help="Which moment of a film: 0 is its start, 1 its end."),
]


@dataclass(frozen=True)
class Invocation:
    """What every command is told.

    Attributes:
        settings: Command line over environment over ``config.toml``.
        folders: Where settings and weights are.
        json: Print JSON lines instead of text.
    """

    settings: Settings
    folders: Folders
    json: bool


def swap_flags(*sections: str) -> list[inspect.Parameter]:
    """A keyword parameter for each option of these sections of the plan; None means "not said"."""
    return [_flag(option) for option in swap_options().values() if option.section in sections]


def command(
    app: typer.Typer, name: str | None = None, flags: Sequence[inspect.Parameter] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command.

    The function takes an :class:`Invocation` first; its other parameters become arguments and flags, as typer
    has it, and ``flags`` and the flags that every command has are added.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        parameters = [p for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD] + [*flags, *_common()]

        def callback(**values: Any) -> None:
            common = {parameter.name: values.pop(parameter.name) for parameter in _common()}
            folders = find_folders(common["home"])
            settings = load_settings(folders, {"offline": common["offline"]})
            function(Invocation(settings, folders, common["json"]), **values)

        callback.__name__ = function.__name__
        callback.__doc__ = function.__doc__
        callback.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        callback.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(name)(callback)
        return function

    return register


def _flag(option: Option) -> inspect.Parameter:
    text = option.description
    if option.default not in (None, ()) and not option.is_switch:
        text += f" Default: {_said(option.default)}."
    if option.kinds == ("video",):
        text += " Film only." if option.section == "output" else ""
    # Text goes on as it is: the plan itself checks it, in one place for every way in.
    annotation: Any = (
        bool | None if option.is_switch else list[str] | None if option.is_repeated else str | None
    )
    metavar = "" if option.is_switch else option.choices
    named = (option.flag,) if option.name.endswith("_") else ()
    info = typer.Option(
        *named, help=text, metavar=metavar, rich_help_panel=_PANELS[option.section], show_default=False
    )
    return inspect.Parameter(
        option.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[annotation, info]
    )


def _said(value: Any) -> str:
    """As a user would say it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _common() -> list[inspect.Parameter]:
    def switch(name: str, default: bool | None, text: str) -> inspect.Parameter:
        flag = f"--{name}"
        info = typer.Option(flag, help=text, metavar="", rich_help_panel="Everywhere", show_default=False)
        return inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[bool | None, info]
        )

    home = typer.Option(
        help="Keep settings and weights in this folder.",
        metavar="FOLDER",
        rich_help_panel="Everywhere",
        show_default=False,
    )
    return [
        inspect.Parameter(
            "home", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[Path | None, home]
        ),
        switch("offline", None, "Never use the network; say what is missing instead."),
        switch("json", False, "Print one JSON object per line, for machines."),
        switch("debug", False, "Show the traceback of an error."),
    ]
