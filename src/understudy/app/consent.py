"""Consent: recorded for an actor, and looked up for a job."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from understudy.app.actor import Actor, read_actor
from understudy.app.album import open_album
from understudy.app.engine import Engine, Identity
from understudy.core.errors import ConsentMissing, InputError, PlanError
from understudy.core.plan import ConsentRef, Plan
from understudy.core.types import Notice, Progress
from understudy.safety.consent import Consent, ConsentStore, FacePrint, Likeness, covering

__all__ = ["consent_for", "give_consent"]


def give_consent(
    photos: Sequence[Path],
    engine: Engine,
    *,
    who: str,
    scope: str,
    until: str | None = None,
    document: Path | None = None,
) -> Generator[Progress, None, Consent]:
    """Record that somebody agrees to having their face used; the record is returned.

    Args:
        photos: Of their face: photos, folders, facesets.
        engine: The models; what tells people apart is used if it is here, and nothing is fetched for that.
        who: Their name, or whatever they are known by.
        scope: What they agree to.
        until: The last day on which it counts, as YYYY-MM-DD.
        document: What they signed; only its digest is kept.

    Yields:
        Progress.

    Raises:
        PlanError: A text is empty, or the day is none or is past.
        InputError, FaceError: A photo cannot be read, or shows no face.
        OutputError: The record cannot be kept.
    """
    last = _day(until)
    if not who.strip() or not scope.strip():
        raise PlanError(
            "A record says who agrees and to what.", next_step='Such as: --who Ada --scope "the film X".'
        )
    signed = None if document is None else _digest(document)
    digests = tuple(dict.fromkeys(snapshot.content().sha256 for snapshot in open_album(photos)))
    prints: tuple[FacePrint, ...] = ()
    if (identity := engine.identity_if_here()) is not None:
        yield from engine.prepare()
        actor, _ = read_actor(photos, "largest", engine)
        prints = tuple(_print(identity, actor))
    record = Consent(
        id=secrets.token_hex(6),
        who=who.strip(),
        scope=scope.strip(),
        given=datetime.now(UTC),
        until=last,
        photos=digests,
        prints=prints,
        document=signed,
    )
    engine.consent.add(record)
    return record


def consent_for(
    plan: Plan, actors: Sequence[Actor], engine: Engine
) -> tuple[tuple[ConsentRef, ...], tuple[Notice, ...]]:
    """The records on which a job rests, and what is said when there are none.

    Raises:
        ConsentMissing: An actor has none that is valid, and the plan requires it.
        InputError: The records cannot be read.
    """
    found: dict[str, ConsentRef] = {}
    missing = []
    for actor in actors:
        refs = _covering(engine.consent, actor, engine)
        found |= {ref.id: ref for ref in refs}
        if not refs:
            missing.append(actor.name)
    if not missing:
        return tuple(found.values()), ()
    names = ", ".join(missing)
    if plan.casting.require_consent:
        raise ConsentMissing(
            f"No valid consent is on record for {names}.",
            next_step="Record it: understudy consent add --actor PHOTO --who NAME --scope WHAT",
        )
    text = f"No valid consent is on record for {names}, and the result says so; 'understudy consent add' records it."
    return tuple(found.values()), (Notice("consent-absent", text),)


def _covering(store: ConsentStore, actor: Actor, engine: Engine) -> tuple[ConsentRef, ...]:
    """By the photos alone if that is enough, else by what the faces look like."""
    records = store.records()
    known = covering(records, [Likeness(photo.content.sha256) for photo in actor.photos])
    if known or not any(record.prints for record in records):
        return known
    identity = engine.identity_if_here()
    if identity is None:
        return ()
    faces = [
        Likeness(
            photo.content.sha256,
            identity.embedder.digest,
            identity.of(photo.picture, photo.face),
            identity.same_person,
        )
        for photo in actor.photos
    ]
    return covering(records, faces)


def _print(identity: Identity, actor: Actor) -> Iterator[FacePrint]:
    for photo in actor.photos:
        vector = tuple(round(float(value), 6) for value in identity.of(photo.picture, photo.face))
        yield FacePrint(embedder=identity.embedder.digest, vector=vector)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PlanError(f"{text!r} is no day.", next_step="Write it as 2027-12-31.") from error
    if day < datetime.now(UTC).date():
        raise PlanError(f"{text} is past.", next_step="Name the last day on which the consent counts.")
    return day


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"The document cannot be read: {error.strerror}.", path=path, next_step="Check the name."
        ) from error
