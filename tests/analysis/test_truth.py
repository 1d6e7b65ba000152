"""Faces understood over time, against scenes with exact truth: nobody missed, nobody mistaken, nothing late.

The same scenes at full size, with the shared portraits and beside detection frame by frame: benchmarks/tracking.py.
Here they are smaller and shorter, and the package's own two people play in them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from understudy.app.engine import Identity
from understudy.models.cache import Cache
from understudy.models.pool import SessionPool
from understudy.vision.detect.blazeface import BlazeFace
from understudy.vision.embed.dlib import DlibEmbedder
from understudy.vision.embed.families import same_person
from understudy.vision.landmark.facemesh import FaceMesh

sys.path.append(str(Path(__file__).parents[1] / "corpus"))

from truth import Seen
from truth_methods import Counted, Take, draw, follow
from truth_people import Person, read_people
from truth_scenes import scene
from truth_scores import Film, Found, identities_of, measure_motion, missed

pytestmark = pytest.mark.thorough

SCALE: Final = 0.4
FRAMES: Final = {"rest": 24, "sway": 60, "turn": 96, "crossing": 80, "cut": 70, "hidden": 78, "shaken": 24}


@dataclass(frozen=True, eq=False, repr=False)
class Watched:
    """A scene that was followed."""

    film: Film
    searches: int


@dataclass(frozen=True, eq=False, repr=False)
class Watcher:
    """Follows scenes, each once."""

    detector: BlazeFace
    landmarker: FaceMesh
    people: list[Person]
    done: dict[tuple[str, bool], Watched]
    takes: dict[str, Take]

    def take(self, name: str) -> Take:
        if name not in self.takes:
            self.takes[name] = draw(name, self.people, SCALE, FRAMES[name])
        return self.takes[name]

    def watch(self, name: str, identity: Identity | None = None) -> Watched:
        key = name, identity is not None
        if key not in self.done:
            take, detector = self.take(name), Counted(self.detector)
            found = follow(take.frames, detector, self.landmarker, identity)
            self.done[key] = Watched(Film(take.truth, take.shots, found), detector.whole)
        return self.done[key]


@pytest.fixture(scope="module")
def watcher(sessions: SessionPool) -> Watcher:
    rows = sessions.cache.catalog
    short, mesh = rows["blazeface-short"], rows["facemesh-468"]
    detector, landmarker = BlazeFace(sessions.session(short), short), FaceMesh(sessions.session(mesh), mesh)
    return Watcher(detector, landmarker, read_people(detector, landmarker, None), {}, {})


def nobody_is_missed(watched: Watched) -> None:
    lost, _ = missed(watched.film)
    assert lost <= 0.01 * watched.film.seen


def nobody_is_invented(watched: Watched) -> None:
    assert missed(watched.film)[1] == 0


def nobody_is_mistaken(watched: Watched) -> None:
    """Within a shot everybody keeps one identity, and no two share one."""
    given = identities_of(watched.film)
    assert [names for names in given.values() if len(names) != 1] == []
    everybody = [(shot, names[0]) for (shot, _), names in given.items()]
    assert len(set(everybody)) == len(everybody)


def landmarks_rest(watched: Watched) -> None:
    jitter = measure_motion(watched.film).jitter
    assert jitter is not None
    assert jitter <= 0.25 * SCALE


def landmarks_keep_up(watched: Watched) -> None:
    lag = measure_motion(watched.film).lag
    assert lag is not None
    assert abs(lag) <= 1.0 * SCALE


def few_searches(watched: Watched) -> None:
    """The whole picture is searched at the start of a shot, and else where somebody was lost."""
    searches, shots = watched.searches, len(set(watched.film.shots))
    assert searches <= 3 * shots


Goal = Callable[[Watched], None]
GOALS: Final[tuple[tuple[str, Goal], ...]] = (
    *((name, goal) for name in FRAMES for goal in (nobody_is_missed, nobody_is_invented, nobody_is_mistaken)),
    ("rest", landmarks_rest),
    ("turn", landmarks_rest),
    ("sway", landmarks_keep_up),
    *((name, few_searches) for name in FRAMES),
)
NOT_YET: Final[frozenset[tuple[str, Goal]]] = frozenset()
"""Goals that are not reached yet; take one out of here when it is."""


@pytest.mark.parametrize(
    ("name", "goal"),
    [one for one in GOALS if one not in NOT_YET],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_without_an_embedder(watcher: Watcher, name: str, goal: Goal) -> None:
    goal(watcher.watch(name))


@pytest.mark.usefixtures("recogniser")
def test_who_comes_back_after_a_cut_is_known(watcher: Watcher, weights: Cache) -> None:
    spec = weights.catalog["dlib-resnet"]
    told = Identity(DlibEmbedder.open(weights, spec), same_person(spec))
    given = identities_of(watcher.watch("cut", told).film)
    # In the first and the third shot there is one person, in the second another.
    people: tuple[set[int], set[int]] = (set(), set())
    for (_, person), names in given.items():
        people[person].update(names)
    assert len(people[0]) == len(people[1]) == 1
    assert people[0] != people[1]


def test_scenes_are_the_same_each_time(watcher: Watcher) -> None:
    for name in ("crossing", "shaken"):
        again = [moment.pixels for moment in scene(name).moments(watcher.people, SCALE, 2)]
        for pixels, frame in zip(again, watcher.take(name).frames, strict=False):
            assert np.array_equal(pixels, frame.bgr())


def test_the_truth_is_where_the_faces_are(watcher: Watcher) -> None:
    """The landmarker, which knows nothing of it, sees every face where the truth has it."""
    take = watcher.take("rest")
    frame, truth = take.frames[0], take.truth[0]
    for face in watcher.detector.detect(frame):
        points = watcher.landmarker.locate(frame, face)[0].landmarks
        assert points is not None
        off = min(np.sqrt(((points[:, :2] - one.landmarks) ** 2).sum(1).mean()) for one in truth)
        assert off < 0.015 * np.ptp(points[:, 0])


def test_what_is_hidden_is_known(watcher: Watcher) -> None:
    visible = [faces[0].visible for faces in watcher.take("hidden").truth]
    assert sum(share < 0.1 for share in visible) >= 10
    assert visible[0] == pytest.approx(1, abs=0.01)
    behind = [faces[0].visible for faces in watcher.take("crossing").truth]
    assert min(behind) < 0.1
    assert max(behind[:10]) == pytest.approx(1, abs=0.01)


def test_scores_see_what_is_wrong(watcher: Watcher) -> None:
    """Known faults, put into a perfect answer, are measured as what they are."""
    take = watcher.take("sway")
    perfect = [[Found(one.person, one.landmarks) for one in faces] for faces in take.truth]

    def film(found: list[list[Found]]) -> Film:
        return Film(take.truth, take.shots, found)

    clean = measure_motion(film(perfect))
    assert clean.lag == pytest.approx(0, abs=1e-3)
    assert clean.error == pytest.approx(0, abs=1e-3)
    late = [perfect[max(index - 1, 0)] for index in range(len(perfect))]
    speeds = [_speed(a[0], b[0]) for a, b in zip(take.truth, take.truth[1:], strict=False)]
    moving = [speed for speed in speeds if speed > 2]
    assert measure_motion(film(late)).lag == pytest.approx(np.sqrt(np.mean(np.square(moving))), rel=0.1)
    rng = np.random.default_rng(4)
    shaken = [
        [Found(one.identity, one.landmarks + rng.normal(0, 0.3, 2).astype(np.float32)) for one in faces]
        for faces in perfect
    ]
    still = measure_motion(film(shaken)).jitter
    assert still == pytest.approx(0.3 * np.sqrt(2), rel=0.35)  # of two coordinates, over a dozen frames
    assert missed(film([*perfect[:-3], [], [], []])) == (3, 0)
    swapped = [[one._replace(identity=7) for one in faces] for faces in perfect[30:]]
    assert identities_of(film([*perfect[:30], *swapped])) == {(0, 5): [5, 7]}


def _speed(before: Seen, after: Seen) -> float:
    return float(np.hypot(*(after.landmarks - before.landmarks).mean(0)))
