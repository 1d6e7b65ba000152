"""Everybody in a plan: the actors read, and the pictures by which people of the target are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from understudy.analysis.casting import Rules
from understudy.app.actor import Actor, read_actor
from understudy.app.content import content_of
from understudy.app.engine import Engine
from understudy.app.faces import face_number, find_faces
from understudy.core.errors import FaceError, PlanError
from understudy.core.plan import Casting, CastRole, PersonRef, Plan, ReferenceImage, Role
from understudy.core.references import VariationRef
from understudy.core.types import Face, FloatArray, Notice
from understudy.media.files import check_input
from understudy.media.probe import sniff_kind
from understudy.vision.roles import Picture
from understudy.vision.select import ranked

__all__ = ["Ensemble", "Wanted", "gather", "nobody_found"]


@dataclass(frozen=True, eq=False)
class Wanted:
    """Somebody in the target who is to be found.

    Attributes:
        actor: Who plays them.
        name: Of the picture, or of the person.
        asked: The people, by number or name, when they are not known by a picture.
        image: What a resolved plan says of the picture.
        embedding: (d,) of length 1, of the face in it.
    """

    actor: int
    name: str
    asked: tuple[str, ...] = ()
    image: ReferenceImage | None = None
    embedding: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Who plays whom.

    Attributes:
        actors: By the number that :class:`understudy.core.types.TrackedFace` has of them.
        wanted: People of the target who are found first; each actor has one at most.
        rules: How everybody else is chosen; whole once the people are found (:func:`understudy.app.people.find`).
        notices: What the user should know.
        found: For each of ``wanted``: who they are in the target.
        excluded: Who stays as they are.
        variations: Who looks otherwise, and when.
    """

    actors: tuple[Actor, ...]
    wanted: tuple[Wanted, ...]
    rules: Rules
    notices: tuple[Notice, ...]
    found: tuple[tuple[PersonRef, ...], ...] = ()
    excluded: tuple[PersonRef, ...] = ()
    variations: tuple[VariationRef, ...] = ()

    @property
    def names(self) -> tuple[str | None, ...]:
        """For people: whom each actor plays, or None for whoever is chosen."""
        names = {wanted.actor: wanted.name for wanted in self.wanted}
        return tuple(names.get(number) for number in range(len(self.actors)))

    @property
    def roles(self) -> tuple[CastRole, ...]:
        """What a resolved plan says of each actor."""
        images = {wanted.actor: wanted.image for wanted in self.wanted}
        people = {
            wanted.actor: found
            for wanted, found in zip(self.wanted, self.found, strict=bool(self.found))
            if wanted.asked
        }
        return tuple(
            CastRole(
                actor=tuple(photo.image for photo in actor.photos),
                reference=images.get(number),
                people=people.get(number, ()),
            )
            for number, actor in enumerate(self.actors)
        )

    @property
    def photos(self) -> Iterator[tuple[str, str, Picture, list[Face]]]:
        """Each actor's photos as the content gate takes them: name, SHA-256, picture, faces."""
        for actor in self.actors:
            for photo in actor.photos:
                yield photo.name, photo.content.sha256, photo.picture, [photo.face]


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
    swaps = plan.look.swapper != "none"
    if casting.by_looks:
        _ = engine.attributes  # before anything long begins
    alone = _alone(casting, plan.source.path, engine)
    wanted = [] if alone is None else [alone]
    if swaps and casting.actor:
        actor, said = read_actor(casting.actor, casting.actor_face, engine)
        actors.append(actor)
        notices += said
    for role in casting.cast if swaps else ():
        person, said_of_role = _role(role, len(actors), engine)
        actor, said = read_actor(role.actor, casting.actor_face, engine)
        wanted.append(person)
        actors.append(actor)
        notices += (*said_of_role, *said)
    chosen_freely = alone is None and (bool(casting.actor) or not swaps)
    rules = Rules(
        faces=casting.faces,
        order=casting.face_order,
        position=casting.face_position,
        actor=0 if chosen_freely else None,
    )
    return Ensemble(tuple(actors), tuple(wanted), rules, tuple(dict.fromkeys(notices)))


def nobody_found(plan: Plan, ensemble: Ensemble, similarity: float) -> FaceError | None:
    """Why nobody was replaced, when it may be that nobody was the one who is wanted; else None.

    Args:
        plan: What was asked.
        ensemble: Who was looked for.
        similarity: How like their picture they had to be.
    """
    casting, target = plan.casting, plan.source.path
    if any(wanted.embedding is not None for wanted in ensemble.wanted):
        return FaceError(
            "Nobody in it looks like who is to be replaced.",
            path=target,
            next_step=f"Lower --similarity, which is {similarity:.2f}; or choose them by number: "
            f"'understudy analyse {target}' shows who is in it.",
        )
    if casting.face_position > 1:
        return FaceError(
            f"In no frame of it are there {casting.face_position} faces.",
            path=target,
            next_step="'understudy faces' shows who is seen; choose a lower --face-position.",
        )
    if casting.by_looks:
        return FaceError(
            "No face in it looks like the gender or the age that is asked for.",
            path=target,
            next_step="Leave out --gender and --age; 'understudy faces' shows who is there.",
        )
    return None


def _alone(casting: Casting, target: Path, engine: Engine) -> Wanted | None:
    """Whom alone ``--person`` or a reference means."""
    if casting.person:
        return Wanted(0, ", ".join(casting.person), asked=casting.person)
    return _reference(casting, target, engine)


def _reference(casting: Casting, target: Path, engine: Engine) -> Wanted | None:
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
    return _known(0, name, path, frame if film else None, scene.picture, face, engine)


def _role(role: Role, actor: int, engine: Engine) -> tuple[Wanted, tuple[Notice, ...]]:
    """The person given with ``--cast``."""
    path = role.reference
    if not role.by_picture:
        return Wanted(actor, path.name, asked=(path.name,)), ()
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
    return _known(actor, path.name, path, None, scene.picture, face, engine), notices


def _known(
    actor: int, name: str, path: Path, frame: int | None, picture: Picture, face: Face, engine: Engine
) -> Wanted:
    left, top, right, bottom = (float(edge) for edge in face.bbox)
    image = ReferenceImage(content=content_of(path), bbox=(left, top, right, bottom), frame=frame)
    return Wanted(actor, name, image=image, embedding=engine.identity.of(picture, face))
