"""V23 to V39: pixel formats, depth, colour tags, transparency, interlacing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
from making import film
from numpy.typing import NDArray
from patches import COLOURS, colours, near, shown
from room import Room, codes

from understudy.media.probe import probe

_PQ, _HLG = (1, 9, 9, 16), (1, 9, 9, 18)


def _planes(path: Path, number: int = 0) -> list[NDArray[Any]]:
    """The planes of one decoded frame."""
    with av.open(f"file:{path}") as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index == number:
                depth = max(component.bits for component in frame.format.components)
                dtype = np.uint16 if depth > 8 else np.uint8
                parts = (
                    (np.frombuffer(plane, dtype).reshape(plane.height, -1), plane) for plane in frame.planes
                )
                return [pixels[:, : plane.width] for pixels, plane in parts]
    raise AssertionError("there is no such frame")


def _kept(room: Room, source: Path, name: str, notices: set[str] = frozenset(), **options: Any) -> str:  # type: ignore[assignment]
    """Every plane's known patches stay within two 8-bit levels, and the tags stay."""
    result = room.swap(source, name, **options)
    out = room.folder / name
    before, after = probe(source), probe(out)
    assert codes(result) == notices, codes(result)
    wanted = {key: name for key, name in before.color.items() if key != "range" or after.codec != "prores"}
    assert wanted.items() <= after.color.items()
    assert after.bit_depth == before.bit_depth
    step = 1 << (after.bit_depth - 8)
    for old, new in zip(_planes(source), _planes(out), strict=True):
        near(colours(new), colours(old), 2 * step)
    tags = " ".join(after.color.values()) or "untagged"
    return f"OK, {after.codec} {after.pixel_format} {tags}, patches within 2 levels"


_MASTERING = {
    "master-display": "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
    "max-cll": "1000,400",
}


def _hdr(room: Room, tags: tuple[int, int, int, int]) -> str:
    said = ":".join(["log-level=error", *(f"{key}={value}" for key, value in _MASTERING.items())])
    source = room.folder / "in.mp4"
    options = {"x265-params": said}
    film(source, codec="libx265", pixel_format="yuv420p10le", tags=tags, pts=range(3), options=options)
    assert probe(source).mastering == _MASTERING
    kept = _kept(room, source, "out.mp4", {"hdr"}, encoder="libx265", quality=95)
    assert probe(room.folder / "out.mp4").mastering == _MASTERING
    return f"{kept}, mastering display and light levels equal, announced"


def v23(room: Room) -> str:
    """HEVC 10-bit PQ/BT.2020 → OK, preserved or tone-mapped and announced"""
    return _hdr(room, _PQ)


def v24(room: Room) -> str:
    """HLG → as V23"""
    return _hdr(room, _HLG)


def v25(room: Room) -> str:
    """ProRes 4:2:2 10-bit → OK"""
    source = film(room.folder / "in.mov", codec="prores_ks", pixel_format="yuv422p10le", pts=range(3))
    return _kept(room, source, "out.mov", encoder="prores_ks")


def _alpha(room: Room, source: Path) -> str:
    with av.open(str(source)) as container:
        assert len(next(container.decode(video=0)).format.components) == 4
    assert codes(room.swap(source, "warned.mp4", crf=1)) >= {"alpha-dropped"}
    result = room.swap(source, "kept.mov", encoder="prores_ks")
    assert "alpha-dropped" not in codes(result)
    near(colours(_alpha_of(room.folder / "kept.mov")), colours(_alpha_of(source)), 3 / 255)
    return "OK, alpha kept by prores_ks, warned with libx264"


def _alpha_of(path: Path) -> NDArray[Any]:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return np.asarray(frame.reformat(format="rgba64le").to_ndarray()[..., 3] / 65535)


def _with_alpha(path: Path, codec: str, pixel_format: str) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=24)
        stream.codec_context.width, stream.codec_context.height = 64, 48
        stream.codec_context.pix_fmt = pixel_format
        pixels = np.full((48, 64, 4), 255, np.uint8)
        pixels[..., :3] = COLOURS[0]
        pixels[:, 32:, 3], pixels[24:, :32, 3] = 40, 0
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(pixels, format="bgra").reformat(format=pixel_format)
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def v26(room: Room) -> str:
    """ProRes 4444 alpha → OK, alpha kept or warned"""
    return _alpha(room, _with_alpha(room.folder / "in.mov", "prores_ks", "yuva444p10le"))


def v27(room: Room) -> str:
    """qtrle ARGB → as V26"""
    return _alpha(room, _with_alpha(room.folder / "in.mov", "qtrle", "argb"))


def v28(room: Room) -> str:
    """VP9 alpha → warn if dropped"""
    result = room.swap(_with_alpha(room.folder / "in.webm", "libvpx-vp9", "yuva420p"), "out.webm")
    assert codes(result) == {"alpha-dropped"}
    return "OK, warned: its decoder drops it"


def v29(room: Room) -> str:
    """full-range yuvj420p → OK, no level shift"""
    source = film(room.folder / "in.mp4", pixel_format="yuvj420p", tags=(2, 1, 1, 1), pts=range(3))
    said = _kept(room, source, "out.mp4", crf=1)
    near(colours(next(shown(room.folder / "out.mp4"))[1])[:3], COLOURS[:3])
    return said


def v30(room: Room) -> str:
    """BT.601-tagged → OK, tags kept"""
    return _kept(room, film(room.folder / "in.mp4", tags=(1, 5, 5, 6), pts=range(3)), "out.mp4", crf=1)


def v31(room: Room) -> str:
    """reserved colour range (patched) → OK"""
    source = film(room.folder / "in.mkv", codec="ffv1", pts=range(3))
    data = source.read_bytes()
    assert data.count(b"\x55\xb9\x81\x01") == 1  # Matroska's Range element
    source.write_bytes(data.replace(b"\x55\xb9\x81\x01", b"\x55\xb9\x81\x07"))
    room.swap(source, "out.mp4", crf=1)
    near(colours(next(shown(room.folder / "out.mp4"))[1])[:3], COLOURS[:3])
    return "OK, colours within 2 levels"


def v32(room: Room) -> str:
    """gray8 → OK"""
    source = film(room.folder / "in.mkv", codec="ffv1", pixel_format="gray", pts=range(3))
    return _kept(room, source, "out.mkv", encoder="ffv1")


def v33(room: Room) -> str:
    """gray16 → OK"""
    source = film(room.folder / "in.mkv", codec="ffv1", pixel_format="gray16le", pts=range(3))
    return _kept(room, source, "out.mkv", encoder="ffv1")


def v34(room: Room) -> str:
    """bgr0 FFV1 → OK"""
    source = film(room.folder / "in.mkv", codec="ffv1", pixel_format="bgr0", pts=range(3), tags=(2, 0, 1, 1))
    result = room.swap(source, "out.mp4", crf=1)
    near(colours(next(shown(room.folder / "out.mp4"))[1])[:3], COLOURS[:3])
    return f"OK, colours within 2 levels, notices {sorted(codes(result))}"


def _interlaced(room: Room, source: Path) -> str:
    with av.open(str(source)) as container:
        assert next(container.decode(video=0)).interlaced_frame
    result = room.swap(source)
    assert codes(result) == {"interlaced"}
    return "OK, kept and flagged"


def v35(room: Room) -> str:
    """MPEG-2 interlaced → OK, deinterlaced or flagged"""
    options = {"flags": "+ildct+ilme", "qscale": "2"}
    source = film(room.folder / "in.mpg", codec="mpeg2video", options=options, interlaced=True)
    return _interlaced(room, source)


def v36(room: Room) -> str:
    """x264 tff → as V35"""
    source = film(
        room.folder / "in.mp4", options={"flags": "+ildct+ilme", "x264-params": "tff=1"}, interlaced=True
    )
    return _interlaced(room, source)


def v37(room: Room) -> str:
    """AV1 → OK"""
    source = film(
        room.folder / "in.mp4", codec="libsvtav1", size=(64, 64), options={"preset": "12", "crf": "5"}
    )
    return _kept(room, source, "out.mp4", crf=1)


def v38(room: Room) -> str:
    """MJPEG AVI → OK"""
    source = film(room.folder / "in.avi", codec="mjpeg", pixel_format="yuvj420p", tags=(2, 5, 2, 2))
    return _kept(room, source, "out.mp4", crf=1)


def v39(room: Room) -> str:
    """WMV2 / FLV / MXF → OK or listed REJ"""
    kinds = {"wmv": "wmv2", "flv": "flv1", "mxf": "mpeg2video"}
    for suffix, codec in kinds.items():
        options = {"qscale": "2"} | ({"bf": "0"} if codec == "mpeg2video" else {})
        source = film(room.folder / f"in.{suffix}", codec=codec, rate=25, options=options)
        result = room.swap(source, f"{suffix}.mp4", crf=1)
        assert result.frames == 12
        near(colours(next(shown(room.folder / f"{suffix}.mp4"))[1]), colours(next(shown(source))[1]))
    return f"OK, {', '.join(kinds)}"
