"""What repeats in a file, by all that is coded but the counters, and where headers cannot be followed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import av
import numpy as np
import pytest
from av.packet import Packet
from av.video.stream import VideoStream
from h264_writing import avcc, picture_set, sequence_set, slice_unit, with_lengths
from media import write_video
from slideshow import show

from stages.decoder.sparse.coding import OTHER, Coding, Reading

SETS = avcc(sequence_set(), picture_set())


def coding(
    packets: Sequence[bytes], keys: Sequence[int] = (0,), extradata: bytes = SETS, codec: str = "h264"
) -> Coding:
    stream = SimpleNamespace(codec_context=SimpleNamespace(name=codec, extradata=extradata))
    reading = Reading(cast("VideoStream", stream), 68)
    for index, data in enumerate(packets):
        packet = Packet(data)
        packet.is_keyframe = index in keys
        reading.put(cast("Packet[VideoStream]", packet))
    return reading.coding()


def idr() -> bytes:
    return with_lengths(slice_unit("I", 0, idr=True))


def picture(number: int, rest: bytes = b"\xab\xcd\x80") -> bytes:
    return with_lengths(slice_unit("P", number % 16, 2 * number % 64, rest=rest))


def large(number: int) -> bytes:
    return picture(number, b"\xab" * 600 + b"\x80")


def test_packets_repeat_if_all_but_their_counters_does() -> None:
    found = coding([idr(), picture(1), picture(2), picture(3, b"\xab\xce\x80"), picture(4)])
    assert found.contents[0] == OTHER
    assert found.contents[1] == found.contents[2] == found.contents[4] != found.contents[3]
    assert found.frame_nums.tolist() == [0, 1, 2, 3, 4]
    assert found.between(1, 3) == (2, 4)
    assert found.between(1, 5) == (0, 0)


def test_what_the_decoder_does_with_each_is_known_but_for_its_counters_and_content() -> None:
    found = coding([idr(), picture(1), picture(2, b"\xab\xce\x80")])
    first, second = found.coded(0), found.coded(1)
    assert first is not None
    assert second is not None
    assert (first.idr, second.idr, second.content) == (True, False, None)
    assert second is found.coded(2)
    assert found.coded(3) is None


def test_large_packets_are_compared_with_none() -> None:
    found = coding([idr(), large(1), large(2), picture(3)])
    assert found.contents.tolist()[:3] == [OTHER] * 3
    assert found.followed().all()


def test_a_keyframe_that_is_no_idr_picture_is_compared_with_none() -> None:
    assert coding([idr(), picture(1), picture(2)], keys=(0, 2)).contents[2] == OTHER


def test_where_a_header_is_not_followed_nothing_is_up_to_the_next_idr_picture() -> None:
    odd = with_lengths(slice_unit("P", 3, number=5))
    found = coding([idr(), picture(1), odd, picture(3), idr(), picture(1)])
    assert found.followed().tolist() == [False, False, False, True, True, True]
    assert found.coded(2) is None


@pytest.mark.parametrize(
    "known",
    [
        coding([b"abc", b"abc"], codec="hevc"),
        coding([idr(), picture(1), picture(2)], extradata=avcc(sequence_set(order=1), picture_set())),
        coding([idr(), picture(1), with_lengths(sequence_set(most=2), slice_unit("P", 2)), picture(3)]),
    ],
    ids=["another codec", "order of type 1", "changed parameters"],
)
def test_of_a_stream_that_is_not_followed_nothing_is_known(known: Coding) -> None:
    assert known.sequence is None
    assert set(known.contents.tolist()) == {OTHER}
    assert known.coded(1) is None


def test_what_an_encoder_makes_of_a_still_picture_repeats_soon(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 20)], 10), options={"g": "999"})
    with av.open(path) as container:
        stream = container.streams.video[0]
        reading = Reading(stream, 68)
        for packet in container.demux(stream):
            if packet.size:
                reading.put(packet)
    found = reading.coding()
    assert found.followed().all()
    assert len(np.unique(found.contents[50:120])) <= 8


def test_of_a_group_in_which_hardly_a_packet_is_small_nothing_is_known() -> None:
    found = coding([idr(), *map(large, range(1, 6)), picture(6), idr(), picture(1)], keys=(0, 7))
    assert [found.coded(index) is None for index in range(9)] == [False, *[True] * 6, False, False]
    assert found.followed().tolist() == [*[False] * 7, True, True]
    few = coding([idr(), *map(large, range(1, 4)), picture(4), idr()], keys=(0, 5))
    assert few.followed().all()


def test_of_a_group_that_does_not_begin_with_an_idr_picture_or_is_very_long_all_is_known() -> None:
    assert coding([idr(), picture(1), picture(2), *map(large, range(3, 9)), idr()], keys=(0, 2, 9)).followed().all()
    assert coding([idr(), *(large(1 + number) for number in range(520))]).followed().all()


def test_a_parameter_set_where_nothing_is_known_counts_all_the_same() -> None:
    other = with_lengths(sequence_set(most=3))
    found = coding([idr(), *map(large, range(1, 9)), other + large(9), idr(), picture(1)], keys=(0, 10))
    assert found.sequence is None
