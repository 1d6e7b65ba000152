"""Who is in a picture: found, numbered from the left, and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from understudy.app.engine import Engine
from understudy.app.pictures import frame_number, picture_at
from understudy.core.errors import FaceError
from understudy.core.types import Face
from understudy.media.frame import BgrPixels
from understudy.vision.canonical import load_canonical
from understudy.vision.glasses import load_glasses
from understudy.vision.quality import assess
from understudy.vision.roles import Picture

__all__ = ["Scene", "draw_faces", "face_number", "faces_in", "find_faces"]

_LEAST_PRESENCE = 0.5
_BOX, _POINTS, _TEXT = (80, 220, 60), (255, 200, 60), (255, 255, 255)


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture and its faces, from left to right; a face's number is its place, from 1."""

    picture: Picture
    faces: tuple[Face, ...]


def find_faces(path: Path, engine: Engine, at: float = 0.5, frame: int | None = None) -> Scene:
    """Look at a photo, or at one moment of a film.

    Args:
        path: Photo or film.
        engine: The models.
        at: Which moment of a film, from 0 (its start) to 1 (its end).
        frame: Which frame instead, by its number; 0 is the first.

    Raises:
        InputError: It cannot be read, or has no such frame.
        ModelError: Weights are missing or corrupt.
    """
    return faces_in(picture_at(path, at) if frame is None else frame_number(path, frame), engine)


def faces_in(picture: Picture, engine: Engine) -> Scene:
    """Find and measure the faces of a picture; what turns out to be none is left out."""
    canonical, glasses = load_canonical(), load_glasses()
    seen = (engine.landmarker.refine(picture, face) for face in engine.detector.detect(picture))
    found = [
        assess(canonical, picture, face, glasses.score(canonical, picture, face) > 0)
        for face in seen
        if face.confidence >= _LEAST_PRESENCE
    ]
    return Scene(picture, tuple(sorted(found, key=lambda face: float(face.bbox[0] + face.bbox[2]))))


def face_number(faces: Sequence[Face], number: int, where: str, path: Path) -> Face:
    """The face of this number.

    Args:
        faces: From left to right.
        number: The first from the left is 1.
        where: What they are in, such as ``"the actor's photo"``.
        path: The file, for the error.

    Raises:
        FaceError: There are not so many.
    """
    if number <= len(faces):
        return faces[number - 1]
    count = {0: "is no face", 1: "is only one face"}.get(len(faces), f"are only {len(faces)} faces")
    raise FaceError(
        f"There {count} in {where}, no number {number}.",
        path=path,
        next_step="'understudy faces' numbers them.",
    )


def draw_faces(scene: Scene) -> BgrPixels:
    """(height, width, 3) uint8 BGR: the picture with boxes, landmarks, numbers and scores."""
    drawn = scene.picture.bgr().copy()
    scale = max(scene.picture.width, scene.picture.height) / 1000
    thick = max(round(2 * scale), 1)
    for number, face in enumerate(scene.faces, 1):
        left, top, right, bottom = (round(float(edge)) for edge in face.bbox)
        cv2.rectangle(drawn, (left, top), (right, bottom), _BOX, thick)
        radius = max(round(face.size / 200), 1)
        points = face.keypoints if face.landmarks is None else face.landmarks[:, :2]
        for x, y in np.round(points).astype(int).tolist():
            cv2.circle(drawn, (x, y), radius, _POINTS, -1, cv2.LINE_AA)
        _label(drawn, f"{number}  {face.score:.2f}", (left, top), 0.8 * scale, thick)
    return drawn


def _label(drawn: BgrPixels, text: str, corner: tuple[int, int], size: float, thick: int) -> None:
    """Text on a plate above the corner, or under it where there is no room."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    (width, height), below = cv2.getTextSize(text, font, max(size, 0.4), thick)
    x = min(max(corner[0], 0), max(drawn.shape[1] - width, 0))
    y = corner[1] if corner[1] > height + below else corner[1] + height + below
    cv2.rectangle(drawn, (x, y - height - below), (x + width, y), _BOX, -1)
    cv2.putText(drawn, text, (x, y - below // 2), font, max(size, 0.4), _TEXT, thick, cv2.LINE_AA)
