"""Surveys a file for sparse decoding and prepares its walk, or says why every frame must be decoded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from stages.decoder.opening import open_file, video_stream
from stages.decoder.sparse.glimpses import Glimpses
from stages.decoder.sparse.keyframes import Keyframes
from stages.decoder.sparse.survey import Survey, surveyed
from stages.decoder.sparse.walk import Walk

# Stretches are short, and a decoder with many threads has hardly begun when one ends; survey.MARGIN counts on it too.
_MOST_THREADS = 4


def prepared(
    container: InputContainer,
    stream: VideoStream,
    path: Path,
    threads: int,
    like: VideoStream,
    packets: Iterator[Packet[VideoStream]],
) -> Iterator[Walk | str | None]:
    """None now and then, to show life; at last the walk, or the reason why there is none, in a few words.

    ``container``: what the walk will read, at its beginning; the file is opened once more. ``packets``: all of
    ``like``, which is the same stream, opened apart. Raises FFmpegError where they cannot be read.
    """
    found: Survey | str | None = None
    for found in surveyed(packets, like):
        if found is None:
            yield None
    if not isinstance(found, Survey):
        yield found
        return
    apart = open_file(path)
    keys = video_stream(apart, path)
    for context in (stream.codec_context, keys.codec_context):
        context.thread_count = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        context.thread_type = "AUTO"
    yield Walk(container, stream, path, found, Keyframes(apart, keys, found.groups), Glimpses(apart, keys, found))
