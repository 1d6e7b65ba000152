"""I01 to I31 and I34: photos and animations."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from making import blank_png, film, png, png_chunk
from numpy.typing import NDArray
from patches import COLOURS, box_in, colours, near, picture, turned
from PIL import Image, ImageCms
from room import Room, codes

from understudy.core.errors import InputError, UnsupportedMedia

_RGB = np.array(COLOURS)[:, ::-1]


def _rgb(index: int = 0) -> NDArray[np.uint8]:
    return np.ascontiguousarray(picture(index)[..., ::-1])


def _read(path: Path, mode: str = "RGB") -> NDArray[Any]:
    """As Pillow alone shows it, upright by what its tag says."""
    with Image.open(path) as image:
        return np.asarray(image.convert(mode))


def _turned(room: Room, number: int) -> str:
    stored = Image.fromarray(np.ascontiguousarray(turned(_rgb(), number, back=True)))
    exif = Image.Exif()
    exif[274] = number
    for suffix, options in ((".jpg", {"quality": 98, "subsampling": 0}), (".png", {}), (".tif", {})):
        source, out = room.folder / f"in{suffix}", f"out{suffix}"
        stored.save(source, exif=exif, **options)
        room.swap(source, out)
        with Image.open(room.folder / out) as image:
            assert image.getexif().get(274, 1) == 1
            assert image.size == (64, 48)
        got = _read(room.folder / out)
        near(colours(got), _RGB)
        near(box_in(got), 255 - _RGB[0], 4)
    return f"OK, upright, tag reset, box at its place (JPEG, PNG, TIFF, EXIF {number})"


def i01(room: Room) -> str:
    """EXIF orientation 1 → OK, upright, tag reset"""
    return _turned(room, 1)


def i02(room: Room) -> str:
    """EXIF orientation 2 → OK, upright, tag reset"""
    return _turned(room, 2)


def i03(room: Room) -> str:
    """EXIF orientation 3 → OK, upright, tag reset"""
    return _turned(room, 3)


def i04(room: Room) -> str:
    """EXIF orientation 4 → OK, upright, tag reset"""
    return _turned(room, 4)


def i05(room: Room) -> str:
    """EXIF orientation 5 → OK, upright, tag reset"""
    return _turned(room, 5)


def i06(room: Room) -> str:
    """EXIF orientation 6 → OK, upright, tag reset"""
    return _turned(room, 6)


def i07(room: Room) -> str:
    """EXIF orientation 7 → OK, upright, tag reset"""
    return _turned(room, 7)


def i08(room: Room) -> str:
    """EXIF orientation 8 → OK, upright, tag reset"""
    return _turned(room, 8)


def i09(room: Room) -> str:
    """CMYK JPEG → OK, colours right"""
    source = room.folder / "in.jpg"
    Image.fromarray(_rgb()).convert("CMYK").save(source, quality=98, subsampling=0)
    room.swap(source, "out.png")
    near(colours(_read(room.folder / "out.png")), _RGB, 3)
    return "OK, colours within 3 levels"


def i10(room: Room) -> str:
    """16-bit RGB PNG → OK, scaled"""
    deep = picture().astype(np.uint16) * 257
    cv2.imwrite(str(room.folder / "in.png"), deep)
    room.swap(room.folder / "in.png", "out.png")
    got = cv2.imread(str(room.folder / "out.png"), cv2.IMREAD_UNCHANGED)
    assert got.dtype == np.uint16
    near(colours(got), np.array(COLOURS) * 257, 0)
    result = room.swap(room.folder / "in.png", "out.jpg", quality=98)
    assert codes(result) == {"depth-reduced"}
    near(colours(_read(room.folder / "out.jpg")), _RGB)
    return "OK, 16 bits kept in PNG, scaled in JPEG with a note"


def i11(room: Room) -> str:
    """16-bit grey PNG → OK"""
    grey = picture()[..., 2].astype(np.uint16) * 257
    cv2.imwrite(str(room.folder / "in.png"), grey)
    room.swap(room.folder / "in.png", "out.png")
    got = cv2.imread(str(room.folder / "out.png"), cv2.IMREAD_UNCHANGED)
    assert got.dtype == np.uint16
    near(colours(got), colours(grey), 0)
    return "OK, 16 bits kept"


def i12(room: Room) -> str:
    """palette + tRNS → OK"""
    image = Image.fromarray(_rgb()).quantize(8)
    index = image.getpixel((40, 8))
    image.save(room.folder / "in.png", transparency=index)
    room.swap(room.folder / "in.png", "out.png")
    got = colours(_read(room.folder / "out.png", "RGBA"))
    near(got[:, :3], _RGB)
    assert got[:, 3].tolist() == [255, 0, 255, 255]
    return "OK, colours and transparency kept"


def i13(room: Room) -> str:
    """1-bit → OK"""
    Image.fromarray(np.asarray(picture()[..., 2] > 100)).save(room.folder / "in.png")
    room.swap(room.folder / "in.png", "out.png")
    near(colours(_read(room.folder / "out.png", "L")), [255, 0, 0, 255], 0)
    return "OK"


def i14(room: Room) -> str:
    """LA → OK"""
    grey = Image.fromarray(picture()[..., 2]).convert("LA")
    alpha = np.full((48, 64), 255, np.uint8)
    alpha[:, 32:] = 90
    grey.putalpha(Image.fromarray(alpha))
    grey.save(room.folder / "in.png")
    room.swap(room.folder / "in.png", "out.png")
    near(colours(_read(room.folder / "out.png", "LA")), [[200, 255], [60, 90], [40, 255], [120, 90]], 0)
    return "OK, alpha kept"


def i15(room: Room) -> str:
    """progressive JPEG → OK"""
    Image.fromarray(_rgb()).save(room.folder / "in.jpg", progressive=True, quality=98, subsampling=0)
    room.swap(room.folder / "in.jpg", "out.jpg")
    near(colours(_read(room.folder / "out.jpg")), _RGB)
    return "OK, colours within 2 levels"


def i16(room: Room) -> str:
    """truncated JPEG → REJ"""
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(room.folder / "in.jpg")
    data = (room.folder / "in.jpg").read_bytes()
    (room.folder / "in.jpg").write_bytes(data[: len(data) // 2])
    return room.refused(InputError, room.folder / "in.jpg", "damaged or cut off", name="out.png")


def i20(room: Room) -> str:
    """multi-page TIFF → page 1 + notice"""
    pages = [Image.fromarray(_rgb(index)) for index in (0, 4)]
    pages[0].save(room.folder / "in.tif", save_all=True, append_images=pages[1:])
    result = room.swap(room.folder / "in.tif", "out.tif")
    assert codes(result) == {"first-page-only"}
    near(colours(_read(room.folder / "out.tif")), _RGB, 0)
    return "OK, page 1, noted"


def i21(room: Room) -> str:
    """float TIFF → OK or REJ"""
    Image.fromarray(np.ones((48, 64), np.float32)).save(room.folder / "in.tif")
    return room.refused(UnsupportedMedia, room.folder / "in.tif", "kind F", name="out.tif")


def i22(room: Room) -> str:
    """AVIF → OK"""
    Image.fromarray(_rgb()).save(room.folder / "in.avif", quality=95)
    room.swap(room.folder / "in.avif", "out.avif", quality=95)
    near(colours(_read(room.folder / "out.avif")), colours(_read(room.folder / "in.avif")), 3)
    return "OK, colours within 3 levels"


def i23(room: Room) -> str:
    """HEIC → OK or named missing codec"""
    brand = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic")
    (room.folder / "in.heic").write_bytes(brand + struct.pack(">I4sI", 12, b"meta", 0) + bytes(64))
    return room.command_refuses(room.folder / "in.heic", "HEIC")


def _refused_png(room: Room, data: bytes, part: str) -> str:
    (room.folder / "in.png").write_bytes(data)
    assert len(data) < 300_000
    return f"{room.command_refuses(room.folder / 'in.png', part, within=10)} ({len(data) // 1000} kB)"


def i24(room: Room) -> str:
    """bomb 40960² in 204 kB → REJ"""
    return _refused_png(room, blank_png(40960), "177 Mpx")


def i25(room: Room) -> str:
    """177 Mpx → REJ"""
    return _refused_png(room, blank_png(13312), "177 Mpx")


def i26(room: Room) -> str:
    """zTXt 50 MB bomb → REJ"""
    bomb = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000), 9))
    line = b"".join(b"\0" + bytes(64 * 3) for _ in range(48))
    return _refused_png(room, png(64, 48, 8, 2, zlib.compress(line), bomb), "damaged")


def i28(room: Room) -> str:
    """JPEG + appended MP4 → OK, tail dropped"""
    Image.fromarray(_rgb()).save(room.folder / "in.jpg", quality=98, subsampling=0)
    tail = film(room.folder / "tail.mp4").read_bytes()
    whole = (room.folder / "in.jpg").read_bytes()
    (room.folder / "in.jpg").write_bytes(whole + tail)
    room.swap(room.folder / "in.jpg", "out.jpg")
    near(colours(_read(room.folder / "out.jpg")), _RGB)
    data = (room.folder / "out.jpg").read_bytes()
    assert b"ftyp" not in data
    assert data.endswith(b"\xff\xd9")
    return "OK, tail dropped"


def i29(room: Room) -> str:
    """EPS → REJ"""
    text = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n%%EOF\n"
    for name, start in (("in.eps", b""), ("in.png", b""), ("dos.eps", b"\xc5\xd0\xd3\xc6" + bytes(28))):
        (room.folder / name).write_bytes(start + text)
        said = room.command_refuses(room.folder / name, "PostScript")
    return said


def i30(room: Room) -> str:
    """SVG as .jpg → REJ"""
    text = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect width="9" height="9"/></svg>'
    )
    for start in (b"", b'<?xml version="1.0"?>\n'):
        (room.folder / "in.jpg").write_bytes(start + text)
        said = room.command_refuses(room.folder / "in.jpg", "in.jpg")
    return said


def i31(room: Room) -> str:
    """GPS EXIF → OK, GPS removed"""
    exif = Image.Exif()
    exif[271] = "Maker"
    exif.get_ifd(34853)[1] = "N"
    exif.get_ifd(34853)[2] = (52.0, 31.0, 12.0)
    for suffix in (".jpg", ".png", ".webp", ".tif"):
        Image.fromarray(_rgb()).save(room.folder / f"in{suffix}", exif=exif)
        with Image.open(room.folder / f"in{suffix}") as image:
            assert suffix == ".tif" or image.getexif().get_ifd(34853)
        result = room.swap(room.folder / f"in{suffix}", f"out{suffix}")
        assert suffix == ".tif" or "position-dropped" in {notice.code for notice in result.notices}
        with Image.open(room.folder / f"out{suffix}") as image:
            assert not image.getexif().get_ifd(34853)
            assert image.getexif()[271] == "Maker"
    return "OK, GPS removed, camera kept (JPEG, PNG, WebP, TIFF)"


def i34(room: Room) -> str:
    """Display-P3 ICC° → OK, colour managed"""
    profile = _display_p3()
    Image.fromarray(_rgb()).save(room.folder / "in.png", icc_profile=profile)
    for suffix in (".png", ".jpg", ".webp", ".tif", ".avif"):
        room.swap(room.folder / "in.png", f"out{suffix}", quality=98)
        with Image.open(room.folder / f"out{suffix}") as image:
            assert image.info.get("icc_profile") == profile, suffix
        near(colours(_read(room.folder / f"out{suffix}")), _RGB, 4)
    return "OK, profile and values kept in PNG, JPEG, WebP, TIFF, AVIF"


def _display_p3() -> bytes:
    """Pillow's sRGB profile with Display P3's primaries (adapted to D50) in it."""
    primaries = {b"rXYZ": (0.5151, 0.2412, -0.0011), b"gXYZ": (0.2920, 0.6922, 0.0419)} | {
        b"bXYZ": (0.1571, 0.0666, 0.7841)
    }
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(struct.unpack_from(">I", data, 128)[0]):
        tag, place, _ = struct.unpack_from(">4sII", data, 132 + 12 * number)
        if tag in primaries:
            struct.pack_into(">3i", data, place + 8, *(round(value * 65536) for value in primaries[tag]))
    ImageCms.ImageCmsProfile(io.BytesIO(bytes(data)))
    return bytes(data)
