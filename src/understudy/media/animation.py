"""Animated GIF, WebP and PNG as films: frames with their delays, transparency and number of plays."""

from __future__ import annotations

import contextlib
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from understudy.core.errors import InputError, UnsupportedMedia
from understudy.core.types import MediaInfo, Notice
from understudy.media.color import ColorTags
from understudy.media.convert import Converter
from understudy.media.files import check_input
from understudy.media.frame import Frame

__all__ = ["ANIMATIONS", "AnimationReader", "animation_info", "is_animation"]

ANIMATIONS = ("gif", "webp", "apng")
"""Names of the containers."""

_FORMATS = {"GIF": "gif", "WEBP": "webp", "PNG": "apng"}
_TICK = Fraction(1, 1000)
# What says less is shown this long by every browser.
_SHORTEST, _ASSUMED = 11, 100
_MAX_PIXELS = 8192 * 8192
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    IndexError,
    KeyError,
    TypeError,
    MemoryError,
)


@dataclass(frozen=True)
class _Shown:
    """A picture of an animation: (height, width, 4) uint8 red, green, blue, alpha, and milliseconds."""

    pixels: NDArray[np.uint8]
    delay: int


def is_animation(head: bytes, path: Path) -> bool:
    """Whether a file that begins so holds a moving picture that Pillow reads."""
    if head.startswith((b"GIF87a", b"GIF89a")):
        return True
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X":
        return bool(head[20] & 2)
    return head.startswith(b"\x89PNG\r\n\x1a\n") and _has_control(path)


def _has_control(path: Path) -> bool:
    """Whether a PNG has an animation control chunk, which must come before the data."""
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
            if head[4:] == b"acTL":
                return True
            file.seek(int.from_bytes(head[:4], "big") + 4, 1)
    return False


def animation_info(path: Path) -> MediaInfo:
    """What an animation is, from all of its pictures.

    Raises:
        InputError: It cannot be read.
        UnsupportedMedia: Its canvas is beyond the limit.
    """
    with _opened(path) as image:
        kind, size = _FORMATS[str(image.format)], image.size
        plays = _plays(image)
        delays, alpha = [], False
        for shown in _pictures(image):
            delays.append(shown.delay)
            alpha = alpha or bool(shown.pixels[..., 3].min() < 255)
    if not delays:
        raise InputError("There is no picture in it.", path=path, next_step="Copy or download it again.")
    duration = sum(delays) * _TICK
    return MediaInfo(
        path=path,
        kind="video",
        container=kind,
        codec=kind,
        width=size[0],
        height=size[1],
        stored_width=size[0],
        stored_height=size[1],
        orientation=1,
        pixel_format="gbrap" if alpha else "gbrp",
        bit_depth=8,
        time_base=_TICK,
        average_rate=len(delays) / duration,
        duration=duration,
        start=0,
        frames=len(delays),
        exact_frames=True,
        plays=plays,
    )


class AnimationReader:
    """A :class:`FrameSource` over an animated GIF, WebP or PNG.

    Frames are whole canvases: what a picture leaves of the one before it, or clears, is already done. A delay of
    10 ms or less counts as 100 ms, as in browsers. A file that breaks off gives what could be read.

    Args:
        path: The animation.
        trim_start, trim_end: Seconds; frames with start ≤ time < end are given.

    Raises:
        InputError: It cannot be read.
        UnsupportedMedia: Its canvas is beyond the limit.
    """

    def __init__(
        self, path: Path, *, trim_start: Fraction | None = None, trim_end: Fraction | None = None
    ) -> None:
        self._path = path
        self.window = trim_start, trim_end
        self.info: MediaInfo = animation_info(path)
        self._cut_off = False

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was left out so far."""
        if not self._cut_off:
            return ()
        return (Notice("cut-off", "The animation is cut off; what could be read was used."),)

    @property
    def expected_frames(self) -> int | None:
        """How many frames will come, if that can be told."""
        return self.info.frames if self.window == (None, None) else None

    def __iter__(self) -> Iterator[Frame]:
        """Decode from the start.

        Raises:
            InputError: Not one picture lies between the trims.
        """
        start, end = self.window
        converter = Converter()
        given, time = 0, 0
        with _opened(self._path) as image:
            for shown in _pictures(image):
                if end is not None and time * _TICK >= end:
                    break
                if start is None or time * _TICK >= start:
                    given += 1
                    yield self._frame(shown, time, converter)
                time += shown.delay
            self._cut_off = getattr(image, "n_frames", 1) > given and self.window == (None, None)
        if not given:
            raise InputError(
                "There is no frame in it between the trims.",
                path=self._path,
                next_step="Check the trims against its length.",
            )

    def _frame(self, shown: _Shown, time: int, converter: Converter) -> Frame:
        native = av.VideoFrame.from_ndarray(shown.pixels, format="rgba")
        native.pts, native.duration = time, shown.delay
        planar = converter.convert(native, self.info.pixel_format, ColorTags())
        return Frame.from_video(planar, tags=ColorTags(), orientation=1, time_base=_TICK)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    check_input(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damage that Pillow works around
            with Image.open(path, formats=tuple(_FORMATS)) as image:
                if image.width * image.height > _MAX_PIXELS:
                    raise Image.DecompressionBombError
                yield image
    except Image.DecompressionBombError as error:
        raise UnsupportedMedia("The canvas is beyond the limit of 64 Mpx.", path=path) from error
    except (UnidentifiedImageError, *_DAMAGE) as error:
        raise InputError(
            "The animation is damaged or cut off.", path=path, next_step="Copy or download it again."
        ) from error


def _pictures(image: Image.Image) -> Iterator[_Shown]:
    """Every picture that can be read, composed."""
    number = 0
    while True:
        try:
            image.seek(number)
            pixels = np.asarray(image.convert("RGBA"))
        except _DAMAGE:
            return
        delay = round(float(image.info.get("duration", 0)))
        yield _Shown(pixels, delay if delay >= _SHORTEST else _ASSUMED)
        number += 1


def _plays(image: Image.Image) -> int:
    """How often it is shown; 0 is for ever."""
    if image.format != "GIF":
        return int(image.info.get("loop", 0))
    # A GIF says how often it is repeated, and nothing when it is not.
    repeats = image.info.get("loop")
    return 1 if repeats is None else 0 if repeats == 0 else int(repeats) + 1
