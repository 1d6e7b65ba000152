"""``understudy models``: which weights there are, and those that are here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from understudy.app.fetch import fetch
from understudy.cli.flags import Invocation, command
from understudy.cli.show import follow, line, write_json
from understudy.core.errors import ModelCorrupt
from understudy.core.plan import Look
from understudy.models.cache import Cache, Status
from understudy.models.spec import ModelSpec

__all__ = ["register"]

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Default: what 'swap' needs.", show_default=False),
]
SomeNames = Annotated[list[str], typer.Argument(metavar="NAME", help="From 'understudy models list'.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Weights: list, fetch, verify and remove them.")
    command(group, "list")(show)
    for function in (pull, verify, remove):
        command(group)(function)
    app.add_typer(group, name="models")


def show(invocation: Invocation) -> None:
    """List the weights, with their licences, and whether they are here."""
    cache = _cache(invocation)
    rows = [(spec, cache.installed(spec)) for spec in cache.catalog.values()]
    if invocation.json:
        models = [
            {**spec.model_dump(mode="json"), "installed": here, "path": cache.path(spec)}
            for spec, here in rows
        ]
        write_json("models", {"folder": cache.root, "models": models})
        return
    table = Table(box=None, pad_edge=False)
    for title in ("name", "role", "here", "size", "licence", "made by"):
        table.add_column(title, justify="right" if title == "size" else "left")
    for spec, here in rows:
        licence = f"{spec.licence} (restricts use)" if spec.restricted else spec.licence
        size = f"{spec.bytes / 1e6:.1f} MB"
        table.add_row(spec.name, spec.role, "yes" if here else "no", size, licence, spec.origin)
    Console().print(table, markup=False)
    line(f"\nfolder: {cache.root}")


def pull(invocation: Invocation, names: Names = None) -> None:
    """Fetch weights now, so that nothing has to be fetched later.

    \b
    [bold]Examples[/bold]
      understudy models pull                 what 'swap' needs
      understudy models pull dlib-resnet     this one
    """
    from understudy.app.engine import Engine

    cache = _cache(invocation)
    needed = [model.name for model in Engine(invocation.settings, invocation.folders).models(Look())]
    chosen = _choose(cache, names or needed)
    follow(fetch(cache, chosen, renew=True), as_json=invocation.json)
    if invocation.json:
        write_json("pulled", {"models": [{"name": spec.name, "path": cache.path(spec)} for spec in chosen]})
    else:
        for spec in chosen:
            line(f"{spec.name}  {cache.path(spec)}")


def verify(invocation: Invocation, names: Names = None) -> None:
    """Compare the bytes that are here with the catalogue's digests."""
    cache = _cache(invocation)
    found = {spec.name: cache.verify(spec) for spec in _choose(cache, names)}
    if invocation.json:
        write_json("verified", {"models": {name: status.value for name, status in found.items()}})
    else:
        for name, status in found.items():
            line(f"{name}  {status.value}")
    corrupt = [name for name, status in found.items() if status is Status.CORRUPT]
    if corrupt:
        raise ModelCorrupt(
            f"{', '.join(corrupt)}: the bytes differ from the catalogue's digest.",
            next_step=f"Get them again: understudy models pull {' '.join(corrupt)}",
        )


def remove(invocation: Invocation, names: SomeNames) -> None:
    """Delete weights from this machine."""
    cache = _cache(invocation)
    removed = [spec.name for spec in _choose(cache, names) if cache.remove(spec)]
    if invocation.json:
        write_json("removed", {"models": removed})
    else:
        line(f"removed {', '.join(removed)}" if removed else "nothing to remove")


def _cache(invocation: Invocation) -> Cache:
    return Cache(invocation.folders.models, invocation.settings.mirror, invocation.settings.offline)


def _choose(cache: Cache, names: Iterable[str] | None) -> list[ModelSpec]:
    return [cache.catalog[name] for name in names or cache.catalog]
