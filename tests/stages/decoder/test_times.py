"""Times come from the stream: at any frame rate, across pauses and joins, and down to the last frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from decoded import MS, bgr, decode, posted, times_ms
from media import card, cards, difference, write_video

from pipeline.frame import Flags, Frame
from pipeline.stage import Source
from pipeline.testing import Harness, frames_of
from stages.decoder import Decoder


def test_times_are_the_streams_at_a_variable_rate(tmp_path: Path) -> None:
    given = [0, 10, 250, 251, 900, 903]
    for name in ("vfr.mkv", "vfr.mp4"):
        assert times_ms(write_video(tmp_path / name, cards(6), pts_ms=given), rate=0) == given


@pytest.mark.parametrize("name", ["late.mp4", "late.mkv"])
def test_time_starts_with_the_file(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, cards(3), pts_ms=[2500, 2600, 2700])
    assert times_ms(path, rate=0) == [0, 100, 200]


def test_a_stream_without_timestamps_gets_times_from_its_rate_and_says_so(tmp_path: Path) -> None:
    harness, items = decode(write_video(tmp_path / "raw.h264", cards(4), rate=25), rate=0)
    assert [frame.pts_ns // MS for frame in frames_of(items)] == [0, 40, 80, 120]
    assert posted(harness, "timing")["estimated"] == 4


def test_joined_recordings_go_on_in_time_and_the_break_is_marked(tmp_path: Path) -> None:
    part = write_video(tmp_path / "a.ts", cards(4), rate=25, pts_ms=[0, 1000, 2000, 3000]).read_bytes()
    (tmp_path / "ab.ts").write_bytes(part + part)
    harness, items = decode(tmp_path / "ab.ts", rate=0)
    found = frames_of(items)
    assert len(found) == 8
    assert all(b.pts_ns > a.pts_ns for a, b in zip(found, found[1:], strict=False))
    assert [frame.flags for frame in found].count(Flags.DISCONT) == 1
    assert found[4].flags is Flags.DISCONT
    assert posted(harness, "timing")["jumps"] == 1


def test_frames_between_those_for_analysis_are_decoded_and_counted(tmp_path: Path) -> None:
    harness, items = decode(write_video(tmp_path / "a.mp4", cards(31), rate=30), rate=10)
    assert [frame.pts_ns // MS for frame in frames_of(items)] == [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]
    assert harness.ledger.dropped == {"rate": 20}
    assert harness.ledger.received == 31


def test_the_last_frame_is_sent_even_if_it_is_not_due(tmp_path: Path) -> None:
    harness, items = decode(write_video(tmp_path / "a.mp4", cards(33), rate=30), rate=1)
    found = frames_of(items)
    assert [frame.pts_ns // MS for frame in found] == [0, 1000, 1066]
    assert difference(bgr(found[-1]), card(32)) < 4
    assert harness.ledger.missing == 0


def test_a_picture_that_stays_through_a_pause_is_shown_again(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", cards(3), pts_ms=[0, 50, 3000])
    harness, items = decode(path, rate=10, hold=0.5)
    found = frames_of(items)
    assert [frame.pts_ns // MS for frame in found] == [0, 50, 100, 200, 300, 400, 500, 3000]
    assert [frame.seq for frame in found] == list(range(8))
    assert all(np.array_equal(frame.planes[0], found[1].planes[0]) for frame in found[2:7])
    assert posted(harness, "timing")["repeated"] == 5
    assert times_ms(path, rate=10, hold=0) == [0, 50, 3000]


def test_finish_ends_a_long_hold_at_once(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", cards(2), pts_ms=[0, 3_000_000])
    harness = Harness(Decoder, uri=str(path), rate=10, hold=3600)
    assert isinstance(harness.stage, Source)
    found = []
    for item in harness.run():
        if isinstance(item, Frame):
            found.append(item)
            if len(found) == 5:
                harness.stage.finish()
    assert len(found) <= 6
    assert harness.ledger.missing == 0
