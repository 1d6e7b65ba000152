"""One picture as its planes, upright to those who look at it.

No full-size RGB picture is ever made: :meth:`Frame.bgr` converts a region (or a downscaled view), and
:meth:`Frame.blend` writes one back into the planes without touching anything outside its mask.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from understudy.core.types import FloatArray, Region
from understudy.media.color import ColorTags, Layout, decode_matrix, encode_matrix, layout_of
from understudy.media.orientation import stored_region, swaps_axes, to_stored, to_upright, upright_size
from understudy.media.shift import shift_planes

__all__ = ["BgrPixels", "Frame", "Planes"]

BgrPixels = NDArray[np.uint8]
Planes = tuple[NDArray[Any], ...]

_BAND = 1 << 17  # pixels that are blended at once
_APART = 64  # rows from one that is compared first to the next
_CHROMA = 4  # rows that share a chroma sample, at most


class Frame:
    """A decoded picture: planes, colour tags, time and orientation.

    Not safe for use by two threads at once; a stage hands it on and lets go of it.

    Args:
        source: The decoder's frame, or planes (uint8, or uint16 for more than 8 bits) in the layout's order:
            Y, U, V or grey or G, B, R, each followed by alpha if there is one.
        layout: How the samples lie.
        tags: Colour tags.
        orientation: EXIF number 1 to 8 of the turn from stored to upright.
        pts, time_base: When it is shown.

    ``source_pts`` stays the time at which a reader gave the picture, whatever becomes of ``pts``.
    """

    def __init__(
        self,
        source: av.VideoFrame | Planes,
        layout: Layout,
        *,
        tags: ColorTags = ColorTags(),  # noqa: B008 - frozen
        orientation: int = 1,
        pts: int = 0,
        time_base: Fraction = Fraction(1),
    ) -> None:
        self._source = source
        self._own = not isinstance(source, av.VideoFrame)
        self.layout = layout
        self.tags = tags
        self.orientation = orientation
        self.pts = self.source_pts = pts
        self.time_base = time_base
        if isinstance(source, av.VideoFrame):
            stored = source.width, source.height
        else:
            stored = source[0].shape[1], source[0].shape[0]
        self._stored_height = stored[1]
        self.width, self.height = upright_size(*stored, orientation)

    @classmethod
    def from_bgr(cls, pixels: NDArray[Any], orientation: int = 1) -> Frame:
        """A frame over a copy of (height, width, 3) BGR or (height, width) grey pixels, uint8 or uint16."""
        bits = 16 if pixels.dtype == np.uint16 else 8
        if pixels.ndim == 2:
            return cls((pixels.copy(),), Layout("gray", bits), orientation=orientation)
        blue, green, red = (np.ascontiguousarray(pixels[..., i]) for i in range(3))
        return cls((green, blue, red), Layout("gbr", bits), orientation=orientation)

    @classmethod
    def from_video(
        cls, frame: av.VideoFrame, *, tags: ColorTags, orientation: int, time_base: Fraction
    ) -> Frame:
        """A frame over a decoder's planes, which are copied only when something is blended in.

        Raises:
            ValueError: The pixel format is not one that :func:`layout_of` knows, or the pts is missing.
        """
        layout = layout_of(frame.format.name)
        if layout is None or frame.pts is None:
            raise ValueError(f"cannot wrap a {frame.format.name} frame with pts {frame.pts}")
        return cls(frame, layout, tags=tags, orientation=orientation, pts=frame.pts, time_base=time_base)

    def copied(self, pts: int, time_base: Fraction) -> Frame:
        """The same picture on planes of its own, at another time."""
        copy = Frame(
            self._source,
            self.layout,
            tags=self.tags,
            orientation=self.orientation,
            pts=pts,
            time_base=time_base,
        )
        if isinstance(self._source, av.VideoFrame):
            native = av.VideoFrame(self._source.width, self._source.height, self._source.format.name)
            copy._source = native
        else:
            copy._source = tuple(np.empty_like(plane) for plane in self._source)
        for mine, theirs in zip(copy.planes, self.planes, strict=True):
            mine[...] = theirs
        copy._own = True
        copy.source_pts = self.source_pts
        return copy

    def same_as(self, other: Frame) -> bool:
        """Whether it shows exactly the same picture, whatever its time; cheap when it does not."""
        if (self.layout, self.tags, self.orientation) != (other.layout, other.tags, other.orientation):
            return False
        pairs = list(zip(self.planes, other.planes, strict=True))
        # A few rows tell moving pictures apart before all of them are compared.
        return all(a.shape == b.shape and np.array_equal(a[::_APART], b[::_APART]) for a, b in pairs) and all(
            np.array_equal(a, b) for a, b in pairs
        )

    def enlarged(self, pixels: BgrPixels) -> Frame:
        """A frame of the same kind and time that shows another, larger picture; transparency is enlarged along.

        Args:
            pixels: (height, width, 3) uint8, upright; both sides a multiple of this frame's by the same factor.

        Raises:
            ValueError: They are not.
        """
        height, width = pixels.shape[:2]
        scale = width // self.width
        if (width, height) != (self.width * scale, self.height * scale) or scale == 0:
            raise ValueError(f"{width}×{height} is no multiple of {self.width}×{self.height}")
        larger = Frame(
            self._blank(scale),
            self.layout,
            tags=self.tags,
            orientation=self.orientation,
            pts=self.pts,
            time_base=self.time_base,
        )
        larger._own = True
        larger.blend(Region(0, 0, width, height), pixels, np.full((height, width), 255, np.uint8))
        if self.layout.alpha:
            alpha = larger.planes[-1]
            alpha[...] = cv2.resize(self.planes[-1], alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return larger

    def _blank(self, scale: int) -> av.VideoFrame | Planes:
        """Planes as these are but larger, their samples of no meaning."""
        source = self._source
        if isinstance(source, av.VideoFrame):
            blank = av.VideoFrame(source.width * scale, source.height * scale, source.format.name)
            blank.duration = source.duration
            # Some encoders read these off their first frame.
            blank.color_range, blank.colorspace = source.color_range, source.colorspace
            blank.color_primaries, blank.color_trc = source.color_primaries, source.color_trc
            return blank
        return tuple(
            np.empty((scale * plane.shape[0], scale * plane.shape[1]), plane.dtype) for plane in source
        )

    @property
    def native(self) -> av.VideoFrame | None:
        """The decoder's frame, when there is one."""
        return self._source if isinstance(self._source, av.VideoFrame) else None

    @property
    def planes(self) -> Planes:
        """Views of the stored planes (chroma of NV12 as two); not valid any more after the next blend."""
        if not isinstance(self._source, av.VideoFrame):
            return self._source
        dtype = np.uint16 if self.layout.bits > 8 else np.uint8
        planes: list[NDArray[Any]] = []
        for index, plane in enumerate(self._source.planes):
            rows = np.frombuffer(plane, dtype).reshape(plane.height, -1)  # type: ignore[call-overload]
            if self.layout.interleaved and index == 1:
                planes += [rows[:, : 2 * plane.width : 2], rows[:, 1 : 2 * plane.width : 2]]
            else:
                planes.append(rows[:, : plane.width])
        return tuple(planes)

    def bgr(self, region: Region | None = None, size: tuple[int, int] | None = None) -> BgrPixels:
        """The region (default: all) as upright (height, width, 3) uint8 BGR.

        Args:
            region: In upright pixels, inside the picture.
            size: (width, height) to scale to; area-averaged on the planes, so that a thumbnail is cheap.

        Raises:
            ValueError: The region is empty or not inside the picture.
        """
        stored = self._stored(region)
        if size is not None and swaps_axes(self.orientation):
            size = size[1], size[0]
        planes = self.planes
        if self.layout.model == "yuv":
            samples = self._yuv_samples(planes, stored, size)
        else:
            count = 1 if self.layout.model == "gray" else 3
            cut = [_resized(_cut(plane, stored), size) for plane in planes[:count]]
            # gbr planes lie in the order G, B, R
            samples = [cut[1], cut[0], cut[2]] if count == 3 else cut
        return np.ascontiguousarray(to_upright(self._to_bgr(samples), self.orientation))

    def blend(self, region: Region, bgr: BgrPixels, mask: NDArray[np.uint8]) -> None:
        """Mix a patch into the picture, in place.

        Where the mask is 0 every plane keeps its bits; a chroma sample changes only when the mask is above 0
        on all the pixels that share it, and then by their mean.

        Args:
            region: In upright pixels, inside the picture.
            bgr: (height, width, 3) uint8, the new pixels.
            mask: (height, width) uint8, their weight.

        Raises:
            ValueError: The shapes do not fit the region, or the region the picture.
        """
        expected = (region.height, region.width)
        if bgr.shape != (*expected, 3) or mask.shape != expected:
            raise ValueError(f"patch {bgr.shape} and mask {mask.shape} do not fit the region {region}")
        stored = self._stored(region)
        bgr, mask = to_stored(bgr, self.orientation), to_stored(mask, self.orientation)
        x, y, width, height = cv2.boundingRect(mask)
        if width == 0:
            return
        self._take_ownership()
        inner = Region(stored.x + x, stored.y + y, width, height)
        bgr, mask = bgr[y : y + height, x : x + width], mask[y : y + height, x : x + width]
        # In bands, so that what lies between stays in the processor's cache and the allocator hands out the same
        # few pages again; they begin where a chroma sample does.
        rows = max(_BAND // width & -_CHROMA, _CHROMA)
        for start in range(inner.y & -_CHROMA, inner.bottom, rows):
            top, bottom = max(start, inner.y), min(start + rows, inner.bottom)
            band = slice(top - inner.y, bottom - inner.y)
            left, _, across, _ = cv2.boundingRect(mask[band])
            if across:
                part = band, slice(left, left + across)
                self._blend_band(Region(inner.x + left, top, across, bottom - top), bgr[part], mask[part])

    def shift(self, change: FloatArray) -> None:
        """Add a faint change to the whole picture, in place and in its own depth.

        Args:
            change: (h, w, 3) float32 BGR, upright, in levels of 255; of any size, stretched over the picture.
        """
        self._take_ownership()
        shift_planes(self.planes, to_stored(change, self.orientation), self.layout, self.tags)

    def _blend_band(self, region: Region, bgr: BgrPixels, mask: NDArray[np.uint8]) -> None:
        planes = self.planes
        if self.layout.model == "gbr":
            scale = (2**self.layout.bits - 1) / 255
            for plane, channel in zip(planes[:3], (1, 0, 2), strict=True):
                new = self._widened(bgr[..., channel])
                _mix(_cut(plane, region), cv2.multiply(new, scale) if scale > 1 else new, mask)
        else:
            self._blend_yuv(planes, region, bgr, mask)

    def _stored(self, region: Region | None) -> Region:
        if region is None:
            region = Region(0, 0, self.width, self.height)
        inside = (
            region.x >= 0 and region.y >= 0 and region.right <= self.width and region.bottom <= self.height
        )
        if not inside or region.width <= 0 or region.height <= 0:
            raise ValueError(f"{region} does not lie inside {self.width}×{self.height}")
        return stored_region(region, self.width, self.height, self.orientation)

    def _take_ownership(self) -> None:
        """Copy the decoder's planes before the first write: it still predicts other frames from them."""
        if not self._own and isinstance(self._source, av.VideoFrame):
            self._source.make_writable()
        self._own = True

    def _widened(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return pixels.astype(np.uint16) if self.layout.bits > 8 else np.ascontiguousarray(pixels)

    def _yuv_samples(
        self, planes: Planes, region: Region, size: tuple[int, int] | None
    ) -> list[NDArray[Any]]:
        luma = _resized(_cut(planes[0], region), size)
        chroma_region = self._chroma_region(region)
        aligned = self._chroma_pad(region, chroma_region) == (0, 0, 0, 0)
        chroma = [_cut(plane, chroma_region) for plane in planes[1:3]]
        if size is not None and aligned:
            return [luma, *(_resized(plane, size) for plane in chroma)]
        # Repeating samples (and averaging them in blend) is exact there and back; interpolating is not.
        left = region.x - (chroma_region.x << self.layout.shift_x)
        top = region.y - (chroma_region.y << self.layout.shift_y)
        whole = chroma_region.width << self.layout.shift_x, chroma_region.height << self.layout.shift_y
        within = Region(left, top, region.width, region.height)
        repeated = (cv2.resize(plane, whole, interpolation=cv2.INTER_NEAREST) for plane in chroma)
        return [luma, *(_resized(_cut(plane, within), size) for plane in repeated)]

    def _to_bgr(self, samples: list[NDArray[Any]]) -> NDArray[Any]:
        layout = self.layout
        if layout.model == "gbr":
            pixels = cv2.merge(samples)
            if layout.bits > 8:
                pixels = cv2.convertScaleAbs(pixels, alpha=255 / (2**layout.bits - 1))
            return np.asarray(pixels)
        merged = cv2.merge(samples) if len(samples) > 1 else samples[0]
        pixels = cv2.transform(merged, decode_matrix(layout, self.tags, self._stored_height))
        return np.asarray(cv2.convertScaleAbs(pixels) if layout.bits > 8 else pixels)

    def _blend_yuv(self, planes: Planes, region: Region, bgr: BgrPixels, mask: NDArray[np.uint8]) -> None:
        layout = self.layout
        samples = cv2.transform(self._widened(bgr), encode_matrix(layout, self.tags, self._stored_height))
        if layout.bits > 8:
            samples = np.minimum(samples, 2**layout.bits - 1)
        if layout.model == "gray":
            _mix(_cut(planes[0], region), samples, mask)
            return
        luma, *chroma = cv2.split(samples)
        _mix(_cut(planes[0], region), luma, mask)
        target = self._chroma_region(region)
        left, top, right, bottom = self._chroma_pad(region, target)
        # Beyond the picture's edge the last pixels go on; inside it, a pixel outside the patch weighs 0.
        outer_right = right if region.right == planes[0].shape[1] else 0
        outer_bottom = bottom if region.bottom == planes[0].shape[0] else 0
        mask = _padded(mask, (0, 0, outer_right, outer_bottom), cv2.BORDER_REPLICATE)
        mask = _padded(mask, (left, top, right - outer_right, bottom - outer_bottom), cv2.BORDER_CONSTANT)
        weight = _block_weights(mask, layout.shift_x, layout.shift_y)
        size = target.width, target.height
        for plane, channel in zip(planes[1:3], chroma, strict=True):
            padded = _padded(channel, (left, top, right, bottom), cv2.BORDER_REPLICATE)
            _mix(_cut(plane, target), cv2.resize(padded, size, interpolation=cv2.INTER_AREA), weight)

    def _chroma_region(self, region: Region) -> Region:
        """The chroma samples that touch a stored region."""
        shift_x, shift_y = self.layout.shift_x, self.layout.shift_y
        x, y = region.x >> shift_x, region.y >> shift_y
        return Region(x, y, -(-region.right >> shift_x) - x, -(-region.bottom >> shift_y) - y)

    def _chroma_pad(self, region: Region, chroma: Region) -> tuple[int, int, int, int]:
        """Luma pixels that these chroma samples cover beyond the region: left, top, right, bottom."""
        shift_x, shift_y = self.layout.shift_x, self.layout.shift_y
        return (
            region.x - (chroma.x << shift_x),
            region.y - (chroma.y << shift_y),
            (chroma.right << shift_x) - region.right,
            (chroma.bottom << shift_y) - region.bottom,
        )


def _cut(plane: NDArray[Any], region: Region) -> NDArray[Any]:
    return plane[region.y : region.bottom, region.x : region.right]


def _resized(plane: NDArray[Any], size: tuple[int, int] | None) -> NDArray[Any]:
    if size is None:
        return plane
    height, width = plane.shape
    # Exact halving is five times as fast as an area average over fractions of pixels.
    while width >= 2 * size[0] and height >= 2 * size[1] and not (width | height) & 1:
        width, height = width // 2, height // 2
        plane = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    shrinks = size[0] <= width and size[1] <= height
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))


def _padded(pixels: NDArray[Any], pad: tuple[int, int, int, int], border: int) -> NDArray[Any]:
    if pad == (0, 0, 0, 0):
        return pixels
    left, top, right, bottom = pad
    return np.asarray(cv2.copyMakeBorder(pixels, top, bottom, left, right, border))


def _block_weights(mask: NDArray[np.uint8], shift_x: int, shift_y: int) -> NDArray[np.uint8]:
    """Mean of the mask over each chroma sample's pixels, 0 where one of them is 0."""
    across, down = 1 << shift_x, 1 << shift_y
    if across == down == 1:
        return mask
    height, width = mask.shape
    weight = cv2.resize(mask, (width // across, height // down), interpolation=cv2.INTER_AREA)
    block = np.ones((down, across), np.uint8)
    lowest = cv2.erode(mask, block, anchor=(across - 1, down - 1))
    smallest = lowest[down - 1 :: down, across - 1 :: across]
    return np.where(smallest > 0, weight, 0).astype(np.uint8, copy=False)


def _mix(plane: NDArray[Any], new: NDArray[Any], mask: NDArray[np.uint8]) -> None:
    """plane += (new - plane) · mask / 255, in place; exact where the mask is 0 and where it is 255."""
    deep = plane.dtype != np.uint8
    between: type[Any] = np.float32 if deep else np.int16
    old = plane.astype(between)
    change = cv2.multiply(new.astype(between) - old, mask.astype(between), scale=1 / 255)
    mixed = old + change  # between two valid values, so it cannot overflow
    plane[...] = np.rint(mixed) if deep else mixed
