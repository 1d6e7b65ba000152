"""Encoding a film in one go: the picture from frames, everything else from the source."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from understudy.core.types import MediaInfo, Notice
from understudy.core.verdict import Allow, check_allowed
from understudy.media.encoders import Encoding
from understudy.media.film import FilmFile
from understudy.media.frame import Frame
from understudy.media.picture import PictureEncoder, losses
from understudy.media.sound import AS_IT_IS, Sound

__all__ = ["VideoWriter"]


class VideoWriter:
    """A :class:`FrameSink` that makes a film: encoded frames, and the source's other streams in step.

    The file is complete after :meth:`finish`; publishing it under its final name is the caller's.

    Args:
        path: Where to write, usually a temporary name.
        info: The source, :func:`enlarged` if its frames were.
        encoding: As ``choose_encoder`` settled it.
        allow: The content gate's leave for everything that will be written.
        rate: Frames per second if they were resampled.
        tracks: Whether to carry over sound, subtitles, chapters and metadata.
        sound: What becomes of the sound.
        window: First and end time on the source's clock, if it was trimmed; the result then starts at 0.
    """

    def __init__(
        self,
        path: Path,
        info: MediaInfo,
        encoding: Encoding,
        allow: Allow,
        *,
        rate: Fraction | None = None,
        tracks: bool = True,
        sound: Sound = AS_IT_IS,
        window: tuple[Fraction | None, Fraction | None] = (None, None),
    ) -> None:
        check_allowed(allow)
        self._info, self._encoding, self._rate = info, encoding, rate
        self._file = FilmFile(
            path, info, encoding.container, encoding.codec, tracks=tracks, sound=sound, window=window
        )
        self._losses = tuple(losses(info, encoding))
        self._picture: PictureEncoder | None = None
        self._shift = 0

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What could not be kept."""
        return (*self._losses, *self._file.notices)

    def write(self, frame: Frame) -> None:
        """Encode the next frame.

        Raises:
            EncoderError: The encoder refuses its settings or the frame.
            OutputError: The file cannot be written; :class:`DiskFull` if that is why.
        """
        with self._file.guarded():
            if self._picture is None:
                self._picture = PictureEncoder(self._file.out, self._info, self._encoding, frame, self._rate)
                self._shift = self._file.begin(frame.pts, frame.time_base)
            for packet in self._picture.encode(frame, frame.pts - self._shift):
                self._file.mux(packet)
            self._file.advance((frame.pts - self._shift) * frame.time_base)

    def drain(self) -> Iterator[None]:
        """Bring out the encoder's last packets one by one; a slow one holds seconds of work back.

        Raises:
            EncoderError, OutputError: As :meth:`write`.
        """
        if self._picture is None:
            return
        with self._file.guarded():
            for packet in self._picture.flush():
                self._file.mux(packet)
                yield

    def finish(self) -> None:
        """Flush, write what remains of the other streams, and close the file.

        Raises:
            EncoderError, OutputError: As :meth:`write`.
        """
        for _ in self.drain():
            pass
        self._file.finish()

    def abort(self) -> None:
        """Close everything; the file is worthless."""
        self._picture = None
        self._file.abort()
