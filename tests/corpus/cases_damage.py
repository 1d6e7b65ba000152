"""D01 to D15: files that are damaged, or not what they say."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import numpy as np
from making import boxes, film
from room import Room, codes

from films import video_pts
from understudy.media.probe import sniff_kind


def _written(room: Room, name: str, data: bytes) -> Path:
    path = room.folder / name
    path.write_bytes(data)
    return path


def d01(room: Room) -> str:
    """zero bytes → REJ"""
    return room.command_refuses(_written(room, "in.mp4", b""), "empty")


def d02(room: Room) -> str:
    """1 byte → REJ"""
    return room.command_refuses(_written(room, "in.mp4", b"x"), "in.mp4")


def d03(room: Room) -> str:
    """MP4 truncated (no moov) → REJ"""
    whole = film(room.folder / "in.mp4").read_bytes()
    assert next(start for kind, start, _ in boxes(whole) if kind == "moov") > 1500
    return room.command_refuses(_written(room, "in.mp4", whole[:1500]), "cut off")


def _partial(room: Room, source: Path, most: int) -> str:
    result = room.swap(source)
    count = len(video_pts(room.folder / "out.mp4"))
    assert 0 < count < most
    assert count == result.frames
    assert codes(result) & {"cut-off", "damaged-packets", "damaged-frames"}, codes(result)
    return f"OK, {count} of {most} frames, notices {sorted(codes(result))}"


def d04(room: Room) -> str:
    """MKV truncated → OK partial + warning"""
    source = film(room.folder / "in.mkv", pts=range(0, 48 * 42, 42), options={"g": "8"})
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 2 // 3])
    return _partial(room, source, 48)


def d05(room: Room) -> str:
    """fragmented MP4 truncated → as D04"""
    flags = {"movflags": "frag_keyframe+empty_moov"}
    source = film(room.folder / "in.mp4", pts=range(48), options={"g": "8"}, container_options=flags)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 2 // 3])
    return _partial(room, source, 48)


def d06(room: Room) -> str:
    """40 byte inversions in mdat → OK, damaged frames counted"""
    source = film(room.folder / "in.mp4", pts=range(60), options={"g": "10", "crf": "1"}, size=(128, 96))
    data = bytearray(source.read_bytes())
    [(start, end)] = [(start, end) for kind, start, end in boxes(bytes(data)) if kind == "mdat"]
    for place in np.random.default_rng(6).integers(start + 1000, end, 40):
        data[place] ^= 0xFF
    source.write_bytes(bytes(data))
    result = room.swap(source)
    assert result.frames > 30
    assert codes(result) & {"damaged-packets", "damaged-frames"}, codes(result)
    assert len(video_pts(room.folder / "out.mp4")) == result.frames
    counted = "; ".join(notice.message for notice in result.notices)
    return f"OK, {result.frames} of 60 frames; {counted}"


def d07(room: Room) -> str:
    """text named .mp4 → REJ"""
    return room.command_refuses(_written(room, "in.mp4", b"just some text, no film at all\n" * 20), "in.mp4")


def d08(room: Room) -> str:
    """MP4 named .jpg → handled by content or REJ"""
    source = film(room.folder / "in.jpg", container="mp4")
    assert sniff_kind(source) == "video"
    assert room.swap(source).frames == 12
    return "OK, handled as the film it is"


def d09(room: Room) -> str:
    """HLS .m3u8 to a local file → REJ"""
    other = film(room.folder / "other.ts", container="mpegts")
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n"
    return room.command_refuses(_written(room, "in.m3u8", text.encode()), "in.m3u8")


def d10(room: Room) -> str:
    """ffconcat named .mp4 → REJ"""
    film(room.folder / "other.mp4")
    return room.command_refuses(_written(room, "in.mp4", b"ffconcat version 1.0\nfile other.mp4\n"), "in.mp4")


def d11(room: Room) -> str:
    """SDP named .mp4 → REJ < 5 s"""
    text = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    return room.command_refuses(_written(room, "in.mp4", text + b"a=rtpmap:96 H264/90000\n"), within=5)


def d12(room: Room) -> str:
    """DASH MPD to loopback → REJ, 0 connections"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        base = f"http://127.0.0.1:{server.getsockname()[1]}/"
        text = (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            f'mediaPresentationDuration="PT1S"><BaseURL>{base}</BaseURL><Period><AdaptationSet '
            'mimeType="video/mp4"><Representation id="1" bandwidth="1"><SegmentTemplate media="a.mp4" '
            'initialization="i.mp4" duration="1"/></Representation></AdaptationSet></Period></MPD>'
        )
        refused = [
            room.command_refuses(_written(room, name, start + text.encode()))
            for name, start in (("in.mpd", b""), ("in.mp4", b"\n \n"))
        ]
        try:
            connection, _ = server.accept()
        except TimeoutError:
            return f"{refused[0]} 0 connections"
        connection.close()
        raise AssertionError("somebody connected")


def d13(room: Room) -> str:
    """moov size lies → REJ"""
    source = film(room.folder / "in.mp4")
    data = bytearray(source.read_bytes())
    start = next(start for kind, start, _ in boxes(bytes(data)) if kind == "moov")
    data[start : start + 4] = struct.pack(">I", 0x7FFFFFF0)
    # The boxes inside lie too, so that nothing usable is left.
    data[start + 8 : start + 12] = struct.pack(">I", 0x7FFFFF00)
    source.write_bytes(bytes(data))
    return room.command_refuses(source, "in.mp4")


def d14(room: Room) -> str:
    """declared 65535² frame → REJ before allocation"""
    jpeg = film(
        room.folder / "in.avi", codec="mjpeg", pixel_format="yuvj420p", tags=(2, 5, 2, 2), pts=range(2)
    )
    data = bytearray(jpeg.read_bytes())
    format_at = data.index(b"strf") + 8
    data[format_at + 4 : format_at + 12] = struct.pack("<ii", 65535, 65535)
    place = data.find(b"\xff\xc0")
    while place >= 0:  # every picture's own header says so too
        data[place + 5 : place + 9] = struct.pack(">HH", 65535, 65535)
        place = data.find(b"\xff\xc0", place + 4)
    jpeg.write_bytes(bytes(data))
    said = room.command_refuses(jpeg, "in.avi", within=10)
    raw = room.folder / "in.y4m"
    raw.write_bytes(b"YUV4MPEG2 W65535 H65535 F25:1 C420\nFRAME\n" + bytes(4096))
    room.command_refuses(raw, "in.y4m", within=10)
    return said


def d15(room: Room) -> str:
    """HTML named .png → REJ"""
    page = b"<!DOCTYPE html><html><body><img src='http://127.0.0.1:9/x.png'></body></html>"
    return room.command_refuses(_written(room, "in.png", page), "in.png")
