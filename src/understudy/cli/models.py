"""``understudy models``: which weights there are, and those that are here."""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from understudy.app.fetch import fetch, open_cache
from understudy.cli.flags import Invocation, command
from understudy.cli.show import follow, line, write_json
from understudy.core.errors import ModelCorrupt, ModelError, ModelNotAccepted, PlanError
from understudy.core.plan import Look
from understudy.models.cache import Cache, Status
from understudy.models.exchange import export_models, import_models, read_manifest
from understudy.models.spec import ModelSpec

__all__ = ["register"]

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="From 'understudy models list'; 'ghost_*' is several."),
]
RoleName = Annotated[
    str | None,
    typer.Option(
        "--role", metavar="ROLE", help="All models of this role: swapper, enhancer, ...", show_default=False
    ),
]
AcceptLicence = Annotated[
    bool,
    typer.Option(
        "--accept-licence", help="Accept licences that limit use, without being asked.", show_default=False
    ),
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", show_default=False)]

_WIDE = 110
_TERMS = {"name", "bytes", "licence", "licence_url", "restricted", "origin", "sha256"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Weights: list, fetch, verify, remove and carry them.")
    command(group, "list")(show)
    for function in (pull, verify, remove):
        command(group)(function)
    command(group, "export")(export)
    command(group, "import")(bring)
    app.add_typer(group, name="models")


def show(invocation: Invocation, names: Names = None, role: RoleName = None) -> None:
    """List the weights by role: whether they are here, their size and their licence."""
    cache = open_cache(invocation.settings, invocation.folders)
    specs = _choose(cache, names, role) if names or role else list(cache.catalog.values())
    if invocation.json:
        models = [
            {
                **cache.resolved(spec).model_dump(mode="json"),
                "pinned": spec.pinned,
                "installed": cache.installed(spec),
                "accepted": not cache.unaccepted(spec),
                "path": cache.path(spec),
            }
            for spec in specs
        ]
        write_json("models", {"folder": cache.root, "models": models})
        return
    console = Console()
    # The catalogue's files are in the order of their names; each role is one of them, or two with the user's own.
    ordered = sorted(specs, key=lambda spec: spec.role)
    for title, rows in groupby(ordered, key=lambda spec: spec.role):
        console.print(_table(cache, title, list(rows), wide=console.width >= _WIDE))
    line("* limits use: you are asked to accept the licence once   ? no published digest")
    line(f"folder: {cache.root}")


def pull(
    invocation: Invocation,
    names: Names = None,
    role: RoleName = None,
    accept_licence: AcceptLicence = False,
    accept_unpinned: Annotated[
        bool,
        typer.Option(
            "--accept-unpinned",
            help="Fetch models whose digest nobody has published; the first one counts from then on.",
            show_default=False,
        ),
    ] = False,
) -> None:
    """Fetch weights now, with what they need. Without NAME: those of the built-in engine.

    \b
    [bold]Examples[/bold]
      understudy models pull                        what 'swap' needs
      understudy models pull inswapper_128          and the embedder that it needs
      understudy models pull 'hyperswap_*' gfpgan_1.4 --accept-licence
    """
    from understudy.app.engine import Engine

    cache = open_cache(invocation.settings, invocation.folders)
    if names or role:
        chosen = cache.catalog.with_needs(_choose(cache, names, role))
    else:
        models = Engine(invocation.settings, invocation.folders).models(Look(swapper="mesh"))
        chosen = [cache.catalog[model.name] for model in models]
    _agree(invocation, cache, chosen, licence=accept_licence, unpinned=accept_unpinned)
    follow(fetch(cache, chosen, renew=True), as_json=invocation.json)
    if invocation.json:
        write_json("pulled", {"models": [{"name": spec.name, "path": cache.path(spec)} for spec in chosen]})
    else:
        for spec in chosen:
            line(f"{spec.name}  {cache.path(spec)}")


def verify(invocation: Invocation, names: Names = None, role: RoleName = None) -> None:
    """Compare the bytes that are here with the catalogue's digests."""
    cache = open_cache(invocation.settings, invocation.folders)
    specs = _choose(cache, names, role) if names or role else filter(cache.installed, cache.catalog.values())
    found = {spec.name: cache.verify(spec) for spec in specs}
    if invocation.json:
        write_json("verified", {"models": {name: status.value for name, status in found.items()}})
    else:
        for name, status in found.items():
            line(f"{name}  {status.value}")
        if not found:
            line("nothing is here yet")
    corrupt = [name for name, status in found.items() if status is Status.CORRUPT]
    if corrupt:
        raise ModelCorrupt(
            f"{', '.join(corrupt)}: the bytes differ from the catalogue's digest.",
            next_step=f"Get them again: understudy models pull {' '.join(corrupt)}",
        )


def remove(invocation: Invocation, names: Names = None, role: RoleName = None) -> None:
    """Delete weights from this machine."""
    cache = open_cache(invocation.settings, invocation.folders)
    removed = [spec.name for spec in _choose(cache, names, role) if cache.remove(spec)]
    if invocation.json:
        write_json("removed", {"models": removed})
    else:
        line(f"removed {', '.join(removed)}" if removed else "nothing to remove")


def export(invocation: Invocation, folder: Folder, names: Names = None, role: RoleName = None) -> None:
    """Copy weights into a folder, for a machine without network. Without NAME: all that are here.

    \b
    [bold]Example[/bold]
      understudy models export /media/stick gfpgan_1.4
      understudy models import /media/stick             there
    """
    cache = open_cache(invocation.settings, invocation.folders)
    if names or role:
        chosen = cache.catalog.with_needs(_choose(cache, names, role))
    else:
        chosen = [spec for spec in cache.catalog.values() if cache.installed(spec)]
    export_models(cache, chosen, folder)
    _tell_names(invocation, "exported", chosen)


def bring(invocation: Invocation, folder: Folder, accept_licence: AcceptLicence = False) -> None:
    """Install the weights of an exported folder, verified."""
    cache = open_cache(invocation.settings, invocation.folders)
    known = [cache.catalog[name] for name in read_manifest(folder).models if name in cache.catalog]
    # Their digests are in the folder's list: there is nothing unpinned about them.
    _agree(invocation, cache, known, licence=accept_licence, unpinned=True)
    _tell_names(invocation, "imported", import_models(cache, folder))


def _tell_names(invocation: Invocation, what: str, specs: Sequence[ModelSpec]) -> None:
    names = [spec.name for spec in specs]
    if invocation.json:
        write_json(what, {"models": names})
    else:
        line(f"{what} {', '.join(names)}" if names else f"nothing {what}")


def _agree(
    invocation: Invocation, cache: Cache, specs: Sequence[ModelSpec], *, licence: bool, unpinned: bool
) -> None:
    """Put the terms of what is missing before the user, once; with the flags, or on a terminal, they may agree."""
    missing = [spec for spec in specs if not cache.installed(spec)]
    for spec in missing:
        asks = cache.unaccepted(spec)  # what was said of another model's licence a moment ago counts
        if not asks:
            continue
        _describe(invocation, cache, spec)
        if "licence" in asks:
            if not licence and not _asked(invocation, "It limits use. Do you accept this licence?"):
                raise ModelNotAccepted(
                    f"The licence of {spec.name} ({spec.licence}, {spec.licence_url}) was not accepted; "
                    "nothing was fetched.",
                    next_step="Run it on a terminal to be asked, or add --accept-licence.",
                )
            cache.records.accept_licence(spec)
        if "unpinned" in asks:
            if not unpinned and not _asked(
                invocation, "Nobody has published its digest. Keep to what comes?"
            ):
                raise ModelNotAccepted(
                    f"Nobody has published the digest of {spec.name}; nothing was fetched.",
                    next_step="Run it on a terminal to be asked, or add --accept-unpinned.",
                )
            cache.records.accept_unpinned(spec)


def _describe(invocation: Invocation, cache: Cache, spec: ModelSpec) -> None:
    """What one has to know of a model before it is fetched."""
    where = str(cache.mirror or spec.address)
    if invocation.json:
        write_json("terms", {**spec.model_dump(mode="json", include=_TERMS), "from": where})
        return
    line(f"{spec.name}  {_size(spec)}")
    for title, text in (("made by", spec.origin), ("licence", spec.licence), ("", spec.licence_url)):
        line(f"  {title:8} {text}")
    line(f"  {'from':8} {where}")


def _asked(invocation: Invocation, question: str) -> bool:
    if invocation.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    try:
        return typer.confirm(question)
    except typer.Abort:
        return False


def _table(cache: Cache, role: str, specs: Sequence[ModelSpec], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, title=role.upper(), title_justify="left", title_style="bold")
    for title, width in (("name", 24), ("family", 16), ("here", 4), ("size", 8), ("licence", 18)):
        justify: Literal["left", "right"] = "right" if title == "size" else "left"
        table.add_column(title, justify=justify, min_width=width, no_wrap=True)
    if wide:
        table.add_column("made by", no_wrap=True, overflow="ellipsis")
    for spec in specs:
        marks = ("*" if spec.restricted else "") + ("" if spec.pinned or spec.local else "?")
        licence = f"{spec.licence.removeprefix('LicenseRef-')} {marks}".rstrip()
        here = "yes" if cache.installed(spec) else "no"
        cells = [spec.name, spec.family, here, _size(cache.resolved(spec)), licence, spec.origin]
        table.add_row(*map(Text, cells[: None if wide else 5]))
    return table


def _size(spec: ModelSpec) -> str:
    return f"{spec.bytes / 1e6:.1f} MB" if spec.bytes else "–"


def _choose(cache: Cache, names: Sequence[str] | None, role: str | None) -> list[ModelSpec]:
    """The models of these names, patterns and role, each once, in the catalogue's order of each."""
    if not names and not role:
        raise PlanError("Which models?", next_step="Give names from 'understudy models list', or --role.")
    chosen: dict[str, ModelSpec] = {}
    if role:
        chosen |= {spec.name: spec for spec in cache.catalog.role(role)}
        if not chosen:
            roles = ", ".join(dict.fromkeys(spec.role for spec in cache.catalog.values()))
            raise ModelError(f"There is no role {role!r}.", next_step=f"Choose one of: {roles}.")
    for name in names or ():
        found = fnmatch.filter(cache.catalog, name) if any(sign in name for sign in "*?[") else [name]
        if not found:
            raise ModelError(
                f"No model's name is like {name!r}.", next_step="'understudy models list' names them all."
            )
        chosen |= {one: cache.catalog[one] for one in found}
    return list(chosen.values())
