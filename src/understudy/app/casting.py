"""Everybody in a plan: the actors read, and the people of the target who are known by a picture recognised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from understudy.analysis.casting import Rules, Wanted
from understudy.app.actor import Actor, read_actor
from understudy.app.content import content_of
from understudy.app.engine import Engine
from understudy.app.faces import face_number, find_faces
from understudy.core.errors import FaceError, PlanError
from understudy.core.plan import Casting, CastRole, Plan, ReferenceImage
from understudy.core.types import Face, FloatArray, Notice
from understudy.media.files import check_input
from understudy.media.probe import sniff_kind
from understudy.vision.roles import Picture
from understudy.vision.select import ranked

__all__ = ["Ensemble", "gather", "nobody_found"]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Who plays whom, ready to be found in the target.

    Attributes:
        actors: By the number that :class:`understudy.core.types.TrackedFace` has of them.
        roles: What a resolved plan says of each of these.
        names: For people: the picture that says whom an actor plays, or None for whoever is chosen.
        rules: How they are found.
        reference: Whom alone to work on, when there are no actors.
        notices: What the user should know.
    """

    actors: tuple[Actor, ...]
    roles: tuple[CastRole, ...]
    names: tuple[str | None, ...]
    rules: Rules
    reference: ReferenceImage | None
    notices: tuple[Notice, ...]

    @property
    def photos(self) -> Iterator[tuple[str, str, Picture, list[Face]]]:
        """Each actor's photos as the content gate takes them: name, SHA-256, picture, faces."""
        for actor in self.actors:
            for photo in actor.photos:
                yield photo.name, photo.content.sha256, photo.picture, [photo.face]


@dataclass(frozen=True, eq=False)
class _Known:
    """A person of the target: how a user calls the picture, what a resolved plan says of it, and who it is."""

    name: str
    image: ReferenceImage
    embedding: FloatArray


def gather(plan: Plan, engine: Engine) -> Ensemble:
    """Read the actors' photos and the pictures of those whom they play.

    Args:
        plan: The request.
        engine: The models.

    Raises:
        PlanError: The casting contradicts itself.
        InputError: A picture cannot be read, or the film has no such frame.
        FaceError: There is no face in one, or not as many as the number asked for.
        ModelError, DependencyMissing: What tells people apart, or how they look, is not here.
    """
    casting = plan.casting
    notices: list[Notice] = []
    actors: list[Actor] = []
    known: list[_Known | None] = []
    swaps = plan.look.swapper != "none"
    alone = _reference(casting, plan.source.path, engine)
    wanted = [] if alone is None else [Wanted(alone.embedding, 0)]
    if swaps and casting.actor:
        actor, said = read_actor(casting.actor, casting.actor_face, engine)
        actors.append(actor)
        known.append(alone)
        notices += said
    for role in casting.cast if swaps else ():
        person, said_of_role = _role(role.reference, engine)
        actor, said = read_actor(role.actor, casting.actor_face, engine)
        wanted.append(Wanted(person.embedding, len(actors)))
        actors.append(actor)
        known.append(person)
        notices += (*said_of_role, *said)
    roles = tuple(
        CastRole(
            actor=tuple(photo.image for photo in actor.photos), reference=person.image if person else None
        )
        for actor, person in zip(actors, known, strict=True)
    )
    chosen_freely = alone is None and (bool(casting.actor) or not swaps)
    return Ensemble(
        tuple(actors),
        roles,
        tuple(person.name if person else None for person in known),
        _rules(casting, tuple(wanted), 0 if chosen_freely else None, engine),
        alone.image if alone is not None and not swaps else None,
        tuple(dict.fromkeys(notices)),
    )


def nobody_found(ensemble: Ensemble, target: Path) -> FaceError | None:
    """Why nobody was replaced, when it may be that nobody was the one who is wanted; else None.

    Args:
        ensemble: Who was looked for.
        target: Where.
    """
    rules = ensemble.rules
    if rules.wanted:
        return FaceError(
            "Nobody in it looks like who is to be replaced.",
            path=target,
            next_step=f"Lower --similarity, which is {rules.similarity:.2f}; or show the person as they look in it, "
            "with --reference-frame N: 'understudy faces' numbers who is in a frame.",
        )
    if rules.position > 1:
        return FaceError(
            f"In no frame of it are there {rules.position} faces.",
            path=target,
            next_step="'understudy faces' shows who is seen; choose a lower --face-position.",
        )
    if rules.attributes is not None:
        return FaceError(
            "No face in it looks like the gender or the age that is asked for.",
            path=target,
            next_step="Leave out --gender and --age; 'understudy faces' shows who is there.",
        )
    return None


def _rules(casting: Casting, wanted: tuple[Wanted, ...], actor: int | None, engine: Engine) -> Rules:
    similarity = casting.similarity
    if similarity is None:
        similarity = engine.identity.same_person if wanted else 0.0
    by_looks = casting.gender is not None or casting.age is not None
    return Rules(
        faces=casting.faces,
        order=casting.face_order,
        position=casting.face_position,
        actor=actor,
        wanted=wanted,
        similarity=similarity,
        embedder=engine.identity.embedder if wanted else None,
        gender=casting.gender,
        age=casting.age,
        attributes=engine.attributes if by_looks else None,
    )


def _reference(casting: Casting, target: Path, engine: Engine) -> _Known | None:
    """Whom ``--reference``, ``--reference-frame`` and ``--reference-face`` mean."""
    path, frame = casting.reference, casting.reference_frame
    if path is None and frame is None:
        return None
    path = path or target
    check_input(path)
    film = sniff_kind(path) == "video"
    if film and frame is None:
        raise PlanError(
            "The reference is a film, and it is not said which frame of it.",
            path=path,
            next_step=f"Add --reference-frame N; 'understudy faces {path} --frame N' shows who is in it.",
        )
    if frame is not None and casting.reference is not None and not film:
        raise PlanError("The reference is a photo, which has no frames.", path=path)
    scene = find_faces(path, engine, frame=frame or 0)
    where = f"frame {frame}" if film else "the reference"
    face = face_number(scene.faces, casting.reference_face, where, path)
    name = f"{path.name}, frame {frame}" if film else path.name
    return _known(name, path, frame if film else None, scene.picture, face, engine)


def _role(path: Path, engine: Engine) -> tuple[_Known, tuple[Notice, ...]]:
    """The person in a picture given with ``--cast``."""
    check_input(path)
    if sniff_kind(path) != "photo":
        raise PlanError(
            "A role is given by a photo, and this is a film.",
            path=path,
            next_step=f"Take a picture out of it, with the face on it: understudy faces {path} --frame N --draw",
        )
    scene = find_faces(path, engine)
    if not scene.faces:
        raise FaceError(
            "There is no face in the picture of the role.",
            path=path,
            next_step="Use a sharp picture of the person in the target, from the front.",
        )
    face = ranked(scene.faces)[0]
    notices: tuple[Notice, ...] = ()
    if len(scene.faces) > 1:
        text = f"{path.name} has {len(scene.faces)} faces; the largest is taken for the role."
        notices = (Notice("several-role-faces", text),)
    return _known(path.name, path, None, scene.picture, face, engine), notices


def _known(name: str, path: Path, frame: int | None, picture: Picture, face: Face, engine: Engine) -> _Known:
    left, top, right, bottom = (float(edge) for edge in face.bbox)
    image = ReferenceImage(content=content_of(path), bbox=(left, top, right, bottom), frame=frame)
    return _Known(name, image, engine.identity.of(picture, face))
