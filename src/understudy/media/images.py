"""Photos: :func:`read_image` and, around changed pixels, :func:`write_image`."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from understudy.core.errors import EncoderError
from understudy.core.types import Notice
from understudy.core.verdict import Allow, check_allowed
from understudy.media.files import Seal, check_output, named_format, output_error, staged
from understudy.media.photo import Photo, photo_info, read_image
from understudy.media.tiff import encode_tiff

__all__ = ["PHOTO_SUFFIXES", "Photo", "photo_format", "photo_info", "read_image", "write_image"]

PHOTO_SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".avif": "AVIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
_DEEP_FORMATS = {"PNG", "TIFF"}
_ALPHA_FORMATS = {"PNG", "WEBP", "AVIF", "TIFF"}
# The mean of a JPEG's luma table at quality 85 of the IJG scale; a coarser one would spoil the new face.
_FINE_TABLE_MEAN = 18


def photo_format(path: Path) -> str:
    """The picture format that a file's name asks for, as Pillow calls it.

    Raises:
        PlanError: None that is known.
    """
    return named_format(path, PHOTO_SUFFIXES, "picture")


def write_image(
    photo: Photo,
    path: Path,
    allow: Allow,
    *,
    quality: int | None = None,
    overwrite: bool = False,
    seal: Seal | None = None,
) -> tuple[Notice, ...]:
    """Write a photo, in the format that the name asks for, in one step.

    Args:
        photo: Its frame as it now is.
        path: Where; the suffix decides the format.
        allow: The content gate's leave.
        quality: 0 to 100 for JPEG, WebP and AVIF; the default keeps a JPEG's own quantisation if that is
            fine, and is visually lossless otherwise.
        overwrite: Whether a file of that name may be replaced.
        seal: Marks the file before it gets its name.

    Returns:
        What this format could not keep.

    Raises:
        PlanError: The suffix names no known format, or the file exists.
        EncoderError: The format cannot hold the picture.
        OutputError: It cannot be written.
    """
    check_allowed(allow)
    kind = photo_format(path)
    check_output(path, overwrite=overwrite)
    pixels, notices = _pixels(photo, kind)
    try:
        data = _encode(photo, pixels, kind, quality)
    except (OSError, ValueError, SystemError, cv2.error) as error:
        raise EncoderError(
            f"{kind} cannot hold this picture ({error}).", path=path, next_step="Write it as PNG or TIFF."
        ) from error
    with staged(path, overwrite=overwrite, seal=seal) as temporary:
        try:
            temporary.write_bytes(data)
        except OSError as error:
            raise output_error(error, path) from error
    return notices


def _pixels(photo: Photo, kind: str) -> tuple[NDArray[Any], tuple[Notice, ...]]:
    """(height, width[, channels]): grey or red, green, blue, then alpha, as deep as the format takes."""
    layout = photo.frame.layout
    planes = list(photo.frame.planes)
    notices: list[Notice] = []
    if layout.alpha and kind not in _ALPHA_FORMATS:
        planes.pop()
        notices.append(Notice("alpha-dropped", f"{kind} has no transparency; it was left out."))
    if layout.model == "gbr":
        planes[:3] = planes[2], planes[0], planes[1]
    pixels = np.dstack(planes) if len(planes) > 1 else planes[0]
    if layout.bits > 8 and kind not in _DEEP_FORMATS:
        pixels = cv2.convertScaleAbs(pixels, alpha=255 / 65535).reshape(pixels.shape)
        notices.append(Notice("depth-reduced", f"{kind} holds 8 bits; the picture had {layout.bits}."))
    return pixels, tuple(notices)


def _encode(photo: Photo, pixels: NDArray[Any], kind: str, quality: int | None) -> bytes:
    if pixels.dtype == np.uint16:
        return encode_tiff(pixels, photo.icc, photo.dpi) if kind == "TIFF" else _deep_png(photo, pixels)
    options = _OPTIONS[kind](photo, quality)
    if photo.icc is not None and kind != "BMP":
        options["icc_profile"] = photo.icc
    if photo.exif and kind != "BMP":
        options["exif"] = photo.exif
    if photo.dpi is not None and kind in ("JPEG", "PNG", "TIFF", "BMP"):
        options["dpi"] = photo.dpi
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def _jpeg_options(photo: Photo, quality: int | None) -> dict[str, Any]:
    tables = photo.jpeg_tables
    if quality is None and tables and np.mean(tables[0]) <= _FINE_TABLE_MEAN:
        # Its own tables reproduce the blocks that were not touched almost exactly.
        return {"qtables": tables, "subsampling": photo.jpeg_subsampling, "optimize": True}
    return {"quality": 95 if quality is None else quality, "subsampling": 0, "optimize": True}


def _webp_options(photo: Photo, quality: int | None) -> dict[str, Any]:
    if quality is None and photo.lossless:
        return {"lossless": True, "exact": True}
    return {"quality": 95 if quality is None else quality, "method": 4, "exact": True}


def _avif_options(_photo: Photo, quality: int | None) -> dict[str, Any]:
    return {"quality": 90 if quality is None else quality, "subsampling": "4:4:4"}


def _no_options(_photo: Photo, _quality: int | None) -> dict[str, Any]:
    return {}


def _tiff_options(_photo: Photo, _quality: int | None) -> dict[str, Any]:
    return {"compression": "tiff_adobe_deflate"}


_OPTIONS: dict[str, Callable[[Photo, int | None], dict[str, Any]]] = {
    "JPEG": _jpeg_options,
    "WEBP": _webp_options,
    "AVIF": _avif_options,
    "PNG": _no_options,
    "BMP": _no_options,
    "TIFF": _tiff_options,
}


def _deep_png(photo: Photo, pixels: NDArray[Any]) -> bytes:
    """A 16-bit PNG, which Pillow cannot write in colour, with profile, EXIF and resolution put in by hand."""
    order = {2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}
    if pixels.ndim == 3:
        pixels = np.ascontiguousarray(pixels[..., order[pixels.shape[2]]])
    done, encoded = cv2.imencode(".png", pixels)
    if not done:
        raise ValueError("PNG encoder failed")
    data = encoded.tobytes()
    chunks = b""
    if photo.icc is not None:
        chunks += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(photo.icc))
    if photo.dpi is not None:
        per_metre = [round(value / 0.0254) for value in photo.dpi]
        chunks += _chunk(b"pHYs", struct.pack(">IIB", *per_metre, 1))
    if photo.exif:
        chunks += _chunk(b"eXIf", photo.exif.removeprefix(b"Exif\0\0"))
    after_header = 8 + 25
    return data[:after_header] + chunks + data[after_header:]


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
