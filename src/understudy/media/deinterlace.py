"""Whole frames out of the two fields of interlaced film."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av
from av.filter import Graph

from understudy.media.frame import Frame

__all__ = ["deinterlaced"]


def deinterlaced(frames: Iterable[Frame]) -> Iterator[Frame]:
    """As many frames, at the same times; those that are not flagged as interlaced pass as they are.

    The filter is FFmpeg's bwdif, which looks one frame back and one ahead.

    Args:
        frames: Of a film, in order of time.
    """
    graph: Graph | None = None
    waiting: list[Frame] = []
    for frame in frames:
        native = frame.native
        assert native is not None, "a film's frames come from a decoder"
        if graph is None:
            graph = _graph(native, frame)
        waiting.append(frame)
        native.time_base = frame.time_base
        graph.push(native)
        yield from _pulled(graph, waiting)
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph, waiting)


def _graph(native: av.VideoFrame, frame: Frame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=native.width, height=native.height, format=native.format, time_base=frame.time_base
    )
    filter_ = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    graph.link_nodes(source, filter_, graph.add("buffersink")).configure()
    return graph


def _pulled(graph: Graph, waiting: list[Frame]) -> Iterator[Frame]:
    while waiting:
        try:
            whole = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(whole, av.VideoFrame)
        old = waiting.pop(0)
        # The filter counts time in halves; order and number are those of what went in.
        whole.pts = old.pts
        whole.duration = old.native.duration if old.native is not None else 0
        yield Frame.from_video(whole, tags=old.tags, orientation=old.orientation, time_base=old.time_base)
