"""Photos: what must survive, judged by Pillow and by OpenCV."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from gates import allowed
from understudy.core.errors import InputError, OutputError, OutputExists, PlanError, UnsupportedMedia
from understudy.core.types import Region
from understudy.media.images import read_image, write_image
from understudy.media.probe import probe, sniff_kind
from understudy.media.tiff import encode_tiff

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    y, x = np.mgrid[:height, :width]
    return np.dstack([x * 3 % 256, y * 5 % 256, (x + 2 * y) % 256]).astype(np.uint8)


def change(path: Path, out: Path, **options: object) -> tuple[np.ndarray, np.ndarray]:
    """Blend something into the middle, write; the frame's pixels before and after."""
    photo = read_image(path)
    before = photo.frame.bgr()
    mask = np.zeros((16, 16), np.uint8)
    mask[2:-2, 2:-2] = 200
    photo.frame.blend(Region(20, 16, 16, 16), np.full((16, 16, 3), 90, np.uint8), mask)
    write_image(photo, out, allowed(), **options)  # type: ignore[arg-type]
    return before, photo.frame.bgr()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_orientation_is_applied_and_reset(tmp_path: Path, orientation: int, suffix: str) -> None:
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    exif = Image.Exif()
    exif[274] = orientation
    exif[271] = "Maker"
    Image.fromarray(picture()).save(source, exif=exif, quality=95)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(source)).convert("RGB"))

    photo = read_image(source)
    info = probe(source)
    assert (info.width, info.height) == (photo.frame.width, photo.frame.height)
    assert info.orientation == orientation
    np.testing.assert_array_equal(photo.frame.bgr()[..., ::-1], expected)

    write_image(photo, out, allowed())
    written = Image.open(out)
    assert written.getexif().get(274, 1) == 1
    assert written.getexif().get(271) == "Maker"
    assert written.size == (photo.frame.width, photo.frame.height)
    assert np.abs(np.asarray(written.convert("RGB")).astype(int) - expected).mean() < 4


def test_position_is_removed_and_other_exif_kept(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jpg", tmp_path / "out.jpg"
    exif = Image.Exif()
    exif.get_ifd(34853)[1] = "N"
    exif.get_ifd(34853)[2] = (52.0, 31.0, 12.0)
    exif.get_ifd(34665)[36867] = "2026:01:02 03:04:05"
    exif[315] = "Ada"
    Image.fromarray(picture()).save(source, exif=exif)
    with Image.open(source) as original:
        assert original.getexif().get_ifd(34853)
    change(source, out)
    with Image.open(out) as image:
        written = image.getexif()
        written.get_ifd(34665)
    assert not written.get_ifd(34853)
    assert written[315] == "Ada"
    assert written.get_ifd(34665)[36867] == "2026:01:02 03:04:05"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_profile_and_resolution_are_kept(tmp_path: Path, suffix: str) -> None:
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    Image.fromarray(picture()).save(source, icc_profile=ICC, dpi=(300, 300))
    change(source, out)
    with Image.open(out) as written:
        assert written.info["icc_profile"] == ICC
        if suffix in (".jpg", ".png", ".tif"):
            assert written.info["dpi"] == pytest.approx((300, 300), abs=0.5)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".webp"])
def test_lossless_formats_change_nothing_outside_the_mask(tmp_path: Path, suffix: str) -> None:
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    Image.fromarray(picture()).save(source, **({"lossless": True} if suffix == ".webp" else {}))
    before, after = change(source, out)
    written = np.asarray(Image.open(out).convert("RGB"))[..., ::-1]
    np.testing.assert_array_equal(written, after)
    changed = (before != after).any(-1)
    assert changed.any()
    outside = np.ones_like(changed)
    outside[18:30, 22:34] = False
    assert not changed[outside].any()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".avif"])
def test_alpha_is_kept(tmp_path: Path, mode: str, suffix: str) -> None:
    alpha = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    image = Image.fromarray(np.dstack([picture(), alpha]))
    source, out = tmp_path / "in.png", tmp_path / f"out{suffix}"
    if mode == "P":
        image = image.convert("RGB").quantize(64)
        image.save(source, transparency=3)
        alpha = np.asarray(Image.open(source).convert("RGBA"))[..., 3]
        assert alpha.min() == 0
    else:
        image.convert(mode).save(source)
    change(source, out)
    written = np.asarray(Image.open(out).convert("RGBA"))[..., 3]
    assert np.abs(written.astype(int) - alpha).max() <= (2 if suffix == ".avif" else 0)


def test_alpha_that_a_format_cannot_hold_is_reported(tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    Image.fromarray(np.dstack([picture(), picture()[..., 0]])).save(source)
    notices = write_image(read_image(source), tmp_path / "out.jpg", allowed())
    assert [notice.code for notice in notices] == ["alpha-dropped"]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_stay_16_bits(tmp_path: Path, channels: int, suffix: str) -> None:
    rng = np.random.default_rng(1)
    shape = (48, 64) if channels == 1 else (48, 64, channels)
    pixels = rng.integers(0, 65536, shape, dtype=np.uint16)
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    assert cv2.imwrite(str(source), pixels)
    assert probe(source).bit_depth == 16
    change(source, out)
    written = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert written.dtype == np.uint16
    assert written.shape == pixels.shape
    changed = written != pixels
    colour = changed if channels == 1 else changed[..., :3]
    assert colour[20:28, 24:32].any()
    changed[18:30, 22:34] = False
    assert not changed.any()
    Image.open(out).load()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_16_bit_tiff(tmp_path: Path, orientation: int) -> None:
    data = bytearray(encode_tiff(picture().astype(np.uint16) * 257, None, (72, 72)))
    # turn the resolution unit's entry (the last one) into an orientation
    at = data.rindex(struct.pack("<HHI", 296, 3, 1))
    data[at : at + 10] = struct.pack("<HHIH", 274, 3, 1, orientation)
    source = tmp_path / "in.tif"
    source.write_bytes(bytes(data))
    expected = np.asarray(ImageOps.exif_transpose(Image.open(source)))
    photo = read_image(source)
    assert photo.frame.layout.bits == 16
    np.testing.assert_array_equal(photo.frame.bgr()[..., ::-1], expected)
    assert (probe(source).width, probe(source).height) == (photo.frame.width, photo.frame.height)


def test_16_bit_png_keeps_its_profile_and_exif(tmp_path: Path) -> None:
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    cv2.imwrite(str(source), picture().astype(np.uint16) * 257)
    data = source.read_bytes()
    iccp = b"iCCPx\0\0" + zlib.compress(ICC)
    exif = Image.Exif()
    exif[274], exif[315] = 6, "Ada"
    exif_chunk = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunks = b"".join(
        struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        for body in (iccp, exif_chunk)
    )
    source.write_bytes(data[:33] + chunks + data[33:])
    photo = read_image(source)
    assert (photo.frame.width, photo.frame.height) == (48, 64)
    write_image(photo, out, allowed())
    with Image.open(out) as written:
        assert written.info["icc_profile"] == ICC
        assert written.getexif()[315] == "Ada"
        assert written.getexif().get(274, 1) == 1
    write_image(photo, tmp_path / "out.tif", allowed())
    with Image.open(tmp_path / "out.tif") as written:
        assert written.info["icc_profile"] == ICC


def test_jpeg_keeps_its_fine_tables_and_replaces_coarse_ones(tmp_path: Path) -> None:
    fine, coarse, out = tmp_path / "fine.jpg", tmp_path / "coarse.jpg", tmp_path / "out.jpg"
    Image.fromarray(picture()).save(fine, quality=93, subsampling=2)
    Image.fromarray(picture()).save(coarse, quality=40)
    change(fine, out)
    with Image.open(out) as written, Image.open(fine) as original:
        assert written.quantization == original.quantization  # type: ignore[attr-defined]
    change(coarse, out, overwrite=True)
    with Image.open(out) as written, Image.open(coarse) as original:
        assert sum(written.quantization[0]) < sum(original.quantization[0])  # type: ignore[attr-defined]


def test_untouched_jpeg_blocks_survive_re_encoding(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jpg", tmp_path / "out.jpg"
    smooth = cv2.GaussianBlur(picture(256, 256), (0, 0), 6)
    Image.fromarray(smooth).save(source, quality=92, subsampling=0)
    change(source, out)
    a = np.asarray(Image.open(source)).astype(int)
    b = np.asarray(Image.open(out)).astype(int)
    assert np.abs(a - b)[64:].max() <= 3


def test_cmyk_becomes_the_right_rgb(tmp_path: Path) -> None:
    source = tmp_path / "in.jpg"
    Image.fromarray(picture()).convert("CMYK").save(source, quality=95)
    expected = np.asarray(Image.open(source).convert("RGB"))
    np.testing.assert_array_equal(read_image(source).frame.bgr()[..., ::-1], expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "CMYK", "YCbCr"])
def test_other_modes(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(picture()).convert("L" if mode == "I;16" else mode)
    source = tmp_path / ("in.tif" if mode in ("CMYK", "YCbCr") else "in.png")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    image.save(source)
    photo = read_image(source)
    assert photo.frame.bgr().shape == (48, 64, 3)
    write_image(photo, tmp_path / "out.png", allowed())


def test_first_page_with_a_notice(tmp_path: Path) -> None:
    source = tmp_path / "in.tif"
    Image.fromarray(picture()).save(
        source, save_all=True, append_images=[Image.fromarray(picture()[::-1].copy())]
    )
    assert [notice.code for notice in read_image(source).notices] == ["first-page-only"]


def _png_of(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"\0" * ((width // 8 + 1) * 64))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (header, body, b"IEND")
    )


def _bytes_of(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture(256, 256)).save(buffer, kind, **options)
    return buffer.getvalue()


BAD = {
    "empty.png": (b"", InputError),
    "one.jpg": (b"\xff", InputError),
    "text.jpg": (b"hello, this is text and no picture at all" * 9, InputError),
    "page.png": (b"<!DOCTYPE html><html><body>Not found</body></html>", InputError),
    "cut.jpg": (_bytes_of("JPEG")[:-2000], InputError),
    "cut.png": (_bytes_of("PNG")[:-2000], InputError),
    "cut.webp": (_bytes_of("WEBP", lossless=True)[:-200], InputError),
    "cut.tif": (_bytes_of("TIFF")[:-2000], InputError),
    "head.png": (_bytes_of("PNG")[:40], InputError),
    "eps.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UnsupportedMedia),
    "svg.jpg": (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', UnsupportedMedia),
    "bomb.png": (_png_of(40960, 40960), UnsupportedMedia),
    "large.png": (_png_of(15000, 11800), UnsupportedMedia),
    "text-bomb.png": (
        _bytes_of("PNG")[:33]
        + (lambda body: struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)))(
            b"zTXtx\0\0" + zlib.compress(b"x" * 50_000_000)
        )
        + _bytes_of("PNG")[33:],
        InputError,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_refused(tmp_path: Path, name: str) -> None:
    content, error = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error) as caught:  # noqa: PT012 - either may find it
        sniff_kind(path)
        read_image(path)
    assert caught.value.path == str(path)


def test_animation_is_refused(tmp_path: Path) -> None:
    for kind in ("WEBP", "PNG"):
        path = tmp_path / f"a.{kind.lower()}"
        frames = [Image.fromarray(picture()), Image.fromarray(picture()[::-1].copy())]
        frames[0].save(path, kind, save_all=True, append_images=frames[1:])
        with pytest.raises(UnsupportedMedia, match="animation"):
            read_image(path)


def test_appended_data_is_dropped(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jpg", tmp_path / "out.jpg"
    source.write_bytes(_bytes_of("JPEG", quality=95) + b"\0\0\0\x20ftypisom" + b"secret" * 100)
    change(source, out)
    assert b"secret" not in out.read_bytes()


def test_output_errors(tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    Image.fromarray(picture()).save(source)
    photo = read_image(source)
    with pytest.raises(PlanError, match="no picture format"):
        write_image(photo, tmp_path / "out.xyz", allowed())
    with pytest.raises(OutputExists):
        write_image(photo, source, allowed())
    with pytest.raises(OutputError):
        write_image(photo, tmp_path / "missing" / "out.png", allowed())
    assert sorted(item.name for item in tmp_path.iterdir()) == ["in.png"]
