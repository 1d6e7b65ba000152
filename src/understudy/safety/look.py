"""Looking: which cut-outs of a picture the gate's networks are shown, and what they see there.

The whole frame once, a little larger than the networks were made for; and everybody in it, cut out of the full-size
picture: whoever analysis follows, and every face that a network finds in the frame itself. So somebody small in a large
picture is seen at full size, for the price of one more look and not of a grid of tiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, repeat
from typing import Final

import numpy as np

from understudy.core.errors import Undetermined
from understudy.core.types import Face, FloatArray, Region
from understudy.core.verdict import Part, Seen
from understudy.safety.change import Before
from understudy.safety.evidence import Sample
from understudy.safety.policy import Policy
from understudy.safety.regions import around, fitted, shown
from understudy.safety.turns import Person, Turns
from understudy.vision.roles import Attributes, BgrImage, Finding, Gate, Picture

__all__ = ["GROWN_UP", "Inspector", "Place"]

GROWN_UP: Final = 25
"""Years that the youngest estimate must reach: estimates are wrong by some years, and may be so one way only."""

_WORTH: Final = 1.25  # a cut-out must show a person so many times larger than the frame did
_MOST: Final = 12  # faces found by the gate itself that are cut out
_KEPT: Final = 0.05  # scores below are not even kept; no policy can count them
_BODY: Final = (
    -2.5,
    -1.0,
    2.5,
    6.5,
)  # left, top, right, bottom of a person, in face sizes from the face's middle


@dataclass(frozen=True)
class Place:
    """What is looked at.

    Attributes:
        part, name, frame, time: See :class:`Sample`.
    """

    part: Part
    name: str
    frame: int = 0
    time: Fraction = Fraction(0)


class Inspector:
    """Shows pictures to the gate's networks.

    Args:
        policy: At which sizes.
        gates: The networks; at least one.
        attributes: Tells how old somebody looks; None where no such model is installed.
    """

    def __init__(self, policy: Policy, gates: Sequence[Gate], attributes: Attributes | None = None) -> None:
        self._policy, self._gates, self._attributes = policy, tuple(gates), attributes

    @property
    def models(self) -> tuple[tuple[str, str], ...]:
        """(name, SHA-256) of the networks."""
        return tuple((gate.name, gate.digest) for gate in self._gates)

    def finds_a_face(self, picture: Picture) -> bool:
        """Whether every network that knows faces sees one: the control that it sees anything at all.

        Raises:
            Undetermined: As :meth:`look`.
        """
        place = Place("target", "")
        try:
            everything = Region(0, 0, picture.width, picture.height)
            seen = self._view(place, picture, everything, self._policy.views.frame)
        except Exception as error:
            raise _failed(place, error) from error
        found = {hit.model for hit in seen if self._is_face(hit)}
        return all(gate.name in found for gate in self._gates if gate.faces)

    def look(
        self,
        place: Place,
        picture: Picture,
        faces: Sequence[Face],
        *,
        tracks: Sequence[int] = (),
        turns: Turns | None = None,
    ) -> Sample:
        """Look at a whole picture and at everybody in it.

        Args:
            place: What it is.
            picture: It.
            faces: Those that are known.
            tracks: Their numbers in a film.
            turns: Who of a film is cut out this time; everybody without.

        Raises:
            Undetermined: Something went wrong, whatever it was.
        """
        try:
            everything = Region(0, 0, picture.width, picture.height)
            seen = self._view(place, picture, everything, self._policy.views.frame)
            boxes = [face.bbox for face in faces]
            boxes += list(self._strangers(seen, boxes))
            people = list(self._people(picture, zip(boxes, chain(tracks, repeat(None)), strict=False)))
            if turns is not None:
                people = turns.choose(place.time, people)
            for person in people:
                seen += self._view(place, picture, person.region, self._policy.views.person)
            return self._sample(place, picture, faces, seen, 1 + len(people))
        except Exception as error:
            raise _failed(place, error) from error

    def before(self, place: Place, picture: Picture, faces: Sequence[Face]) -> Before:
        """What is kept of a frame, so that :meth:`look_changed` knows what became of it.

        Args:
            place, picture, faces: As for :meth:`look`.

        Raises:
            Undetermined: Something went wrong, whatever it was.
        """
        try:
            return Before(picture, faces, self._policy.views.frame, self._policy.views.changed)
        except Exception as error:
            raise _failed(place, error) from error

    def look_changed(
        self, place: Place, picture: Picture, faces: Sequence[Face], known: Sample, before: Before
    ) -> Sample:
        """Look at what was changed in a frame; the rest is the target, of which a sample is ``known``.

        Args:
            place, picture, faces: As for :meth:`look`.
            known: What was seen of the frame before.
            before: What it showed.

        Raises:
            Undetermined: Something went wrong, whatever it was.
        """
        try:
            seen: list[Seen] = []
            changes = list(before.changes(picture))
            for change in changes:
                seen += self._ask(place, change.pixels, change.region)
            sample = self._sample(place, picture, faces, seen, len(changes))
            return replace(sample, changed=bool(changes), grown_up=known.grown_up and sample.grown_up)
        except Exception as error:
            raise _failed(place, error) from error

    def _view(self, place: Place, picture: Picture, region: Region, side: int) -> list[Seen]:
        return self._ask(place, shown(picture, region, side), region)

    def _ask(self, place: Place, pixels: BgrImage, region: Region) -> list[Seen]:
        """What the networks find in the pixels of a region."""
        found = []
        for gate in self._gates:
            for finding in gate.look(pixels, max(pixels.shape[:2])):
                if not np.isfinite(finding.score):
                    raise ValueError(f"{gate.name} gave a score that is no number")
                if finding.score >= _KEPT:
                    found.append(_seen(place, gate.name, finding, region, region.width / pixels.shape[1]))
        return found

    def _strangers(self, seen: Sequence[Seen], known: Sequence[FloatArray]) -> Iterator[FloatArray]:
        """Boxes of faces that the gate found and analysis does not follow."""
        faces = [hit for hit in seen if hit.box is not None and self._is_face(hit)]
        for hit in sorted(faces, key=lambda hit: -hit.score)[:_MOST]:
            box = np.array(hit.box, np.float32)
            middle = (box[:2] + box[2:]) / 2
            if not any((other[:2] <= middle).all() and (middle <= other[2:]).all() for other in known):
                yield box

    def _is_face(self, hit: Seen) -> bool:
        return any(gate.name == hit.model and hit.label in gate.faces for gate in self._gates)

    def _people(self, picture: Picture, found: Iterable[tuple[FloatArray, int | None]]) -> Iterator[Person]:
        """Those whom a cut-out shows larger than the whole frame did."""
        views = self._policy.views
        whole = min(views.frame / max(picture.width, picture.height), 1.0)
        for box, track in found:
            region = around(box, _BODY, picture.width, picture.height)
            if min(views.person / max(region.width, region.height), 1.0) >= _WORTH * whole:
                width, height = fitted(region, views.person)
                yield Person(track, box, region, width * height)

    def _sample(
        self, place: Place, picture: Picture, faces: Sequence[Face], seen: Sequence[Seen], views: int
    ) -> Sample:
        nudity = {(gate.name, label) for gate in self._gates for label in gate.exposed}
        counted = {(row.model, row.label) for row in self._policy.counted} | nudity
        kept = tuple(hit for hit in seen if (hit.model, hit.label) in counted)
        in_doubt = any((hit.model, hit.label) in nudity for hit in kept)
        others = sum(map(self._is_face, seen)) > len(faces)
        grown_up = in_doubt and not others and self._grown_up(picture, faces)
        models = tuple(gate.name for gate in self._gates)
        return Sample(
            place.part,
            place.name,
            place.frame,
            place.time,
            models,
            views,
            True,
            grown_up or not in_doubt,
            kept,
        )

    def _grown_up(self, picture: Picture, faces: Sequence[Face]) -> bool:
        """Whether everybody is surely grown up. Asked only where there is nudity."""
        describe = self._attributes.describe if self._attributes else None
        return (
            describe is not None
            and bool(faces)
            and all(describe(picture, face).age[0] >= GROWN_UP for face in faces)
        )


def _seen(place: Place, model: str, finding: Finding, region: Region, scale: float) -> Seen:
    box = None
    if finding.box is not None:
        left, top, right, bottom = (round(edge * scale, 1) for edge in finding.box)
        box = (left + region.x, top + region.y, right + region.x, bottom + region.y)
    score = round(finding.score, 4)
    return Seen(place.part, place.name, place.frame, place.time, model, finding.label, score, box)


def _failed(place: Place, error: Exception) -> Undetermined:
    if isinstance(error, Undetermined):
        return error
    return Undetermined(
        f"The gate could not look at frame {place.frame} of the {place.part}: {str(error) or type(error).__name__}",
        path=place.name,
        next_step="Nothing was written. 'understudy doctor' looks at the gate; --debug shows the whole cause.",
    )
