"""Deinterlacing: once a frame says that it is interlaced, what follows goes through FFmpeg's bwdif filter.

Between decoding and sampling; progressive video passes it untouched and pays one test per frame. It changes no times.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from fractions import Fraction

import av.error
from av.filter import Graph
from av.video.frame import VideoFrame

_OPTIONS = "mode=send_frame:parity=auto:deint=interlaced"  # one frame out per frame in; progressive ones pass
_FEWEST = (3, 4)  # columns and lines that bwdif needs


def deinterlaced(frames: Iterator[VideoFrame], time_base: Fraction) -> Iterator[VideoFrame]:
    """The same frames with the same timestamps, interlaced ones made whole.

    bwdif looks one frame ahead; a change of size or format starts it anew.
    """
    graph: Graph | None = None
    shape: tuple[int, int, str] | None = None
    for frame in frames:
        if graph is None and (not frame.interlaced_frame or frame.width < _FEWEST[0] or frame.height < _FEWEST[1]):
            yield frame
            continue
        found = (frame.width, frame.height, frame.format.name)
        if graph is not None and found != shape:
            yield from _flushed(graph, time_base)
            graph = None
        if graph is None:
            graph, shape = _graph(frame, time_base), found
        frame.time_base = time_base
        graph.vpush(frame)
        yield from _ready(graph, time_base)
    if graph is not None:
        yield from _flushed(graph, time_base)


def _graph(frame: VideoFrame, time_base: Fraction) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)
    graph.link_nodes(source, graph.add("bwdif", _OPTIONS), graph.add("buffersink")).configure()
    return graph


def _flushed(graph: Graph, time_base: Fraction) -> Iterator[VideoFrame]:
    graph.vpush(None)
    yield from _ready(graph, time_base)


def _ready(graph: Graph, time_base: Fraction) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        except av.error.FFmpegError as e:
            if e.errno == errno.EAGAIN:
                return
            raise
        if frame.pts is not None and frame.time_base is not None:
            ticks = frame.pts * frame.time_base / time_base  # bwdif halves the time base
            frame.pts = int(ticks)
            frame.time_base = time_base
        yield frame
