from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from understudy.core.errors import InputError, UnsupportedMedia
from understudy.library.fsz import FszPicture, decode, is_fsz, read_fsz


def png(level: int, size: int = 8) -> bytes:
    return bytes(cv2.imencode(".png", np.full((size, size, 3), level, np.uint8))[1])


def fsz(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_pictures_come_in_the_files_order_and_nothing_is_unpacked(tmp_path: Path) -> None:
    path = fsz(tmp_path / "ada.fsz", {"0.png": png(10), "2.png": png(30), "1.png": png(20), "note.txt": b"x"})
    assert is_fsz(path)
    pictures = list(read_fsz(path))
    assert [picture.name for picture in pictures] == ["0.png", "2.png", "1.png"]
    assert [int(decode(path, picture).bgr()[0, 0, 0]) for picture in pictures] == [10, 30, 20]
    assert [entry.name for entry in tmp_path.iterdir()] == ["ada.fsz"]


def test_a_compressed_one_is_read_too_and_capital_suffixes_do_not_count(tmp_path: Path) -> None:
    path = fsz(tmp_path / "ada.fsz", {"0.PNG": png(1), "1.png": png(2)}, zipfile.ZIP_DEFLATED)
    assert [picture.name for picture in read_fsz(path)] == ["1.png"]


@pytest.mark.parametrize("name", ["../0.png", "faces/0.png", "/tmp/0.png", "a\\0.png", "faces/"])
def test_a_path_in_it_is_refused(tmp_path: Path, name: str) -> None:
    path = fsz(tmp_path / "ada.fsz", {"0.png": png(1), name: b""})
    with pytest.raises(UnsupportedMedia, match="a folder in it"):
        list(read_fsz(path))


@pytest.mark.parametrize(
    ("members", "reason"), [({"0.PNG": b"", "a.jpg": b""}, "no picture"), ({}, "no picture")]
)
def test_one_without_pictures_is_refused(tmp_path: Path, members: dict[str, bytes], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        list(read_fsz(fsz(tmp_path / "ada.fsz", members)))


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    path = fsz(tmp_path / "ada.fsz", {f"{index}.png": b"" for index in range(2001)})
    with pytest.raises(UnsupportedMedia, match="2001 files"):
        list(read_fsz(path))


def test_a_zip_bomb_is_refused_by_what_it_says_and_by_what_it_is(tmp_path: Path) -> None:
    path = fsz(tmp_path / "ada.fsz", {"0.png": bytes(65 * 2**20)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(UnsupportedMedia, match="too large"):
        list(read_fsz(path))
    data = bytearray(path.read_bytes())
    # The directory now lies about the size before compression.
    where = data.rindex(b"PK\x01\x02") + 24
    data[where : where + 4] = struct.pack("<I", 100)
    path.write_bytes(data)
    with pytest.raises((UnsupportedMedia, InputError)):
        list(read_fsz(path))


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    data = bytearray(png(1))
    data[16:24] = struct.pack(">II", 60000, 60000)
    with pytest.raises(UnsupportedMedia, match=r"0\.png in this faceset is too large"):
        decode(tmp_path / "ada.fsz", FszPicture("0.png", bytes(data)))


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"GIF89a" + bytes(40), png(1)[:50]])
def test_a_damaged_picture_is_named(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match=r"0\.png in it is"):
        decode(tmp_path / "ada.fsz", FszPicture("0.png", data))


@pytest.mark.parametrize("cut", [10, 60, 200])
def test_a_cut_off_file_is_an_input_error(tmp_path: Path, cut: int) -> None:
    whole = fsz(tmp_path / "whole.fsz", {"0.png": png(1), "1.png": png(2, 64)}).read_bytes()
    path = tmp_path / "ada.fsz"
    path.write_bytes(whole[:-cut])
    with pytest.raises(InputError, match="cannot be read"):
        list(read_fsz(path))


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = fsz(tmp_path / "ada.fsz", {"0.png": png(1)})
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="cannot be read"):
        list(read_fsz(path))
