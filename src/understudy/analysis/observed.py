"""What was measured of a film, read back: its moments one by one, and its tracks as a whole."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from understudy.analysis.coding import Columns, unpack, unpack_face
from understudy.analysis.gallery import View
from understudy.analysis.moments import Moment, Sample
from understudy.analysis.recorder import CHUNK, HEAVY, INDEX, VIEWS, chunk_name, track_order
from understudy.analysis.shelf import Shelf, Unsound, read_columns, read_header

__all__ = ["Observed"]

_AT_HAND: Final = 3  # pieces that stay unpacked
_NOTHING: Final = np.zeros((0, 3), np.float32)


class Observed:
    """A whole film's moments. Not safe for use by two threads at once.

    Args:
        shelf: Where a :class:`Recorder` has put them.

    Raises:
        Unsound: It is not whole, or damaged.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        header = read_header(shelf)
        try:
            self.time_base = Fraction(*header["time_base"])
            self.width, self.height = header["size"]
            self.name: str = header["name"]
            self._index = read_columns(shelf, INDEX)
            self.pts: NDArray[np.int64] = self._index["pts"]
            self.shots: NDArray[np.int32] = self._index["shots"]
        except (KeyError, ValueError, TypeError) as error:
            raise Unsound(str(error)) from error
        self._rows = self._index.get("frame", np.zeros(0, np.int32))
        self._chunks: OrderedDict[int, Columns] = OrderedDict()

    def __len__(self) -> int:
        return len(self.pts)

    def frame_at(self, pts: int) -> int:
        """Number of the frame of that time, or of the last before it."""
        return max(int(np.searchsorted(self.pts, pts, side="right")) - 1, 0)

    def shot_start(self, frame: int) -> int:
        """Number of the first frame of a frame's shot."""
        return int(np.searchsorted(self.shots, self.shots[frame]))

    def seconds(self, frame: int) -> float:
        """When a frame is shown, from the first; one past the last is the film's end."""
        if frame < len(self):
            return float(int(self.pts[frame] - self.pts[0]) * self.time_base)
        last = int(self.pts[-1] - self.pts[-2]) if len(self) > 1 else 0
        return float(int(self.pts[-1] + last - self.pts[0]) * self.time_base)

    def moment(self, frame: int) -> Moment:
        """All that was measured in a frame."""
        chunk = self._chunk(frame // CHUNK)
        first = int(np.searchsorted(self._rows, frame // CHUNK * CHUNK))
        rows = self._rows_of(frame)
        columns = {**chunk, **{key: self._index[key][first:] for key in self._light}} if rows else {}
        return self._moment(frame, {self._track(row): unpack(columns, row - first) for row in rows})

    def glimpse(self, frame: int) -> Moment:
        """The same without landmarks, gaze and proportions: nothing has to be unpacked for it."""
        rows = self._rows_of(frame)
        return self._moment(
            frame,
            {self._track(row): Sample(unpack_face(self._index, row), None, _NOTHING) for row in rows},
        )

    @cached_property
    def tracks(self) -> Mapping[int, NDArray[np.int32]]:
        """Numbers of the frames that each track is in."""
        if not len(self._rows):
            return {}
        order = track_order(self._index)
        numbers, starts = np.unique(self._index["track"][order], return_index=True)
        parts = np.split(self._rows[order], starts[1:])
        return dict(zip(numbers.tolist(), parts, strict=True))

    @cached_property
    def sizes(self) -> Mapping[int, NDArray[np.float32]]:
        """Side of the face in pixels, for each of these frames."""
        return {track: box.max(1) for track, box in self._by_track(_sides(self._index)).items()}

    @cached_property
    def keypoints(self) -> Mapping[int, NDArray[np.float32]]:
        """(n, 5, 2) for each of these frames."""
        return self._by_track(self._index["keypoints"]) if len(self._rows) else {}

    @cached_property
    def follows(self) -> Mapping[int, int]:
        """For tracks that go on from another one by their motion: which."""
        return {int(track): int(before) for _, track, before in self._index["follows"]}

    @cached_property
    def views(self) -> Mapping[int, tuple[View, ...]]:
        """The few best sights of each track, the most telling first."""
        stored = read_columns(self._shelf, VIEWS)
        data, start = stored["jpeg"].tobytes(), 0
        views: dict[int, tuple[View, ...]] = {}
        for row, end in enumerate(stored["ends"].tolist()):
            track = int(stored["track"][row])
            view = View(
                track,
                int(stored["frame"][row]),
                float(stored["worth"][row]),
                unpack_face(stored, row),
                stored["place"][row],
                data[start:end],
            )
            views[track] = (*views.get(track, ()), view)
            start = end
        return views

    def tracks_at(self, frame: int) -> list[int]:
        """Numbers of the tracks in a frame."""
        return [self._track(row) for row in self._rows_of(frame)]

    def proportions(self, track: int) -> NDArray[np.float32]:
        """(468, 3) as they were learnt by the end of a track."""
        return self.moment(int(self.tracks[track][-1])).samples[track].proportions

    @property
    def _light(self) -> list[str]:
        return [key for key in self._index if key not in ("pts", "shots", "follows", *HEAVY)]

    def _rows_of(self, frame: int) -> range:
        first, last = np.searchsorted(self._rows, (frame, frame + 1))
        return range(int(first), int(last))

    def _track(self, row: int) -> int:
        return int(self._index["track"][row])

    def _moment(self, frame: int, samples: dict[int, Sample]) -> Moment:
        follows = {track: self.follows[track] for track in samples if self._begins(track, frame)}
        return Moment(frame, int(self.shots[frame]), samples, follows)

    def _begins(self, track: int, frame: int) -> bool:
        return track in self.follows and int(self.tracks[track][0]) == frame

    def _by_track(self, values: NDArray[Any]) -> dict[int, NDArray[Any]]:
        order = track_order(self._index)
        ends = np.cumsum([len(frames) for frames in self.tracks.values()])[:-1]
        return dict(zip(self.tracks, np.split(values[order], ends), strict=True))

    def _chunk(self, number: int) -> Columns:
        if number in self._chunks:
            self._chunks.move_to_end(number)
            return self._chunks[number]
        first, last = np.searchsorted(self._rows, (number * CHUNK, (number + 1) * CHUNK))
        columns: Columns = {}
        if last > first:
            part = {key: self._index[key][first:last] for key in ("frame", "track")}
            back = np.argsort(track_order(part))
            columns = read_columns(self._shelf, chunk_name(number))
            for key in ("points", "shape"):
                columns[key] = np.cumsum(columns[key], axis=0, dtype=np.int16)
            columns = {key: values[back] for key, values in columns.items()}
        self._chunks[number] = columns
        if len(self._chunks) > _AT_HAND:
            self._chunks.popitem(last=False)
        return columns


def _sides(index: Columns) -> NDArray[Any]:
    boxes = index.get("bbox", np.zeros((0, 4), np.float32))
    return np.asarray(boxes[:, 2:] - boxes[:, :2])
