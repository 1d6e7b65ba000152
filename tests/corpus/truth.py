"""A truth set for "faces understood over time": people who move in known ways, and where they are in every frame.

Portraits are cut out and laid over rooms by similarity transforms that are known exactly; their landmarks are found
once, on the large still portrait, and moved by the same transforms. So the truth is *relative*: what the landmarker
always gets wrong about a face is in it too and drops out of every comparison, while jitter and lag are exact. Where a
head turns (:func:`truth_people.turned`) it is the picture's own warp that moves the truth along.

Pictures are made when they are asked for, the same each time. Numbers are those of a picture of 1920 × 1080.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from truth_layers import Layer, Matrix, Pixels, after, exposed, lay, similarity
from truth_people import Person, Turn
from truth_places import MARGIN, SIZE, Thing, counter, grain, room

from understudy.core.types import FloatArray
from understudy.vision.canonical import load_canonical

__all__ = ["SEEN", "Moment", "Pose", "Role", "Scene", "Seen", "Shot", "View"]

SEEN: Final = 0.6
"""Visible share of a face from which it has to be found; below, it may be and need not."""

_QUARTER: Final = 0.25  # scale at which it is worked out what hides what


class Pose(NamedTuple):
    """Where somebody is: the middle and the width of the face in pixels, and its roll in degrees."""

    x: float
    y: float
    width: float
    roll: float = 0.0


class View(NamedTuple):
    """What the camera does: how far the picture moves, its enlargement about the middle, and its roll in degrees."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    roll: float = 0.0


@dataclass(frozen=True)
class Role:
    """Somebody's part in a shot.

    Attributes:
        person: Number in the cast.
        path: Pose at a time in frames.
        turn: How the head is turned at a time.
    """

    person: int
    path: Callable[[float], Pose]
    turn: Callable[[float], Turn] | None = None


@dataclass(frozen=True)
class Shot:
    """A place and who is in it, the farthest first.

    Attributes:
        room: Number of the background.
        roles: Who.
        camera: View at a time.
        counter: Height of a counter in front of everybody, or None.
        thing, thing_path: What passes in front of them, and where it is (its width is that of the whole thing).
    """

    room: int
    roles: tuple[Role, ...]
    camera: Callable[[float], View] = lambda _: View()
    counter: float | None = None
    thing: Thing | None = None
    thing_path: Callable[[float], Pose] | None = None


@dataclass(frozen=True, eq=False)
class Seen:
    """A face in a frame.

    Attributes:
        person: Number in the cast.
        landmarks: (468, 2) where they are, hidden or not.
        visible: Share of it that is in the picture and not hidden, times how much of its light is left.
        linear: (2, 2) the turn and scale from the portrait to this frame.
    """

    person: int
    landmarks: FloatArray
    visible: float
    linear: NDArray[np.float64]

    @property
    def bbox(self) -> FloatArray:
        """(4,) around the landmarks."""
        return np.concatenate([self.landmarks.min(0), self.landmarks.max(0)])


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame and the truth about it.

    Attributes:
        pixels: (h, w, 3) BGR.
        shot: How many cuts there were before; where two are mixed, the one that is seen better counts.
        faces: All, those too that are hidden or not in the picture any more.
    """

    pixels: Pixels
    shot: int
    faces: tuple[Seen, ...]


@dataclass(frozen=True)
class Scene:
    """A film of a few seconds, 24 frames each.

    Attributes:
        name: One word.
        about: What is hard about it.
        frames: How many.
        shots: In order.
        shown: Number of the shot and its share of the picture, by frame.
        light: Share of the light that is left, by frame.
        noise, blotches: As for :func:`truth_places.grain`.
        dim: Share of the light that the whole scene has; the noise stays.
    """

    name: str
    about: str
    frames: int
    shots: tuple[Shot, ...]
    shown: Callable[[int], Sequence[tuple[int, float]]] = lambda _: ((0, 1.0),)
    light: Callable[[int], float] = lambda _: 1.0
    noise: float = 2.0
    blotches: float = 0.0
    dim: float = 1.0

    def moments(
        self, people: Sequence[Person], scale: float = 1.0, frames: int | None = None
    ) -> Iterator[Moment]:
        """The film.

        Args:
            people: The cast; numbers beyond its length begin again.
            scale: 1 for 1920 × 1080.
            frames: Only so many of them, from the start.
        """
        rng = np.random.default_rng(sum(map(ord, self.name)))
        counted, last = -1, -1
        for index in range(frames or self.frames):
            mixed: NDArray[np.float32] | Pixels | None = None
            faces: list[Seen] = []
            light = self.light(index)
            shown = self.shown(index)
            for number, share in shown:
                pixels, seen = _render(self.shots[number], people, float(index), scale)
                faces += [_dimmed(face, share * min(1.0, light / 0.5)) for face in seen]
                if len(shown) == 1:
                    mixed = pixels
                else:
                    part = pixels.astype(np.float32) * np.float32(share)
                    mixed = part if mixed is None else mixed + part
            assert mixed is not None
            main = max(shown, key=lambda one: one[1])[0]
            counted, last = counted + (main != last), main
            yield Moment(self._exposed(mixed, light, rng), counted, tuple(faces))

    def _exposed(
        self, pixels: NDArray[np.float32] | Pixels, light: float, rng: np.random.Generator
    ) -> Pixels:
        """With the light that there is, and the sensor's noise."""
        height, width = pixels.shape[:2]
        noise = grain(self.noise, self.blotches)
        x, y = int(rng.integers(noise.shape[1] - width + 1)), int(rng.integers(noise.shape[0] - height + 1))
        if light * self.dim != 1 or pixels.dtype != np.uint8:
            pixels = np.clip(pixels * np.float32(light * self.dim) + 0.5, 0, 255).astype(np.uint8)
        return np.asarray(cv2.add(pixels, noise[y : y + height, x : x + width], dtype=cv2.CV_8U), np.uint8)


def _render(shot: Shot, people: Sequence[Person], time: float, scale: float) -> tuple[Pixels, list[Seen]]:
    size = round(SIZE[0] * scale), round(SIZE[1] * scale)

    def camera(at: float) -> Matrix:
        view, middle = shot.camera(at), np.array(SIZE) / 2
        matrix = similarity(middle, middle + np.array(view[:2]), view.zoom, view.roll) * scale
        matrix[:, 2] += (scale - 1) / 2
        return matrix

    layers, ovals = [], []
    for role in shot.roles:
        person = people[role.person % len(people)]
        if role.turn is not None:
            person = person.turned(role.turn(time))
        layers.append(Layer(person, _placed(person.middle, person.width, role.path, camera)))
        matrix = layers[-1].place(time)
        flat = person.landmarks[:, :2].astype(np.float64)
        ovals.append((role.person, (flat @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32), matrix[:, :2]))
    if shot.thing is not None and shot.thing_path is not None:
        thing = shot.thing
        place = _placed(thing.middle, float(thing.pixels.shape[1]), shot.thing_path, camera)
        layers.append(Layer(thing, place))
    shift = np.array([[1, 0, -MARGIN], [0, 1, -MARGIN]], np.float64)
    if shot.counter is not None:
        front = counter(shot.counter)
        layers.append(Layer(front, lambda at: after(camera(at), shift)))
    picture = exposed(room(shot.room), lambda at: after(camera(at), shift), time, size)
    for layer in layers:
        lay(picture, layer, time)
    return picture, [_seen(oval, layers[index + 1 :], time, size) for index, oval in enumerate(ovals)]


def _placed(
    middle: NDArray[np.float64],
    width: float,
    path: Callable[[float], Pose],
    camera: Callable[[float], Matrix],
) -> Callable[[float], Matrix]:
    def place(time: float) -> Matrix:
        pose = path(time)
        return after(camera(time), similarity(middle, np.array(pose[:2]), pose.width / width, pose.roll))

    return place


def _seen(
    oval: tuple[int, FloatArray, Matrix], front: Sequence[Layer], time: float, size: tuple[int, int]
) -> Seen:
    """How much of a face is seen behind what lies in front of it."""
    person, landmarks, linear = oval
    outline = landmarks[load_canonical().oval] * _QUARTER
    low, high = np.floor(outline.min(0)), np.ceil(outline.max(0))
    extent = (int(high[0] - low[0]) + 1, int(high[1] - low[1]) + 1)
    mask = np.zeros(extent[::-1], np.uint8)
    cv2.fillPoly(mask, [np.round(outline - low).astype(np.int32)], 1)
    free = mask.astype(np.float32)
    for layer in front:
        matrix = layer.place(time) * _QUARTER
        matrix[:, 2] -= low
        free *= 1 - cv2.warpAffine(layer.what.alpha, matrix, extent, flags=cv2.INTER_LINEAR) / np.float32(255)
    x, y = (np.arange(extent[axis]) + low[axis] for axis in (0, 1))
    inside = np.outer((y >= 0) & (y < size[1] * _QUARTER), (x >= 0) & (x < size[0] * _QUARTER))
    return Seen(person, landmarks, float((free * inside).sum() / max(mask.sum(), 1)), linear)


def _dimmed(face: Seen, share: float) -> Seen:
    return Seen(face.person, face.landmarks, face.visible * share, face.linear)
