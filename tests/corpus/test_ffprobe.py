"""An independent reader agrees on what was written: Debian's ffprobe, over twenty results."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from cases_streams import with_chapters, with_subtitles
from making import film
from room import render

pytestmark = pytest.mark.skipif(
    shutil.which("ffprobe") is None, reason="ffprobe is not here (install ffmpeg)"
)

_VFR = (0, 3000, 6003, 7000, 13000, 13001, 20011, 29000, 29090, 40000)
_TAGS = ("color_range", "color_space", "color_primaries", "color_transfer")


@dataclass(frozen=True)
class Sample:
    """One result and what is asked for."""

    name: str
    out: str
    made: Mapping[str, Any] = field(default_factory=dict)
    wanted: Mapping[str, Any] = field(default_factory=dict)
    special: str = ""


SAMPLES = (
    Sample("plain.mp4", "out.mp4"),
    Sample("vfr.mp4", "out.mp4", {"pts": _VFR, "time_base": Fraction(1, 90000)}),
    Sample("vfr.mkv", "out.mkv", {"pts": (0, 17, 50, 51, 300), "time_base": Fraction(1, 1000)}),
    Sample("ntsc.mp4", "out.mp4", {"pts": range(60), "time_base": Fraction(1001, 30000)}),
    Sample("fast.mp4", "out.mp4", {"pts": range(48), "time_base": Fraction(1, 240)}),
    Sample("turned90.mp4", "out.mp4", {"turn": 6}),
    Sample("turned180.mov", "out.mov", {"turn": 3}),
    Sample("turned270.mkv", "out.mkv", {"turn": 8}),
    Sample("mirrored.mp4", "out.mp4", {"turn": 5}),
    Sample("sound.mp4", "out.mp4", {"audio": ("aac", "aac")}),
    Sample("late.mp4", "out.mp4", {"audio": ("aac",), "audio_start": 0.25, "pts": range(36)}),
    Sample("sound.mkv", "out.mkv", {"audio": ("flac", "libopus")}),
    Sample("bt601.mp4", "out.mp4", {"tags": (1, 5, 5, 6)}),
    Sample("full.mp4", "out.mp4", {"tags": (2, 1, 1, 1), "pixel_format": "yuvj420p"}),
    Sample(
        "pq.mp4", "out.mp4", {"tags": (1, 9, 9, 16), "pixel_format": "yuv420p10le"}, {"encoder": "libx265"}
    ),
    Sample(
        "hlg.mkv", "out.mkv", {"tags": (1, 9, 9, 18), "pixel_format": "yuv420p10le"}, {"encoder": "libx265"}
    ),
    Sample("av1.mp4", "out.mp4", {"size": (64, 64)}, {"encoder": "libsvtav1"}),
    Sample("vp9.mkv", "out.webm", {}, {"encoder": "libvpx-vp9"}),
    Sample("chapters.mp4", "out.mkv", special="chapters"),
    Sample("subtitles.mkv", "out.mp4", special="subtitles"),
)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_ffprobe_agrees(tmp_path: Path, sample: Sample) -> None:
    source, out = tmp_path / sample.name, tmp_path / sample.out
    if sample.special:
        (with_chapters if sample.special == "chapters" else with_subtitles)(source)
    else:
        film(source, **sample.made)
    render(source, out, **sample.wanted)
    before, after = _seen(source), _seen(out)
    assert after == before


def _seen(path: Path) -> dict[str, Any]:
    """What the two files must have in common."""
    said = json.loads(
        subprocess.run(
            [
                *(
                    "ffprobe",
                    "-v",
                    "error",
                    "-count_frames",
                    "-show_streams",
                    "-show_format",
                    "-show_chapters",
                ),
                *("-show_packets", "-of", "json", str(path)),
            ],
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
    )
    streams = [stream for stream in said["streams"] if stream["codec_type"] in ("video", "audio", "subtitle")]
    [video] = [stream for stream in streams if stream["codec_type"] == "video"]
    times = sorted(
        float(packet["pts_time"]) for packet in said["packets"] if packet["stream_index"] == video["index"]
    )
    turns = [data.get("displaymatrix") for data in video.get("side_data_list", ()) if "displaymatrix" in data]
    return {
        "kinds": sorted(stream["codec_type"] for stream in streams),
        "sound": [
            (stream["codec_name"], stream["channels"], stream["sample_rate"], stream["tags"].get("language"))
            for stream in streams
            if stream["codec_type"] == "audio"
        ],
        "sound starts": [round(float(s["start_time"]), 2) for s in streams if s["codec_type"] == "audio"],
        "frames": int(video["nb_read_frames"]),
        "times": [round(time, 3) for time in times],
        "size": (video["width"], video["height"]),
        "shape": video.get("sample_aspect_ratio", "1:1"),
        "turn": [turn.split() for turn in turns],
        "colours": {tag: video.get(tag) for tag in _TAGS},
        "chapters": [
            (chapter["start_time"], chapter["end_time"], chapter["tags"]["title"])
            for chapter in said["chapters"]
        ],
        "seconds": round(float(said["format"]["duration"]), 1),
    }
