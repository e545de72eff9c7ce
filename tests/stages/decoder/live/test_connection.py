"""One connection: what is chosen of it and what is refused."""

from __future__ import annotations

import pytest

from pipeline.stage import validated
from stages.decoder import DecoderProperties
from stages.decoder.live.connection import Connection
from stages.decoder.live.faults import Fault, Kind
from stages.decoder.live.source import Endpoint, endpoint


def made(graph: str) -> Endpoint:
    given = validated(DecoderProperties, {"uri": f"lavfi:{graph}"})
    assert isinstance(given, DecoderProperties)
    return endpoint(given, {"SLIDETAP_TEST_INPUTS": "1"})


@pytest.mark.parametrize("size", ["20000x64", "64x20000", "8200x8200"])
def test_pictures_of_a_hostile_size_are_refused(size: str) -> None:
    with pytest.raises(Fault, match="scale it down first") as caught:
        Connection(made(f"color=size={size}:rate=1"), recorded=False, threads=0)
    assert caught.value.kind is Kind.ADDRESS


def test_sound_alone_is_refused() -> None:
    with pytest.raises(Fault, match="has no video, only audio"):
        Connection(made("sine=duration=1,arealtime"), recorded=False, threads=0)


def test_a_source_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(Fault, match="cannot be opened"):
        Connection(made("no_such_filter"), recorded=False, threads=0)


def test_raw_pictures_are_refused_only_where_they_are_to_be_recorded() -> None:
    Connection(made("testsrc2"), recorded=False, threads=0).close()
    with pytest.raises(Fault, match="raw pictures") as caught:
        Connection(made("testsrc2"), recorded=True, threads=0)
    assert caught.value.kind is Kind.CONFIG


def test_the_end_of_a_stream_is_a_fault() -> None:
    connection = Connection(made("testsrc2=duration=0.2"), recorded=False, threads=0)
    with pytest.raises(Fault, match="the stream has ended") as caught:
        list(connection.packets())
    assert caught.value.reason == "lost"
    connection.close()
