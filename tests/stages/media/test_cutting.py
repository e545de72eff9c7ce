"""Cutting: the stretch that was asked for, from a keyframe on, and the time it begins at."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from packets import pictures, write_film

from pipeline.errors import DataError
from pipeline.frame import SECOND_NS
from stages.media.cutting import Stretch, cut
from stages.media.pieces import Piece


def seconds(value: float) -> int:
    return round(value * SECOND_NS)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Three seconds, ten pictures a second, a keyframe each second, no pictures that wait for later ones."""
    return write_film(tmp_path / "film.mp4", options={"bf": "0", "sc_threshold": "0"})


def test_it_begins_with_the_keyframe_before(film: Path, tmp_path: Path) -> None:
    stretch = cut([Piece(film, seconds(100))], seconds(101.5), seconds(102), tmp_path / "out.mkv")
    assert stretch == Stretch(seconds(101), seconds(102))
    assert pictures(tmp_path / "out.mkv") == 10
    with av.open(tmp_path / "out.mkv") as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert next(container.decode(video=0)).pts == 0


def test_it_goes_over_several_segments(film: Path, tmp_path: Path) -> None:
    pieces = [Piece(film, seconds(start)) for start in (0, 3, 6, 9)]
    stretch = cut(pieces, seconds(5.2), seconds(6.5), tmp_path / "out.mkv")
    assert stretch.start_ns == seconds(5)
    assert pictures(tmp_path / "out.mkv") == 15


def test_a_segment_that_begins_in_mid_stream_needs_the_one_before(film: Path, tmp_path: Path) -> None:
    tail = tmp_path / "tail.mp4"
    with av.open(film) as source, av.open(tail, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None and packet.pts * packet.time_base >= 2.5:
                packet.stream = stream
                target.mux(packet)
    head = tmp_path / "head.mp4"
    with av.open(film) as source, av.open(head, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None and packet.pts * packet.time_base < 2.5:
                packet.stream = stream
                target.mux(packet)
    pieces = [Piece(head, 0), Piece(tail, seconds(2.53), first_key=False)]
    stretch = cut(pieces, seconds(2.7), seconds(3), tmp_path / "out.mkv")
    assert stretch.start_ns == seconds(2)
    assert pictures(tmp_path / "out.mkv") == 10


def test_where_nothing_was_recorded_it_begins_with_what_comes_next(film: Path, tmp_path: Path) -> None:
    stretch = cut([Piece(film, seconds(10))], seconds(4), seconds(11), tmp_path / "out.mkv")
    assert stretch.start_ns == seconds(10)
    assert pictures(tmp_path / "out.mkv") == 10


def test_it_ends_where_the_parameters_change_and_says_so(film: Path, tmp_path: Path) -> None:
    large = write_film(tmp_path / "large.mp4", size=(128, 96))
    pieces = [Piece(film, 0), Piece(large, seconds(3))]
    assert cut(pieces, seconds(2), seconds(5), tmp_path / "a.mkv") == Stretch(seconds(2), seconds(3))
    assert cut(pieces, seconds(3), seconds(5), tmp_path / "b.mkv").start_ns == seconds(3)


def test_nothing_in_that_stretch_is_an_error_and_leaves_no_file(film: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no segment holds"):
        cut([Piece(film, seconds(10))], 0, seconds(9), tmp_path / "out.mkv")
    assert not (tmp_path / "out.mkv").exists()
