"""The scenes of the truth set."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from truth import Pose, Role, Scene, Shot, View
from truth_people import Turn
from truth_places import hand, passer

__all__ = ["SCENES", "scene"]

_COUNTER: Final = 800.0


def ease(time: float, start: float, stop: float) -> float:
    """0 before, 1 after, and smooth (no jump in speed or acceleration) between."""
    share = min(max((time - start) / (stop - start), 0.0), 1.0)
    return share**3 * (10 - 15 * share + 6 * share**2)


def wave(time: float, period: float, phase: float = 0.0) -> float:
    return math.sin(2 * math.pi * (time / period + phase))


def alive(person: int, x: float, y: float, width: float, phase: float = 0.0) -> Role:
    """Standing, as people do: never quite still."""
    return Role(person, lambda t: _breathing(Pose(x, y, width), t, phase))


def _breathing(pose: Pose, time: float, phase: float = 0.0) -> Pose:
    x, y, width, roll = pose
    return Pose(
        x + 3 * wave(time, 70, phase),
        y + 2 * wave(time, 52, phase),
        width,
        roll + 0.8 * wave(time, 90, phase),
    )


def _crossing() -> Scene:
    def walk(person: int, start: float, stop: float, y: float, width: float, phase: float) -> Role:
        def path(t: float) -> Pose:
            share = ease(t, 12, 84)
            step = 7 * abs(wave(t, 24, phase)) * min(1.0, 4 * share * (1 - share))
            return Pose(start + (stop - start) * share, y - step, width, 1.5 * wave(t, 24, phase))

        return Role(person, path)

    roles = walk(1, 1400, 520, 470, 235, 0.2), walk(0, 520, 1400, 490, 265, 0)
    return Scene(
        "crossing", "two people cross, one behind the other", 96, (Shot(0, roles, counter=_COUNTER),)
    )


def _return() -> Scene:
    def path(t: float) -> Pose:
        gone = ease(t, 12, 46) - ease(t, 84, 124)
        return Pose(1280 + 1050 * gone, 480 - 6 * abs(wave(t, 22)) * min(1.0, 4 * gone * (1 - gone)), 250)

    roles = alive(2, 600, 500, 260), Role(3, path)
    return Scene("return", "one leaves the picture and comes back", 144, (Shot(1, roles, counter=_COUNTER),))


def _cut() -> Scene:
    shots = Shot(2, (alive(0, 960, 540, 440),)), Shot(6, (alive(1, 968, 536, 445, 0.4),))
    return Scene(
        "cut",
        "shot and reverse shot: two people in the same framing, then the first again",
        96,
        shots,
        shown=lambda i: (((i // 32) % 2, 1.0),),
    )


def _match() -> Scene:
    shots = Shot(3, (alive(4, 960, 540, 440),)), Shot(3, (alive(5, 962, 542, 440),))
    return Scene(
        "match",
        "a cut from one person to another in the very same place before the same wall",
        72,
        shots,
        shown=lambda i: ((int(i >= 36), 1.0),),
    )


def _fade() -> Scene:
    shots = Shot(1, (alive(2, 940, 540, 430),)), Shot(0, (alive(5, 960, 540, 435),))
    return Scene(
        "fade",
        "out to black and in again, on somebody else in the same framing",
        96,
        shots,
        shown=lambda i: ((int(i >= 46), 1.0),),
        light=lambda i: 1 - ease(i, 28, 46) if i < 46 else ease(i, 47, 65),
    )


def _dissolve() -> Scene:
    shots = Shot(2, (alive(4, 950, 540, 435),)), Shot(5, (alive(3, 975, 540, 435),))

    def shown(index: int) -> tuple[tuple[int, float], ...]:
        share = ease(index, 36, 56)
        return tuple((n, part) for n, part in ((0, 1 - share), (1, share)) if part > 0)

    return Scene("dissolve", "one face turns into another", 96, shots, shown=shown)


def _zoom() -> Scene:
    roles = alive(1, 1220, 470, 215, 0.3), alive(0, 700, 490, 230)
    camera = lambda t: View(0, 60 * ease(t, 0, 120), 1 + 0.7 * ease(t, 0, 120))  # noqa: E731
    return Scene("zoom", "a slow zoom on two people", 120, (Shot(4, roles, camera, counter=_COUNTER),))


def _roll() -> Scene:
    def path(t: float) -> Pose:
        lean = 24 * wave(t, 60) * ease(t, 6, 20)
        turn = math.radians(lean)
        return Pose(960 + 420 * math.sin(turn), 940 - 420 * math.cos(turn), 300, 1.25 * lean)

    camera = lambda t: View(roll=10 * wave(t, 84) * ease(t, 6, 20))  # noqa: E731
    return Scene("roll", "head and camera roll", 96, (Shot(6, (Role(2, path),), camera, counter=860),))


def _turn() -> Scene:
    def angle(t: float) -> float:
        return 0.36 * (ease(t, 14, 20) - 2 * ease(t, 38, 46) + ease(t, 66, 72))

    def path(t: float) -> Pose:
        there = ease(t, 38, 47) - ease(t, 66, 74)
        return Pose(820 + 360 * there, 540, 420, 9 * (ease(t, 38, 43) - ease(t, 43, 50)) + 3 * angle(t))

    shot = Shot(5, (Role(1, path, lambda t: Turn(yaw=angle(t), pitch=0.25 * abs(angle(t)))),))
    return Scene("turn", "the head turns and moves as fast as people do", 96, (shot,))


def _hidden() -> Scene:
    path = lambda t: Pose(-420 + 1380 * ease(t, 10, 46) + 1380 * ease(t, 52, 88), 470, 1300)  # noqa: E731
    shot = Shot(0, (alive(3, 960, 480, 280),), counter=_COUNTER, thing=passer(), thing_path=path)
    return Scene("hidden", "somebody walks by in front: the face is hidden for ten frames", 108, (shot,))


def _hand() -> Scene:
    def path(t: float) -> Pose:
        up = ease(t, 14, 30) - ease(t, 78, 92)
        return Pose(1010 + 70 * wave(t, 46) * up, 1500 - 830 * up, 330, -14 + 10 * wave(t, 46))

    shot = Shot(1, (alive(4, 960, 540, 420),), thing=hand(), thing_path=path)
    return Scene("hand", "a hand before the mouth", 108, (shot,))


def _dark() -> Scene:
    path = lambda t: _breathing(Pose(930 + 60 * wave(t, 80), 490, 260), t)  # noqa: E731
    roles = (Role(2, path), alive(5, 1430, 500, 240, 0.5))
    return Scene(
        "dark",
        "low light and a sensor turned up",
        96,
        (Shot(6, roles, counter=_COUNTER),),
        noise=8.0,
        blotches=5.0,
        dim=0.3,
    )


def _shaken() -> Scene:
    steps = np.random.default_rng(88).uniform(-8, 8, (200, 2))
    camera = lambda t: View(*steps[math.floor(t + 0.5)].tolist())  # noqa: E731
    roles = alive(1, 1260, 480, 240, 0.3), alive(4, 680, 490, 250)
    return Scene(
        "shaken", "the camera shakes by up to 8 pixels", 96, (Shot(2, roles, camera, counter=_COUNTER),)
    )


def _rest() -> Scene:
    roles = Role(3, lambda _: Pose(1250, 480, 260)), Role(0, lambda _: Pose(660, 500, 300))
    return Scene(
        "rest",
        "nobody moves; only the sensor's noise does",
        72,
        (Shot(4, roles, counter=_COUNTER),),
        noise=2.5,
    )


def _sway() -> Scene:
    def path(t: float) -> Pose:
        share = ease(t, 14, 30) - ease(t, 90, 106)
        return Pose(
            960 + 150 * share * wave(t, 44), 490 + 25 * share * wave(t, 22), 280, 4 * share * wave(t, 44)
        )

    return Scene(
        "sway", "from rest into quick movement and back", 120, (Shot(3, (Role(5, path),), counter=_COUNTER),)
    )


SCENES: Final = (
    _rest(),
    _sway(),
    _crossing(),
    _return(),
    _cut(),
    _match(),
    _fade(),
    _dissolve(),
    _zoom(),
    _roll(),
    _turn(),
    _hidden(),
    _hand(),
    _dark(),
    _shaken(),
)


def scene(name: str) -> Scene:
    """The scene of a name."""
    return next(one for one in SCENES if one.name == name)
