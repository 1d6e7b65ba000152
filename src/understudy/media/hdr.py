"""High dynamic range: what a film says about the display it was graded on, and what is done with its light.

A face is made in the film's own signal values (PQ's or HLG's code values through the film's own matrix): PQ's say what
the display shows, HLG's are taken as a display of its nominal peak shows them, and both are close to evenly spaced for
the eye. Nothing is mapped to standard range and back, and the rest of the picture is not touched. The new face takes
its light from the colours around it, as in any film; an actor's photo does not say how bright it is meant to be.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import cast

from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame

__all__ = ["TRANSFERS", "mastering"]

TRANSFERS: Mapping[str, str] = {"smpte2084": "PQ", "arib-std-b67": "HLG"}
"""Names of :attr:`MediaInfo.color`'s transfer that are HDR."""

_CHROMATICITY, _LUMINANCE = 50_000, 10_000  # steps in 1 and in 1 cd/m² (SMPTE ST 2086)


def mastering(frame: VideoFrame) -> dict[str, str]:
    """``master-display`` and ``max-cll`` as x265 takes them, as far as the film says them.

    Source of the layout: FFmpeg's ``AVMasteringDisplayMetadata`` (ten rationals: red, green, blue, white, least and
    most luminance; then two flags) and ``AVContentLightMetadata`` (two integers).
    """
    found = {}
    for data in cast(Iterable[SideData], frame.side_data):
        if data.type is SideDataType.MASTERING_DISPLAY_METADATA:
            *numbers, has_primaries, has_luminance = struct.unpack("=20i2i", bytes(data)[:88])
            pairs = [
                Fraction(a, b) if b else Fraction(0) for a, b in zip(numbers[::2], numbers[1::2], strict=True)
            ]
            if has_primaries and has_luminance:
                red, green, blue, white = (
                    tuple(round(value * _CHROMATICITY) for value in pairs[index : index + 2])
                    for index in (0, 2, 4, 6)
                )
                least, most = (round(value * _LUMINANCE) for value in pairs[8:10])
                points = "".join(
                    f"{name}({x},{y})"
                    for name, (x, y) in (("G", green), ("B", blue), ("R", red), ("WP", white))
                )
                found["master-display"] = f"{points}L({most},{least})"
        elif data.type is SideDataType.CONTENT_LIGHT_LEVEL:
            found["max-cll"] = "{},{}".format(*struct.unpack("=2I", bytes(data)[:8]))
    return found
