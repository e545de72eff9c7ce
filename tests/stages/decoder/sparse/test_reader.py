"""Packets by their place: what is far is sought, what cannot be sought is read, and a file that changed is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import av
import numpy as np
import pytest
from av.container import InputContainer
from av.video.stream import VideoStream
from media import write_video
from slideshow import show

from pipeline.errors import SourceError
from stages.decoder.decoding import Damage
from stages.decoder.opening import open_file, video_stream
from stages.decoder.sparse.reader import Reader
from stages.decoder.sparse.survey import Survey

GROUP = 100


@pytest.fixture(params=["mp4", "mkv", "ts"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    options = {"g": str(GROUP), "sc_threshold": "0"}
    return write_video(tmp_path / f"a.{request.param}", show([(1, 40)], 10), options=options)


@pytest.fixture
def container(path: Path) -> Iterator[InputContainer]:
    with open_file(path) as opened:
        yield opened


def all_pts(path: Path) -> list[int]:
    with av.open(path) as read:
        return [packet.pts for packet in read.demux(video=0) if packet.pts is not None]


def reader_of(container: InputContainer, path: Path, pts: list[int]) -> Reader:
    survey = cast("Survey", SimpleNamespace(pts=np.array(pts, np.int64)))
    return Reader(container, video_stream(container, path), path, survey, Damage(), list)


def test_packets_come_by_their_place_near_and_far(path: Path, container: InputContainer) -> None:
    pts = all_pts(path)
    reader = reader_of(container, path, pts)
    for index in (0, 1, 5, 2 * GROUP, 2 * GROUP + 1, 3 * GROUP, 3 * GROUP + 90):
        packet = reader.packet(index, empty=index % GROUP == 0)
        assert packet is not None
        assert packet.pts == pts[index]
    end = reader.packet(len(pts), empty=False)
    assert end is None or not end.size


def test_what_is_far_is_not_read_if_the_file_knows_where_it_is(
    path: Path, container: InputContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = reader_of(container, path, all_pts(path))
    sought: list[int] = []

    def seek(pts: int, stream: VideoStream) -> None:
        sought.append(pts)
        container.seek(pts, stream=stream)

    monkeypatch.setattr(reader, "_container", SimpleNamespace(seek=seek))
    reader.packet(3 * GROUP, empty=True)
    assert len(sought) == (0 if path.suffix == ".ts" else 1)


def test_while_the_decoder_holds_something_nothing_is_sought(
    path: Path, container: InputContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = reader_of(container, path, all_pts(path))
    monkeypatch.setattr(reader, "_container", None)
    packet = reader.packet(3 * GROUP, empty=False)
    assert packet is not None


@pytest.mark.parametrize("path", ["mp4"], indirect=True)
def test_a_file_whose_packets_are_not_where_they_were_is_told(path: Path, container: InputContainer) -> None:
    pts = [10 * each + 1 for each in all_pts(path)]
    reader = reader_of(container, path, pts)
    with pytest.raises(SourceError, match="not where they were"):
        reader.packet(3 * GROUP, empty=True)


@pytest.mark.parametrize("path", ["mp4"], indirect=True)
def test_where_seeking_ends_too_late_it_is_read_from_the_beginning(
    path: Path, container: InputContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pts = all_pts(path)
    reader = reader_of(container, path, pts)
    late = iter([pts[3 * GROUP], pts[0]])

    def seek(_: int, stream: VideoStream) -> None:
        container.seek(next(late), stream=stream)

    monkeypatch.setattr(reader, "_container", SimpleNamespace(seek=seek))
    packet = reader.packet(2 * GROUP, empty=True)
    assert packet is not None
    assert packet.pts == pts[2 * GROUP]
