"""A film under construction: a container, its picture, and whatever else the source has."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet

from understudy.core.errors import EncoderError
from understudy.core.types import MediaInfo, Notice
from understudy.media.animation import ANIMATIONS
from understudy.media.container import film_stream, film_url, open_film, open_sound
from understudy.media.files import output_error
from understudy.media.sequence import SEQUENCE
from understudy.media.sound import AS_IT_IS, Sound
from understudy.media.tracks import Tracks, clean_metadata

__all__ = ["FilmFile", "timescale"]

_MAX_TIMESCALE = 2**31 - 1


class FilmFile:
    """Muxes a picture stream together with the source's sound, subtitles, chapters and metadata.

    Args:
        path: Where to write, usually a temporary name.
        info: The source.
        container: FFmpeg's name of the kind.
        codec: Of the picture, for messages.
        tracks: Whether to carry over the source's other streams and metadata.
        sound: What becomes of the sound.
        window: First and end time on the source's clock, if it was trimmed; the result then starts at 0.
    """

    def __init__(
        self,
        path: Path,
        info: MediaInfo,
        container: str,
        codec: str,
        *,
        tracks: bool = True,
        sound: Sound = AS_IT_IS,
        window: tuple[Fraction | None, Fraction | None] = (None, None),
    ) -> None:
        self._path, self._info, self._container, self._codec = path, info, container, codec
        # An animation or a sequence has nothing but pictures.
        self._with_tracks = tracks and info.container not in (*ANIMATIONS, SEQUENCE)
        self._sound = sound
        self._window = window
        self._tracks: list[Tracks] = []
        self._ends = Fraction(0)
        options = {"movflags": "+faststart"} if container in ("mp4", "mov") else {}
        with self.guarded():
            self.out = av.open(film_url(path), "w", format=container, container_options=options)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What could not be kept."""
        return tuple(notice for tracks in self._tracks for notice in tracks.notices)

    def begin(self, first_pts: int, time_base: Fraction) -> int:
        """Add the other streams, after the picture's.

        Args:
            first_pts, time_base: When the first frame is shown, on the source's clock.

        Returns:
            What is to be taken off every pts of the picture.
        """
        start, end = self._window
        shift = first_pts if self._window != (None, None) else 0
        seconds, file = shift * time_base, self._sound.file
        if self._with_tracks:
            own = self._sound.kept and file is None
            self._carry(
                open_film(self._info.path),
                start=seconds if start is not None else None,
                end=end,
                shift=seconds,
                without=() if own else ("audio",),
            )
            self._describe(seconds)
        if file is not None:
            # Its beginning goes where the picture's is.
            recording = open_sound(file)
            begins = Fraction(recording.start_time or 0, av.time_base)
            others = ("video", "subtitle", "data", "attachment")
            self._carry(recording, shift=begins - (first_pts - shift) * time_base, without=others, cut=True)
        bases = [time_base, *(base for tracks in self._tracks for base in tracks.time_bases)]
        if self._container in ("mp4", "mov"):
            scale = math.lcm(*(timescale(base) for base in bases))
            # The default of 1000 would round where streams start.
            if scale <= _MAX_TIMESCALE:
                self.out.container_options["movie_timescale"] = str(scale)
        return shift

    def mux(self, packet: Packet[Any]) -> None:
        """Write a packet of the picture."""
        if packet.pts is not None and packet.time_base:
            self._ends = max(self._ends, (packet.pts + (packet.duration or 0)) * packet.time_base)
        self.out.mux(packet)

    def advance(self, time: Fraction | None) -> None:
        """Write what else begins before a time on the new film's clock, in seconds; None is the rest."""
        for tracks in self._tracks:
            tracks.advance(time)

    def finish(self) -> None:
        """Write what remains and close the file, which is then complete."""
        with self.guarded():
            self.advance(self._ends)
            self.advance(None)
            self.out.close()
        self._release()

    def abort(self) -> None:
        """Close everything; the file is worthless. Never raises, and may be called twice."""
        with contextlib.suppress(av.FFmpegError, OSError, ValueError):
            self.out.close()
        self._release()

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Errors of writing and encoding as ours.

        Raises:
            EncoderError: The encoder refuses its settings or a frame.
            OutputError: The file cannot be written; :class:`DiskFull` if that is why.
        """
        try:
            yield
        except av.FFmpegError as error:
            if isinstance(error, OSError) and error.errno and 0 < error.errno < 200:
                raise output_error(error, self._path) from error
            raise EncoderError(
                f"{self._codec} failed: {error}.", next_step="Try another --encoder."
            ) from error
        except OSError as error:
            raise output_error(error, self._path) from error

    def _carry(self, source: InputContainer, **how: Any) -> None:
        self._tracks.append(Tracks(source, self.out, self._container, sound=self._sound, **how))

    def _release(self) -> None:
        for tracks in self._tracks:
            tracks.close()

    def _describe(self, shift: Fraction) -> None:
        out = self.out
        with open_film(self._info.path) as source:
            out.metadata.update(clean_metadata(source.metadata))
            for mine in out.streams.video:  # one; the source may have cover art before its own
                mine.metadata.update(clean_metadata(film_stream(source, self._info.path).metadata))
            chapters = []
            for chapter in source.chapters():
                base = chapter["time_base"] or Fraction(1)
                start = max(chapter["start"] - round(shift / base), 0)
                end = chapter["end"] - round(shift / base)
                if self._window[1] is not None:
                    end = min(end, round((self._window[1] - shift) / base))
                if end > start:
                    chapters.append({**chapter, "start": start, "end": end})
            if chapters:
                out.set_chapters(chapters)  # type: ignore[arg-type]


def timescale(base: Fraction) -> int:
    """The track's timescale as FFmpeg's MP4 writer chooses it."""
    scale = base.denominator
    while scale < 10_000:
        scale *= 2
    return scale
