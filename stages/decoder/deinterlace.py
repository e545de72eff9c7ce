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

from stages.decoder.sparse.unchanged import Unchanged
from stages.decoder.undue import Undecoded

_OPTIONS = "mode=send_frame:parity=auto:deint=interlaced"  # one frame out per frame in; progressive ones pass
_FEWEST = (3, 4)  # columns and lines that bwdif needs


def deinterlaced(
    frames: Iterator[VideoFrame | Unchanged | Undecoded], time_base: Fraction
) -> Iterator[VideoFrame | Unchanged | Undecoded]:
    """The same frames with the same timestamps, interlaced ones made whole; what was not decoded goes by."""
    deinterlacer = Deinterlacer(time_base)
    for frame in frames:
        if isinstance(frame, Unchanged | Undecoded):
            yield from deinterlacer.flush()
            yield frame
        elif deinterlacer.untouched(frame):
            yield frame
        else:
            yield from deinterlacer.push(frame)
    yield from deinterlacer.flush()


class Deinterlacer:
    """bwdif looks one frame ahead; a change of size or format starts it anew."""

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._graph: Graph | None = None
        self._shape: tuple[int, int, str] | None = None

    def untouched(self, frame: VideoFrame) -> bool:
        """Whether ``frame`` goes on as it is: no interlaced one has come yet."""
        return self._graph is None and (
            not frame.interlaced_frame or frame.width < _FEWEST[0] or frame.height < _FEWEST[1]
        )

    def push(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        """One frame in; those that are ready."""
        if self.untouched(frame):
            yield frame
            return
        found = (frame.width, frame.height, frame.format.name)
        if self._graph is not None and found != self._shape:
            yield from self.flush()
        if self._graph is None:
            self._graph, self._shape = _graph(frame, self._time_base), found
        frame.time_base = self._time_base
        self._graph.vpush(frame)
        yield from _ready(self._graph, self._time_base)

    def flush(self) -> Iterator[VideoFrame]:
        """What it still holds."""
        if self._graph is not None:
            graph, self._graph = self._graph, None
            graph.vpush(None)
            yield from _ready(graph, self._time_base)


def _graph(frame: VideoFrame, time_base: Fraction) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)
    graph.link_nodes(source, graph.add("bwdif", _OPTIONS), graph.add("buffersink")).configure()
    return graph


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
