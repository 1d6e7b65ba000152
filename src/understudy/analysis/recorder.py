"""Writes down what is measured while a film goes by."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np

from understudy.analysis.coding import Columns, pack
from understudy.analysis.gallery import Gallery, View
from understudy.analysis.moments import Moment, Sample
from understudy.analysis.shelf import Shelf, seal, write_columns
from understudy.vision.roles import Picture

__all__ = ["CHUNK", "HEAVY", "INDEX", "VIEWS", "Recorder", "chunk_name", "track_order"]

CHUNK: Final = 256
"""Frames in a piece."""
HEAVY: Final = ("points", "origin", "exponent", "shape", "gaze")
"""Columns that are read when a frame is drawn; the others are read when the analysis is opened."""
INDEX: Final = "index.npz"
VIEWS: Final = "views.npz"


class Recorder:
    """Takes the moments of one film in order of time.

    Args:
        shelf: Where they go.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._gallery = Gallery()
        self._sums: dict[str, int] = {}
        self._pts: list[int] = []
        self._shots: list[int] = []
        self._follows: list[tuple[int, int, int]] = []
        self._light: list[Columns] = []
        self._waiting: list[tuple[int, int, Sample]] = []

    def add(self, picture: Picture, pts: int, moment: Moment) -> None:
        """Take the next moment.

        Args:
            picture: Its frame.
            pts: When that is, on the film's own clock.
            moment: What is in it, rounded (:func:`understudy.analysis.coding.rounded`).

        Raises:
            OSError: It cannot be written.
        """
        self._gallery.look(picture, moment)
        self._pts.append(pts)
        self._shots.append(moment.shot)
        self._follows += [(moment.number, track, before) for track, before in moment.follows.items()]
        self._waiting += [(moment.number, track, moment.samples[track]) for track in sorted(moment.samples)]
        if len(self._pts) % CHUNK == 0:
            self._flush()

    def finish(self, time_base: Fraction, size: tuple[int, int], name: str) -> None:
        """Make it whole.

        Args:
            time_base: Of the pts.
            size: Width and height of the upright film.
            name: Of the file, for people.

        Raises:
            OSError: It cannot be written.
        """
        if len(self._pts) % CHUNK:
            self._flush()
        index: Columns = {
            "pts": np.array(self._pts, np.int64),
            "shots": np.array(self._shots, np.int32),
            "follows": np.array(self._follows, np.int32).reshape(-1, 3),
        }
        for key in self._light[0] if self._light else ():
            index[key] = np.concatenate([columns[key] for columns in self._light])
        views = [view for kept in self._gallery.views.values() for view in kept]
        for piece, columns in ((INDEX, index), (VIEWS, _packed_views(views))):
            self._put(piece, columns)
        base = [time_base.numerator, time_base.denominator]
        said = {"name": name, "frames": len(self._pts), "time_base": base, "size": list(size)}
        seal(self._shelf, self._sums, said)

    def _flush(self) -> None:
        """Put what waits on the shelf; each track's faces one after the other, as steps from one to the next."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        columns = pack([sample for _, _, sample in waiting])
        columns["frame"] = np.array([frame for frame, _, _ in waiting], np.int32)
        columns["track"] = np.array([track for _, track, _ in waiting], np.int32)
        order = track_order(columns)
        heavy = {key: columns.pop(key)[order] for key in HEAVY}
        for key in ("points", "shape"):
            # Sums that run over come back when the steps are added up again.
            heavy[key] = np.diff(heavy[key], axis=0, prepend=np.zeros_like(heavy[key][:1]))
        self._light.append(columns)
        self._put(chunk_name((len(self._pts) - 1) // CHUNK), heavy)

    def _put(self, name: str, columns: Columns) -> None:
        written, total = write_columns(self._shelf, name, columns)
        self._sums[written] = total


def chunk_name(number: int) -> str:
    """Of the piece with frames ``number`` * :data:`CHUNK` and the next ones."""
    return f"faces-{number:05d}.npz"


def track_order(columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows by track, and each track's by frame."""
    return np.lexsort((columns["frame"], columns["track"]))


def _packed_views(views: list[View]) -> Columns:
    lengths = [len(view.jpeg) for view in views]
    faces = [view.face for view in views]
    return {
        "track": np.array([view.track for view in views], np.int32),
        "frame": np.array([view.frame for view in views], np.int32),
        "worth": np.array([view.worth for view in views], np.float64),
        "place": np.array([view.bbox for view in views], np.float32).reshape(-1, 4),
        "bbox": np.array([face.bbox for face in faces], np.float32).reshape(-1, 4),
        "keypoints": np.array([face.keypoints for face in faces], np.float32).reshape(-1, 5, 2),
        "score": np.array([face.score for face in faces], np.float64),
        "confidence": np.array([face.confidence for face in faces], np.float64),
        "flags": np.array([",".join(face.flags).encode() for face in faces], "S"),
        "ends": np.cumsum(lengths, dtype=np.int64),
        "jpeg": np.frombuffer(b"".join(view.jpeg for view in views), np.uint8),
    }
