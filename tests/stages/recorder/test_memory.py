"""The note that a restarted recorder finds: it survives the journal, and nonsense in it is forgotten."""

from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import JsonValue

from stages.media.salvage import Contents
from stages.recorder.memory import KEPT, Memory, Recorded, from_note, to_note

MEMORY = Memory("segments/a.mp4", 1, 99, [0, 1], [1], "10", 0, "1/5")
FIELDS: dict[str, JsonValue] = {
    "file": "a",
    "epoch": 1,
    "wall_ns": 2,
    "streams": [0],
    "transcoded": [],
    "first_stream": 0,
    "first_s": "0",
}
BAD_STREAM: JsonValue = [FIELDS | {"zero": "1", "first_stream": 3}]
BAD_TIME: JsonValue = [FIELDS | {"zero": "1/0"}]


def contents(*pts: list[Fraction]) -> Contents:
    return Contents(1000, tuple(map(tuple, pts)), Fraction(1), first_key=True)


def test_it_comes_back() -> None:
    assert from_note(to_note([MEMORY])) == [MEMORY]


def test_only_the_last_segments_are_remembered() -> None:
    assert len(from_note(to_note([MEMORY] * 5))) == KEPT


@pytest.mark.parametrize("note", [None, 7, {}, ["x"], [{}], [{"file": "a"}], BAD_STREAM, BAD_TIME])
def test_nonsense_is_forgotten(note: JsonValue) -> None:
    assert from_note(note) == []


def test_a_packet_of_the_file_is_recognised_though_the_muxer_shifted_it() -> None:
    shift = Fraction(3, 100)
    held = Recorded(MEMORY, contents([Fraction(1, 5) + shift, Fraction(2, 5) + shift], []))
    base = Fraction(1, 1000)
    assert held.has(0, 10_200, 10_000, base)
    assert held.has(0, 10_400, 10_000, base)
    assert not held.has(0, 10_600, 10_000, base)
    assert not held.has(5, 10_200, 10_000, base)


def test_transcoded_sound_is_in_the_file_up_to_its_last_frame() -> None:
    held = Recorded(MEMORY, contents([Fraction(1, 5)], [Fraction(0), Fraction(1, 2)]))
    base = Fraction(1, 8000)
    assert held.has(1, 80_000, 80_000, base)
    assert not held.has(1, 84_000, 84_000, base)
