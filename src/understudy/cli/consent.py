"""``understudy consent``: who agreed to what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from understudy.cli.flags import Invocation, command
from understudy.cli.show import line, steps, write_json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Who agreed to having their face used: record, list, revoke.")
    command(group)(add)
    command(group, "list")(show)
    command(group)(revoke)
    command(group)(export)
    app.add_typer(group, name="consent")


def add(
    invocation: Invocation,
    actor: Annotated[
        list[Path],
        typer.Option(
            metavar="PHOTO", help="Photo, folder or faceset of the face; may be given several times."
        ),
    ],
    who: Annotated[str, typer.Option(metavar="NAME", help="Whose face it is.")],
    scope: Annotated[str, typer.Option(metavar="TEXT", help="What they agree to.")],
    until: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The last day on which it counts.", show_default=False),
    ] = None,
    document: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What they signed; its digest is kept.", show_default=False),
    ] = None,
) -> None:
    """Record a consent, bound to the photos of the face. It stays on this machine.

    \b
    [bold]Example[/bold]
      understudy consent add --actor ada.jpg --who "Ada L." --scope "the film X" --until 2027-12-31
    """
    from understudy.app.consent import give_consent
    from understudy.app.engine import Engine

    engine = Engine(invocation.settings, invocation.folders)
    record = steps(
        give_consent(actor, engine, who=who, scope=scope, until=until, document=document),
        as_json=invocation.json,
    )
    if invocation.json:
        write_json("consent", record.model_dump(mode="json", exclude={"prints"}))
    else:
        line(record.id)


def show(invocation: Invocation) -> None:
    """List the records.

    \b
    [bold]Example[/bold]
      understudy consent list
    """
    from understudy.safety.consent import ConsentStore

    records = ConsentStore(invocation.folders.consent).records()
    if invocation.json:
        listed = [
            {**each.model_dump(mode="json", exclude={"prints"}), "state": each.state} for each in records
        ]
        write_json("consents", {"consents": listed})
        return
    if not records:
        line("no consent is on record")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("number", "who", "scope", "until", "state"):
        table.add_column(title, overflow="fold")
    for each in records:
        table.add_row(each.id, each.who, each.scope, str(each.until or "it is revoked"), each.state)
    Console().print(table, markup=False)


def revoke(
    invocation: Invocation,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="From 'understudy consent list'.")],
) -> None:
    """Take a consent back: from now on it does not count. What was made before still names it.

    \b
    [bold]Example[/bold]
      understudy consent revoke 3f2a
    """
    from understudy.safety.consent import ConsentStore

    record = ConsentStore(invocation.folders.consent).revoke(number)
    if invocation.json:
        write_json("consent", record.model_dump(mode="json", exclude={"prints"}))
    else:
        line(f"{record.id} ({record.who}) is revoked")


def export(invocation: Invocation) -> None:
    """Print the records as JSON, all that is known of each, for those whom they are about.

    \b
    [bold]Example[/bold]
      understudy consent export > consents.json
    """
    import json

    from understudy.safety.consent import ConsentStore

    records = ConsentStore(invocation.folders.consent).records()
    whole = [
        {**each.model_dump(mode="json"), "sha256": each.reference.sha256, "state": each.state}
        for each in records
    ]
    if invocation.json:
        write_json("consents", {"consents": whole})
    else:
        line(json.dumps(whole, indent=1, ensure_ascii=False))
