"""The actor's photos: read, looked at, and the face that is meant chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.app.engine import Engine
from understudy.app.faces import faces_in
from understudy.core.errors import FaceError, UnsupportedMedia
from understudy.core.plan import Casting
from understudy.core.types import Face, Notice
from understudy.media.images import read_image
from understudy.media.probe import sniff_kind
from understudy.vision.roles import Picture
from understudy.vision.select import select

__all__ = ["ActorPhoto", "read_actor"]

_NUMBERED = "'understudy faces' numbers them."
_DOUBTS = {
    "small": "is small",
    "profile": "is turned far to the side",
    "cut": "is cut off by the picture's edge",
}


@dataclass(frozen=True, eq=False)
class ActorPhoto:
    """One photo of the actor and the face in it that is meant."""

    path: Path
    picture: Picture
    face: Face


def read_actor(casting: Casting, engine: Engine) -> tuple[list[ActorPhoto], list[Notice]]:
    """Read the photos and choose a face in each.

    Returns:
        The photos, and a notice for each in which there was a choice or whose face is hard to use.

    Raises:
        InputError: A photo cannot be read.
        UnsupportedMedia: One of them is a film.
        FaceError: There is no face, or not as many as the number asked for.
    """
    photos, notices = [], []
    for path in casting.actor:
        if sniff_kind(path) != "photo":
            raise UnsupportedMedia(
                "The actor must be a photo, and this is a film.",
                path=path,
                next_step=f"Take a picture out of it: understudy preview, or any player. The film as target: "
                f"understudy swap ACTOR.jpg {path}",
            )
        picture = read_image(path).frame
        faces = faces_in(picture, engine).faces
        number = _choose(path, faces, casting.actor_face)
        if len(faces) > 1:
            notices.append(_say_which(path, faces, number, casting.actor_face))
        face = faces[number - 1]
        if face.flags:
            notices.append(_say_doubt(path, face))
        photos.append(ActorPhoto(path, picture, face))
    return photos, notices


def _choose(path: Path, faces: Sequence[Face], wanted: str | int) -> int:
    """The number of the face that is meant; the first from the left is 1."""
    if not faces:
        raise FaceError(
            "There is no face in the actor's photo.",
            path=path,
            next_step="Use a sharp, well-lit photo of one face, from the front, at least 100 pixels wide.",
        )
    if isinstance(wanted, int):
        if wanted > len(faces):
            count = "only one face" if len(faces) == 1 else f"only {len(faces)} faces"
            raise FaceError(
                f"There is {count} in the actor's photo, no number {wanted}.", path=path, next_step=_NUMBERED
            )
        return wanted
    if wanted == "left":
        return 1
    return faces.index(select(faces, "one")[0]) + 1


def _say_which(path: Path, faces: Sequence[Face], number: int, wanted: str | int) -> Notice:
    why = {"largest": ", the largest,", "left": ", the leftmost,"}.get(str(wanted), "")
    return Notice(
        "several-actor-faces",
        f"{path.name} has {len(faces)} faces; number {number} from the left{why} is used. "
        f"Choose another with --actor-face N; {_NUMBERED}",
    )


def _say_doubt(path: Path, face: Face) -> Notice:
    doubts = " and ".join(_DOUBTS[flag] for flag in face.flags)
    return Notice(
        "doubtful-actor-face",
        f"The face in {path.name} {doubts}; a sharp photo from the front gives a better likeness "
        "(--also adds one).",
    )
