"""``understudy verify`` and ``understudy keys``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from understudy.cli.flags import Invocation, command
from understudy.cli.show import line, steps, write_json

if TYPE_CHECKING:
    from understudy.safety.invisible_mark import Reading
    from understudy.safety.keys import SigningKey
    from understudy.safety.verification import Manifest, Verification

__all__ = ["register"]

_CODES: Final = {"valid": 0, "altered": 15, "none": 16}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app)(verify)
    group = typer.Typer(help="The key that results are signed with.")
    command(group)(show)
    command(group)(path)
    command(group, "import")(bring)
    app.add_typer(group, name="keys")


def verify(
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Photo or film, of this or another tool.")],
    watermark: Annotated[
        bool, typer.Option("--watermark", help="Also look for the invisible mark.", show_default=False)
    ] = False,
) -> None:
    """Say what a file is, by which tool it was made, and whether it was altered since.

    \b
    [bold]Example[/bold]
      understudy verify scene-ada.mp4

    It exits with 0 when the file is as it was signed, 15 when it was altered, and 16 when it has no Content
    Credentials. They are read from the file or from FILE's name with .c2pa, and nothing from the network.
    --watermark changes nothing of that; what reads the mark is fetched once.
    """
    from understudy.safety.verification import verify as look

    seen = look(file)
    reading = _read(invocation, file) if watermark else None
    if invocation.json:
        mark = (
            {} if reading is None else {"watermark": {**dataclasses.asdict(reading), "found": reading.found}}
        )
        write_json("verification", {**dataclasses.asdict(seen), "composite": seen.composite, **mark})
    else:
        for text in (*_told(seen), *_told_of(reading)):
            line(text)
    if _CODES[seen.state]:
        raise typer.Exit(_CODES[seen.state])


def _read(invocation: Invocation, file: Path) -> Reading:
    from understudy.app.watermark import read_watermark

    return steps(read_watermark(file, invocation.settings, invocation.folders), as_json=invocation.json)


def _told_of(reading: Reading | None) -> Iterator[str]:
    if reading is None:
        return
    bits = f"{reading.bits} of {reading.of} bits"
    if reading.found:
        yield f"An invisible mark of Understudy was read: {bits}."
        yield "That proves nothing: anybody can write it."
    else:
        yield f"No invisible mark of Understudy was read: {bits} fit, as may be by chance."
        yield "That proves nothing: it may never have been there, or have been lost."


def _told(seen: Verification) -> Iterator[str]:
    if seen.state == "none":
        yield f"{seen.path}: no Content Credentials"
        because = (
            f"{seen.problems[0]}." if seen.problems else "they may never have been there, or were removed."
        )
        yield f"Nothing here says where it comes from: {because}"
        return
    if seen.state == "altered":
        yield f"{seen.path}: ALTERED since it was signed"
        yield f"What does not fit: {', '.join(seen.problems) or 'its signature'}."
    else:
        yield f"{seen.path}: as it was when it was signed"
    if seen.composite:
        yield "A part of it was made by a model: it is no plain recording."
    if seen.sidecar:
        yield f"Its credentials lie in {seen.sidecar}."
    for place, manifest in enumerate(seen.chain):
        changed = " That file had been altered before it was used." if place and manifest.altered else ""
        yield f"{'  from a file made' if place else 'Made'} {_by(manifest)}{changed}"
    if seen.chain and not seen.trusted:
        yield "No public list knows that key: it tells files of one maker from others', and not who they are."
    if seen.chain and seen.chain[0].record:
        consent = [each["id"] for each in seen.chain[0].record.get("consent", ())]
        yield f"Consent on record: {', '.join(consent) or 'none'}."


def _by(manifest: Manifest) -> str:
    done = ", ".join(action.removeprefix("c2pa.").partition(".")[0] for action in manifest.actions)
    when = f" at {manifest.time}" if manifest.time else ""
    return f"by {manifest.tool or 'a tool without a name'} ({done}), signed by {manifest.signer}{when}."


def show(invocation: Invocation) -> None:
    """Show whom results are signed by; makes the key if there is none yet.

    \b
    [bold]Example[/bold]
      understudy keys show
    """
    from understudy.safety.keys import load_key

    _shown(invocation, load_key(invocation.folders.keys))


def path(invocation: Invocation) -> None:
    """Print the folder of the key, for copies and for other machines.

    \b
    [bold]Example[/bold]
      understudy keys path
    """
    if invocation.json:
        write_json("keys", {"folder": invocation.folders.keys})
    else:
        line(str(invocation.folders.keys))


def bring(
    invocation: Invocation,
    key: Annotated[Path, typer.Argument(metavar="KEY", help="Private key: PEM, curve P-256, no password.")],
    chain: Annotated[
        Path,
        typer.Argument(metavar="CHAIN", help="PEM with the key's certificate, then those that vouch for it."),
    ],
) -> None:
    """Sign with a key of your own, from an authority that others trust; the one before is kept beside it.

    \b
    [bold]Example[/bold]
      understudy keys import studio.key studio.pem
    """
    from understudy.safety.keys import import_key

    _shown(invocation, import_key(invocation.folders.keys, key, chain))


def _shown(invocation: Invocation, key: SigningKey) -> None:
    if invocation.json:
        said = {"name": key.name, "serial": key.serial, "expires": key.expires.isoformat()}
        write_json("keys", {**said, "folder": invocation.folders.keys})
        return
    line(f"signed by    {key.name}")
    line(f"number       {key.serial}")
    line(f"good until   {key.expires:%Y-%m-%d}")
    line(f"folder       {invocation.folders.keys}")
