"""Reading photos with everything that must survive a change of their pixels."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, JpegImagePlugin, UnidentifiedImageError

from understudy.core.errors import InputError, UnsupportedMedia
from understudy.core.types import MediaInfo, Notice
from understudy.media.color import Layout
from understudy.media.files import check_input
from understudy.media.frame import Frame
from understudy.media.orientation import to_upright, upright_size
from understudy.media.tiff import without_orientation

__all__ = ["Photo", "photo_info", "read_image"]

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP")
# Pillow only warns here and refuses at twice as much; a picture of 177 Mpx takes 0.5 GB per copy.
_MAX_PIXELS = 177_000_000
_ORIENTATION, _GPS, _THUMBNAIL_OFFSET, _BITS_PER_SAMPLE = 274, 34853, 513, 258


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture and what must be kept with it.

    Attributes:
        path: Where it was read.
        frame: Its pixels, upright, in 8 or 16 bits, with alpha if it had any.
        format: Pillow's name of the file format.
        icc: Colour profile of the pixels.
        exif: EXIF block without position, orientation and thumbnail, or empty.
        dpi: Resolution, if declared.
        lossless: Whether the format kept every bit (WebP has both kinds).
        jpeg_tables, jpeg_subsampling: How a JPEG was quantised.
        notices: What was lost on reading.
    """

    path: Path
    frame: Frame
    format: str
    icc: bytes | None = None
    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    lossless: bool = False
    jpeg_tables: dict[int, list[int]] | None = None
    jpeg_subsampling: int = 0
    notices: tuple[Notice, ...] = field(default=())


def read_image(path: Path) -> Photo:
    """Read a photo.

    Raises:
        InputError: It is not a picture, damaged or cut off.
        UnsupportedMedia: It is too large, animated, or holds values that cannot be kept (floating point).
    """
    with _opened(path) as image:
        notices = (*_check_pages(image, path), *_position_lost(image))
        orientation = _orientation(image)
        exif = _clean_exif(image)
        icc = image.info.get("icc_profile")
        image.load()
        if _has_16_bits(image, path):
            planes, layout = _deep_planes(path)
        else:
            planes, layout, icc = _planes(image, icc, path)
            # Pillow turns TIFFs, and only those, by itself.
            orientation = 1 if image.format == "TIFF" else orientation
        return Photo(
            path=path,
            frame=Frame(tuple(np.array(to_upright(plane, orientation)) for plane in planes), layout),
            format="JPEG" if image.format == "MPO" else str(image.format),
            icc=icc,
            exif=exif,
            dpi=_dpi(image),
            lossless=_is_lossless(image, path),
            jpeg_tables=getattr(image, "quantization", None),
            jpeg_subsampling=max(JpegImagePlugin.get_sampling(image), 0),
            notices=notices,
        )


def photo_info(path: Path) -> MediaInfo:
    """What a photo is, from its header.

    Raises:
        InputError, UnsupportedMedia: As :func:`read_image`.
    """
    with _opened(path) as image:
        orientation = _orientation(image)
        turned = upright_size(*image.size, orientation)
        # Pillow gives a TIFF's size as it is upright.
        (width, height), stored = (image.size, turned) if image.format == "TIFF" else (turned, image.size)
        name = "jpeg" if image.format == "MPO" else str(image.format).lower()
        return MediaInfo(
            path=path,
            kind="photo",
            container=name,
            codec=name,
            width=width,
            height=height,
            stored_width=stored[0],
            stored_height=stored[1],
            orientation=orientation,
            pixel_format=image.mode,
            bit_depth=16 if _has_16_bits(image, path) else 8,
            frames=1,
            exact_frames=True,
        )


# What Pillow's decoders raise on damaged files.
_DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError),
    *(MemoryError, RuntimeError, ZeroDivisionError, OverflowError, cv2.error),
)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The picture for the time of the block; whatever is wrong with the file is a typed error."""
    check_input(path)
    try:
        with warnings.catch_warnings():
            # Of damage that Pillow works around, and of sizes for which there is a limit here.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as image:
                if image.width * image.height >= _MAX_PIXELS:
                    raise _too_large(path)
                yield image
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except UnidentifiedImageError as error:
        raise InputError(
            "This is not a picture of a known kind.",
            path=path,
            next_step="JPEG, PNG, WebP, AVIF, TIFF and BMP are read.",
        ) from error
    except _DAMAGE as error:
        raise InputError(
            "The picture is damaged or cut off.", path=path, next_step="Copy or download it again."
        ) from error


def _too_large(path: Path) -> UnsupportedMedia:
    return UnsupportedMedia("The picture is beyond the limit of 177 Mpx.", path=path)


def _check_pages(image: Image.Image, path: Path) -> tuple[Notice, ...]:
    pages = int(getattr(image, "n_frames", 1))
    if pages == 1 or image.format == "MPO":
        return ()
    if image.format == "TIFF":
        return (Notice("first-page-only", f"Only the first of {pages} pages was used."),)
    raise UnsupportedMedia(
        f"This is an animation of {pages} pictures, which is not supported yet.",
        path=path,
        next_step="Save the picture that you want as a file of its own, or convert it to MP4.",
    )


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _clean_exif(image: Image.Image) -> bytes:
    """The EXIF block less orientation (applied), position (private) and thumbnail (shows the old face)."""
    try:
        exif = image.getexif()
        if image.format == "TIFF":
            # A TIFF's own directory is its EXIF: strips and sizes in there describe the old file.
            kept = {tag: exif[tag] for tag in (270, 271, 272, 305, 306, 315, 33432) if tag in exif}
            exif = Image.Exif()
            exif.update(kept)
        for tag in (_ORIENTATION, _GPS):
            exif.pop(tag, None)
        return exif.tobytes() if len(exif) else b""
    except _DAMAGE:
        return b""


def _position_lost(image: Image.Image) -> Iterator[Notice]:
    try:
        if _GPS in image.getexif():
            yield Notice("position-dropped", "Where it was taken is not passed on.")
    except _DAMAGE:
        return


def _has_16_bits(image: Image.Image, path: Path) -> bool:
    if image.mode.startswith("I;16"):
        return True
    if image.format == "PNG":
        with path.open("rb") as file:
            return file.read(25)[24] == 16
    if image.format == "TIFF":
        bits = image.tag_v2.get(_BITS_PER_SAMPLE, (8,))  # type: ignore[attr-defined]
        return bool(max(bits) == 16) and image.mode not in ("F", "I")
    return False


def _planes(
    image: Image.Image, icc: bytes | None, path: Path
) -> tuple[list[NDArray[Any]], Layout, bytes | None]:
    """8-bit planes in the layout's order, and the profile that now describes them."""
    if image.mode in ("F", "I", "LAB", "HSV"):
        raise UnsupportedMedia(
            f"Pixels of kind {image.mode} are not supported.",
            path=path,
            next_step="Save it as 16-bit TIFF or PNG.",
        )
    if image.mode == "CMYK":
        return *_rgb_planes(_cmyk_to_rgb(image, icc)), None
    has_alpha = "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info
    if image.mode in ("1", "L", "LA", "La"):
        grey = image.convert("LA" if has_alpha else "L")
        return [np.asarray(band) for band in grey.split()], Layout("gray", alpha=has_alpha), icc
    return *_rgb_planes(image.convert("RGBA" if has_alpha else "RGB")), icc


def _rgb_planes(image: Image.Image) -> tuple[list[NDArray[Any]], Layout]:
    red, green, blue, *alpha = (np.asarray(band) for band in image.split())
    return [green, blue, red, *alpha], Layout("gbr", alpha=bool(alpha))


def _cmyk_to_rgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    if icc is not None:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            converted = ImageCms.profileToProfile(
                image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # an unusable profile is as good as none
    return image.convert("RGB")


def _deep_planes(path: Path) -> tuple[list[NDArray[Any]], Layout]:
    """16-bit planes; Pillow, which has checked the file, would cut colour down to 8 bits."""
    data = path.read_bytes()
    if data[:2] in (b"II", b"MM"):
        data = without_orientation(data)
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("not decoded as 16 bits")
    if pixels.ndim == 2:
        return [pixels], Layout("gray", 16)
    bands = [pixels[..., index] for index in range(pixels.shape[2])]
    if len(bands) == 2:
        return bands, Layout("gray", 16, alpha=True)
    blue, green, red, *alpha = bands
    return [green, blue, red, *alpha], Layout("gbr", 16, alpha=bool(alpha))


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    if not isinstance(dpi, tuple) or len(dpi) != 2 or not all(float(value) > 0 for value in dpi):
        return None
    return float(dpi[0]), float(dpi[1])


def _is_lossless(image: Image.Image, path: Path) -> bool:
    if image.format == "WEBP":
        with path.open("rb") as file:
            return b"VP8L" in file.read(64)
    return image.format in ("PNG", "TIFF", "BMP")
