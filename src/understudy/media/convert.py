"""Changing a picture's pixel format without shifting its levels."""

from __future__ import annotations

import av
from av.video.reformatter import Interpolation, VideoReformatter

from understudy.media.color import ColorTags, layout_of

__all__ = ["Converter", "closest_format"]

# Without these swscale shifts the whole picture (by 1.67 levels on average).
_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
_ACCURATE = Interpolation.BICUBIC | _EXACT
_SHRINKING, _GROWING = Interpolation.AREA | _EXACT, Interpolation.LANCZOS | _EXACT
_BT709, _LIMITED, _FULL = 1, 1, 2


class Converter:
    """Converts frame after frame; keeps what swscale prepares for the first one."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def convert(
        self, frame: av.VideoFrame, pixel_format: str, tags: ColorTags, size: tuple[int, int] | None = None
    ) -> av.VideoFrame:
        """The frame in another format, and scaled if a size (width, height) is given, all else equal.

        It is the frame itself if that is what it is already.
        """
        if frame.format.name == pixel_format and size is None:
            return frame
        width, height = size or (frame.width, frame.height)
        shrinks = width * height < frame.width * frame.height
        space = tags.space if tags.space != 2 else _BT709
        span = _FULL if tags.range == 2 or frame.format.name.startswith("yuvj") else _LIMITED
        from_rgb, to_rgb = frame.format.is_rgb, av.VideoFormat(pixel_format).is_rgb
        converted = self._reformatter.reformat(
            frame,
            width,
            height,
            format=pixel_format,
            src_colorspace=None if from_rgb else space,
            dst_colorspace=None if to_rgb else space,
            src_color_range=_FULL if from_rgb else span,
            dst_color_range=_FULL if to_rgb else span,
            interpolation=_ACCURATE if size is None else _SHRINKING if shrinks else _GROWING,
        )
        converted.pts, converted.duration = frame.pts, frame.duration
        return converted


def closest_format(pixel_format: str) -> str:
    """The pixel format, of those whose planes a :class:`Frame` keeps, that holds a decoder's frames best."""
    if layout_of(pixel_format) is not None:
        return pixel_format
    parts = av.VideoFormat(pixel_format)
    bits = max(component.bits for component in parts.components)
    has_alpha = len(parts.components) in (2, 4)
    depth = "" if bits <= 8 else f"{_next_depth(bits)}le"
    if parts.is_rgb or parts.has_palette:
        return f"gbrap{depth}" if has_alpha or parts.has_palette else f"gbrp{depth}"
    if len(parts.components) <= 2:
        return f"gray{depth}"
    half = parts.chroma_width(16) == 8, parts.chroma_height(16) == 8
    sampling = {(True, True): "420", (True, False): "422"}.get(half, "444")
    return f"yuv{'a' if has_alpha else ''}{sampling}p{depth}"


def _next_depth(bits: int) -> int:
    return next((depth for depth in (10, 12, 16) if depth >= bits), 16)
