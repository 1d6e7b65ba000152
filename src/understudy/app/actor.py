"""An actor: photos read, the face that is meant chosen in each, and photos of somebody else left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from understudy.app.album import Snapshot, open_album
from understudy.app.engine import Engine, Identity
from understudy.app.faces import face_number, faces_in
from understudy.core.errors import FaceError, InputError
from understudy.core.plan import ActorImage, Content
from understudy.core.types import Face, FloatArray, Notice
from understudy.library.person import of_one_person
from understudy.vision.canonical import load_canonical
from understudy.vision.roles import Picture
from understudy.vision.select import ranked, worth
from understudy.vision.swap.mesh.judge import judged

__all__ = ["Actor", "ActorPhoto", "read_actor"]

_DOUBTS: Final = {
    "small": "is small",
    "profile": "is turned far to the side",
    "cut": "is cut off by the picture's edge",
    "glasses": "wears glasses, which are painted on without their arms",
    "shadow": "lies in hard or coloured light, or partly under hair or a cap",
}
_MOST_PIXELS: Final = 150_000_000  # of all photos together: half a gigabyte
_NAMED: Final = 8  # photos that a notice names; of the rest it says how many there are


@dataclass(frozen=True, eq=False)
class ActorPhoto:
    """One photo of the actor and the face in it that is meant."""

    name: str
    picture: Picture
    face: Face
    content: Content

    @property
    def image(self) -> ActorImage:
        """What a resolved plan says of it."""
        left, top, right, bottom = (float(edge) for edge in self.face.bbox)
        return ActorImage(content=self.content, bbox=(left, top, right, bottom))


@dataclass(frozen=True, eq=False)
class Actor:
    """Somebody whose face goes in.

    Attributes:
        name: Of the photo, folder or faceset.
        photos: At least one.
    """

    name: str
    photos: tuple[ActorPhoto, ...]

    @property
    def faces(self) -> list[tuple[Picture, Face]]:
        """What a swapper's ``prepare`` takes."""
        return [(photo.picture, photo.face) for photo in self.photos]

    @property
    def doubtful(self) -> bool:
        """Whether no photo shows enough for a result that can be trusted."""
        return all(photo.face.confidence < 0.5 for photo in self.photos)


@dataclass(frozen=True, eq=False)
class _Sight:
    """A photo that was looked at.

    Attributes:
        snapshot: The photo.
        picture: None when there was no room to keep it.
        face: The one that is meant.
        number: Its place from the left, from 1.
        faces: How many there are.
        worth: How much it tells.
        embedding: Of length 1; None without an embedder.
    """

    snapshot: Snapshot
    picture: Picture | None
    face: Face
    number: int
    faces: int
    worth: float
    embedding: FloatArray | None


def read_actor(paths: Sequence[Path], wanted: str | int, engine: Engine) -> tuple[Actor, tuple[Notice, ...]]:
    """Read the photos of one actor and choose a face in each.

    In a folder or faceset, what is of no use is left out and named in a notice. So is, when there is an embedder here,
    whoever is not the person of most photos.

    Args:
        paths: Photos, folders of photos, facesets.
        wanted: Which face of a photo: ``"largest"``, ``"left"``, or its number from the left.
        engine: The models.

    Returns:
        The actor, and what the user should know.

    Raises:
        InputError: A photo cannot be read.
        UnsupportedMedia: One of them is a film, or a faceset that is refused.
        FaceError: There is no face, or not as many as the number asked for.
    """
    album = list(open_album(paths))
    identity = engine.identity_if_here() if len(album) > 1 else None
    seen: list[_Sight] = []
    unused: list[str] = []
    notices: list[Notice] = []
    for snapshot in album:
        try:
            sight = _look(snapshot, wanted, engine, identity)
        except (InputError, FaceError):
            if not snapshot.loose:
                raise
            unused.append(snapshot.name)
            continue
        notices += _remarks(sight, wanted)
        seen.append(sight)
        _make_room(seen)
    if unused:
        text = f"Not used, as no face can be made out: {_listed(unused)}."
        notices.append(Notice("unused-actor-photos", text))
    if not seen:
        raise FaceError(
            "There is no face in any of the actor's photos.",
            path=paths[0],
            next_step="Use sharp, well-lit photos of one face, from the front, at least 100 pixels wide.",
        )
    kept, found = _of_one_person(seen, identity)
    photos = [_photo(sight, sight.picture) for sight in kept if sight.picture is not None]
    if len(photos) < len(kept):
        text = f"The {len(photos)} best photos are used; {len(kept) - len(photos)} more are too much at once."
        found.append(Notice("actor-photos-spared", text))
    return Actor(paths[0].name, tuple(photos)), (*notices, *found)


def _look(snapshot: Snapshot, wanted: str | int, engine: Engine, identity: Identity | None) -> _Sight:
    picture = snapshot.read()
    faces = faces_in(picture, engine).faces
    if not faces:
        raise FaceError(
            "There is no face in the actor's photo.",
            path=snapshot.path,
            next_step="Use a sharp, well-lit photo of one face, from the front, at least 100 pixels wide.",
        )
    if isinstance(wanted, int) and not snapshot.loose:
        face = face_number(faces, wanted, "the actor's photo", snapshot.path)
    else:
        face = faces[0] if wanted == "left" else ranked(faces)[0]
    number = faces.index(face) + 1
    face = judged(load_canonical(), picture, face)
    embedding = None if identity is None else identity.of(picture, face)
    return _Sight(snapshot, picture, face, number, len(faces), worth(picture, face), embedding)


def _remarks(sight: _Sight, wanted: str | int) -> list[Notice]:
    """What there is to say about a photo that was named by the user."""
    if sight.snapshot.loose:
        return []
    name, remarks = sight.snapshot.name, []
    if sight.faces > 1:
        why = {"largest": ", the largest,", "left": ", the leftmost,"}.get(str(wanted), "")
        text = f"{name} has {sight.faces} faces; number {sight.number} from the left{why} is used. "
        text += "Choose another with --actor-face N; "
        remarks.append(Notice("several-actor-faces", text + "'understudy faces' numbers them."))
    if sight.face.flags:
        doubts = " and ".join(_DOUBTS[flag] for flag in sight.face.flags)
        text = f"The face in {name} {doubts}; a sharp photo from the front gives a better likeness "
        remarks.append(Notice("doubtful-actor-face", text + "(--also adds one)."))
    return remarks


def _make_room(seen: list[_Sight]) -> None:
    """Let go of the pictures that tell least, when together they are too large."""
    held = [index for index, sight in enumerate(seen) if sight.picture is not None]
    held.sort(key=lambda index: seen[index].worth)
    pixels = sum(sight.picture.width * sight.picture.height for sight in seen if sight.picture is not None)
    while pixels > _MOST_PIXELS and len(held) > 1:
        index = held.pop(0)
        picture = seen[index].picture
        assert picture is not None
        pixels -= picture.width * picture.height
        seen[index] = replace(seen[index], picture=None)


def _of_one_person(seen: list[_Sight], identity: Identity | None) -> tuple[list[_Sight], list[Notice]]:
    """Those that show whom most show, and what there is to say about the others."""
    embeddings = [sight.embedding for sight in seen if sight.embedding is not None]
    if identity is None or len(seen) < 2:
        if len(seen) < 3:
            return seen, []
        text = "Whether all photos of the actor show one person was not checked. It is, with: "
        text += "pip install 'understudy[identity]', then: understudy models pull dlib-resnet."
        return seen, [Notice("actor-photos-unchecked", text)]
    same = of_one_person(np.stack(embeddings), identity.same_person)
    kept = [sight for sight, belongs in zip(seen, same, strict=True) if belongs]
    others = [sight.snapshot.name for sight, belongs in zip(seen, same, strict=True) if not belongs]
    if others and len(kept) == 1:
        text = f"These do not look like one person, and all are used: {_listed([s.snapshot.name for s in seen])}."
        return seen, [Notice("actor-photos-differ", text)]
    if others:
        text = f"Not used, as it shows somebody else: {_listed(others)}."
        return kept, [Notice("another-person", text)]
    return kept, []


def _photo(sight: _Sight, picture: Picture) -> ActorPhoto:
    return ActorPhoto(sight.snapshot.name, picture, sight.face, sight.snapshot.content())


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
