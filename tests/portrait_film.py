"""A film of somebody, made from a portrait."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

__all__ = ["make_portrait_film"]


def make_portrait_film(photo: Path, path: Path, frames: int) -> Path:
    """512 × 512 pixels, 24 a second; the camera pans."""
    picture = cv2.resize(cv2.imread(str(photo)), (512, 512), interpolation=cv2.INTER_AREA)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        for index in range(frames):
            moved = np.roll(picture, index % 40, axis=1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="bgr24")))
        out.mux(stream.encode(None))
    return path
