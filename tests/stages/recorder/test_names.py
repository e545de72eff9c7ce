"""Names of segments."""

from __future__ import annotations

from stages.recorder.names import Names

WALL_NS = 1_795_515_300_123_456_789


def test_a_name_is_the_wall_time() -> None:
    assert Names([]).new(WALL_NS, "mkv") == "20261124T101500.123Z.mkv"


def test_names_sort_by_time() -> None:
    names = Names([])
    made = [names.new(WALL_NS + n * 7_000_000_000, "mp4") for n in range(20)]
    assert made == sorted(made)


def test_no_name_is_given_twice() -> None:
    names = Names(["20261124T101500.123Z.mp4"])
    assert [names.new(WALL_NS, "mp4") for _ in range(2)] == ["20261124T101500.123Z-2.mp4", "20261124T101500.123Z-3.mp4"]
