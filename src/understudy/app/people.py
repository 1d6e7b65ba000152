"""The people that a plan means, found in an analysis of its target."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from understudy.analysis.casting import LookSpan
from understudy.analysis.people import mean_of
from understudy.analysis.roles import recognise
from understudy.app.analysis import Whole
from understudy.app.casting import Ensemble
from understudy.app.engine import Engine
from understudy.core.casting import Casting
from understudy.core.errors import FaceError, PlanError
from understudy.core.people import Person, Roster
from understudy.core.plan import PersonRef, Plan
from understudy.core.references import VariationRef
from understudy.core.types import FloatArray, Progress
from understudy.core.variation import Variation

__all__ = ["asked_for", "find_people", "similarity_of"]


def similarity_of(casting: Casting, engine: Engine) -> float:
    """Least cosine of somebody to the picture by which they are known."""
    return engine.identity.same_person if casting.similarity is None else casting.similarity


def find_people(
    ensemble: Ensemble, plan: Plan, whole: Whole, engine: Engine
) -> Generator[Progress, None, Ensemble]:
    """The ensemble with its people found in the target.

    Args:
        ensemble: From :func:`understudy.app.casting.gather`.
        plan: What was asked.
        whole: The target.
        engine: The models.

    Yields:
        Progress, if faces have to be looked at.

    Raises:
        PlanError: There is nobody of a number or name; says who is there.
        ModelError, DependencyMissing: What tells people apart, or how they look, is not here.
    """
    people, casting, target = whole.roster.people, plan.casting, plan.source.path
    found: list[set[int]] = [set() for _ in ensemble.wanted]
    for place, wanted in enumerate(ensemble.wanted):
        found[place] |= {asked_for(whole.roster, each, target).number for each in wanted.asked}
    pictures = [place for place, wanted in enumerate(ensemble.wanted) if wanted.embedding is not None]
    if pictures:
        shown = yield from _recognised(ensemble, pictures, casting, whole, engine)
        for person, picture in zip(people, shown, strict=True):
            if picture is not None:
                found[pictures[picture]].add(person.number)
    excluded = {asked_for(whole.roster, each, target).number for each in casting.exclude}
    barred = {*excluded, *_looking_otherwise(casting, people, whole, engine)}
    roles = {
        number: wanted.actor
        for wanted, numbers in zip(ensemble.wanted, found, strict=True)
        for number in numbers
    }
    variations = [
        _variation(each, number, whole, target)
        for each, number in zip(casting.for_, _look_numbers(plan), strict=True)
    ]
    rules = replace(
        ensemble.rules,
        people={track: person.number for person in people for track in person.tracks},
        roles={number: actor for number, actor in roles.items() if number not in barred},
        barred=frozenset(barred),
        looks=tuple(
            LookSpan(each.look, each.person.number if each.person else None, each.start, each.stop)
            for each in variations
        ),
    )
    return replace(
        ensemble,
        rules=rules,
        found=tuple(tuple(_reference(whole, number) for number in sorted(numbers)) for numbers in found),
        excluded=tuple(_reference(whole, number) for number in sorted(excluded)),
        variations=tuple(variations),
    )


def asked_for(roster: Roster, asked: str, target: Path) -> Person:
    """The person of a number or a name.

    Raises:
        FaceError: There is nobody in the target at all.
        PlanError: There is nobody of that number or name.
    """
    if not roster.people:
        raise FaceError(
            "There is nobody in it.", path=target, next_step="'understudy faces' shows what is seen."
        )
    person = roster.who(asked)
    if person is None:
        names = [
            f"{each.number} ({each.name})" if each.name else str(each.number) for each in roster.people[:12]
        ]
        more = ", ..." if len(roster.people) > len(names) else ""
        count = (
            f"is 1 person: {names[0]}"
            if len(names) == 1
            else f"are {len(roster.people)} people: {', '.join(names)}"
        )
        raise PlanError(
            f"There is no person {asked!r} in it; there {count}{more}.",
            path=target,
            next_step=f"See who is who: understudy analyse {target}",
        )
    return person


def _look_numbers(plan: Plan) -> list[int | None]:
    """For each variation the number of its look; None leaves the face as it is."""
    looks = plan.looks
    return [None if look is None else looks.index(look) for look in plan.variants]


def _variation(said: Variation, look: int | None, whole: Whole, target: Path) -> VariationRef:
    who = None if said.who is None else _reference(whole, asked_for(whole.roster, said.who, target).number)
    return VariationRef(person=who, start=said.start, stop=said.stop, look=look)


def _reference(whole: Whole, number: int) -> PersonRef:
    exemplar = whole.roster.people[number - 1].exemplar
    return PersonRef(analysis=whole.key, number=number, pts=exemplar.pts, bbox=exemplar.bbox)


def _recognised(
    ensemble: Ensemble, pictures: list[int], casting: Casting, whole: Whole, engine: Engine
) -> Generator[Progress, None, list[int | None]]:
    """Which of the pictures shows each person."""
    people, embedder = whole.roster.people, engine.identity.embedder
    known = np.stack([np.asarray(ensemble.wanted[place].embedding) for place in pictures])
    alike = np.full((len(people), len(pictures)), -1.0, np.float32)
    for row, person in enumerate(people):
        mean: FloatArray | None = mean_of(whole.observed, person.tracks, embedder)
        if mean is not None:
            alike[row] = known @ mean
        yield Progress("identify", row + 1, len(people), "steps")
    return recognise(alike, _apart(people, whole), similarity_of(casting, engine))


def _apart(people: Iterable[Person], whole: Whole) -> NDArray[np.bool_]:
    """(p, p) who is seen beside whom."""
    frames = [
        set(np.concatenate([whole.observed.tracks[track] for track in person.tracks]).tolist())
        for person in people
    ]
    apart = np.array([[bool(one & other) for other in frames] for one in frames]).reshape(
        len(frames), len(frames)
    )
    np.fill_diagonal(apart, False)
    return apart


def _looking_otherwise(casting: Casting, people: Iterable[Person], whole: Whole, engine: Engine) -> set[int]:
    """Who is not of the gender or the age that is asked for, by most of the best views of them."""
    if not casting.by_looks:
        return set()
    others = set()
    for person in people:
        views = [view for track in person.tracks for view in whole.observed.views.get(track, ())]
        best = sorted(views, key=lambda view: -view.worth)[:5]
        looks = [engine.attributes.describe(view.picture, view.face) for view in best]
        fits = 2 * sum(look.gender == casting.gender for look in looks) > len(looks)
        if casting.gender is not None and not fits:
            others.add(person.number)
        if casting.age is not None:
            youngest, oldest = np.median([look.age for look in looks], 0)
            if not (youngest <= casting.age[1] and oldest >= casting.age[0]):
                others.add(person.number)
    return others
